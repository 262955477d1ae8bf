import { MeasureRules, type MeasureDefinition, type MeasureName } from "@roadbed/contracts/product/measures";
import type { Ctx, Sql } from "@roadbed/core";

import { builtIn } from "./built-in.ts";

interface Row extends Record<string, unknown> {
  readonly measure: MeasureName;
  readonly version: number;
  readonly owner: string;
  readonly rules: unknown;
  readonly why: string;
  readonly made_by: string;
  readonly made_at: Date;
}

/** Every version of a measure's definition, the newest first. */
export async function versionsOf(sql: Sql, measure: MeasureName): Promise<readonly [MeasureDefinition, ...MeasureDefinition[]]> {
  const { rows } = await sql.query<Row>("select * from product.measure_version where measure = $1 order by version desc", [measure]);
  const first: MeasureDefinition = { ...builtIn(measure), version: 1 };
  return [...rows.map((row) => toDefinition(row)), first] as unknown as readonly [MeasureDefinition, ...MeasureDefinition[]];
}

/** The next number is taken under the measure's lock: two who decide at once make two versions. */
export async function addVersion(
  ctx: Ctx,
  measure: MeasureName,
  change: (newest: MeasureDefinition) => Pick<MeasureDefinition, "owner" | "rules">,
  o: { readonly why: string; readonly by: string },
): Promise<MeasureDefinition> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`product.measure ${measure}`]);
  const [newest] = await versionsOf(ctx.sql, measure);
  const { owner, rules } = change(newest);
  const { rows } = await ctx.sql.query<Row>(
    `insert into product.measure_version (measure, version, owner, rules, why, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7) returning *`,
    [measure, newest.version + 1, owner, JSON.stringify(rules), o.why, o.by, ctx.now()],
  );
  return toDefinition(rows[0]!);
}

function toDefinition(row: Row): MeasureDefinition {
  const base = builtIn(row.measure);
  return {
    ...base,
    owner: row.owner,
    // A rule that came later has its default.
    rules: MeasureRules.parse({ ...base.rules, ...(row.rules as object) }),
    version: row.version,
    why: row.why,
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
  };
}
