import { getTrustRules, setTrustRules, type TrustRules } from "@roadbed/contracts/catalog/facts";
import type { Connector } from "@roadbed/contracts/connector";
import { handle, InvalidError, NotFoundError, type Handler, type Ctx, type Sql } from "@roadbed/core";
import type { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { parseProperty } from "./property.ts";

/** How far a source is trusted, and what makes its facts older. */
export interface SourceTrust {
  readonly halfLifeDays: number;
  /** When fresh. */
  readonly confidence: number;
  /** `saying`: a fact ages from when it was first said so; `reading`: from when its source was last read. */
  readonly agesFrom: "saying" | "reading";
  /** True where nothing else was declared. */
  readonly usual: boolean;
}

export interface Rules {
  of(sourceId: string | undefined, kind: string): SourceTrust;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly questionsPerWeek: number;
  readonly daysBetween: number;
}

/** The pseudo-source of what people set and confirm. */
export const PERSON = "person";

/**
 * What somebody wrote down is as old as the writing: reading the file again proves nothing. What a system reports is as new as the
 * report. Calls are made by programs that may have stopped since.
 */
const USUAL: Readonly<Record<string, Omit<SourceTrust, "usual">>> = {
  [PERSON]: { halfLifeDays: 180, confidence: 1, agesFrom: "saying" },
  inline: { halfLifeDays: 90, confidence: 0.9, agesFrom: "saying" },
  connector: { halfLifeDays: 30, confidence: 0.8, agesFrom: "reading" },
};
const WRITTEN: Omit<SourceTrust, "usual"> = { halfLifeDays: 180, confidence: 0.95, agesFrom: "saying" };

interface Row {
  readonly source_id: string;
  readonly half_life_days: number | null;
  readonly confidence: number | null;
  readonly ages_from: SourceTrust["agesFrom"] | null;
}

export async function readRules(sql: Sql): Promise<Rules> {
  const [declared, general] = [
    await sql.query<Record<string, unknown>>("select source_id, half_life_days, confidence, ages_from from catalog.source_trust"),
    await sql.query<{ thresholds: Record<string, number>; questions_per_week: number; days_between: number }>(
      "select thresholds, questions_per_week, days_between from catalog.trust_rule",
    ),
  ];
  const rows = new Map((declared.rows as unknown as Row[]).map((row) => [row.source_id, row]));
  const connectors = await readConnectorTrust(sql);
  const { thresholds, questions_per_week, days_between } = general.rows[0]!;
  return {
    thresholds,
    questionsPerWeek: questions_per_week,
    daysBetween: days_between,
    of: (sourceId, kind) => {
      const usual = { ...(USUAL[kind] ?? WRITTEN), ...connectors.get(sourceId ?? "") };
      const row = rows.get(sourceId ?? kind);
      if (!row) return { ...usual, usual: true };
      return {
        halfLifeDays: row.half_life_days ?? usual.halfLifeDays,
        confidence: row.confidence ?? usual.confidence,
        agesFrom: row.ages_from ?? usual.agesFrom,
        usual: false,
      };
    },
  };
}

/** A system that is asked every few minutes is trusted for another time than one that tells of what people said once a year. */
async function readConnectorTrust(sql: Sql): Promise<Map<string, Pick<SourceTrust, "halfLifeDays" | "confidence">>> {
  const { rows } = await sql.query<{ id: string; halfLifeDays: number; confidence: number }>(
    `select id, usual_half_life_days as "halfLifeDays", usual_confidence as confidence from catalog.source
     where usual_half_life_days is not null and usual_confidence is not null`,
  );
  return new Map(rows.map(({ id, halfLifeDays, confidence }) => [id, { halfLifeDays, confidence }]));
}

/** Notes how far connectors trust themselves, for sources that there are. */
export async function noteConnectorTrust(sql: Sql, connectors: readonly Pick<Connector, "kind" | "defaults">[]): Promise<void> {
  await sql.query(
    `update catalog.source s set usual_half_life_days = w.half_life, usual_confidence = w.confidence
     from unnest($1::text[], $2::float8[], $3::float8[]) as w(kind, half_life, confidence)
     where s.connector = w.kind and (s.usual_half_life_days, s.usual_confidence) is distinct from (w.half_life, w.confidence)`,
    [
      connectors.map(({ kind }) => kind),
      connectors.map(({ defaults }) => defaults.halfLifeDays),
      connectors.map(({ defaults }) => defaults.confidence),
    ],
  );
}

export function makeTrustRuleHandlers(catalogue: Catalogue): readonly Handler[] {
  return [
    handle(getTrustRules, async (ctx) => {
      await catalogue.feed.fresh();
      return view(catalogue, ctx);
    }),
    handle(setTrustRules, async (ctx, input) => {
      await setSourceTrust(ctx, input);
      await setGeneral(ctx, input);
      return view(catalogue, ctx);
    }),
  ];
}

async function view(catalogue: Catalogue, ctx: Pick<Ctx, "sql" | "actor" | "scopes">): Promise<z.infer<typeof TrustRules>> {
  const visible = await visibleTo(catalogue, ctx);
  const rules = await readRules(ctx.sql);
  const { rows } = await ctx.sql.query<{ id: string; name: string; kind: string }>(
    "select id, name, kind from catalog.source order by name, id limit 1000",
  );
  const sources = rows.filter(({ id }) => visible.seesSource(id));
  return {
    sources: [{ id: PERSON, name: "What people set and confirm", kind: PERSON }, ...sources].map(({ id, name, kind }) => ({
      source: id,
      name,
      ...rules.of(id, kind),
    })),
    thresholds: { ...rules.thresholds },
    questionsPerWeek: rules.questionsPerWeek,
    daysBetween: rules.daysBetween,
  };
}

type Input = z.infer<(typeof setTrustRules)["input"]>;

async function setSourceTrust({ sql }: Ctx, { source, halfLifeDays, confidence, agesFrom }: Input): Promise<void> {
  if (source === undefined) {
    if (halfLifeDays === undefined && confidence === undefined && agesFrom === undefined) return;
    throw new InvalidError("Which source?", {
      problems: [{ at: "source", reason: "is missing: half-life, confidence and age are those of a source" }],
      mend: "Name a source by its id, or person.",
    });
  }
  const known = source === PERSON || (await sql.query("select 1 from catalog.source where id = $1", [source])).rowCount > 0;
  if (!known) throw new NotFoundError("source", source, "List the sources to see their ids.");
  await sql.query(
    `insert into catalog.source_trust (source_id, half_life_days, confidence, ages_from) values ($1, $2, $3, $4)
     on conflict (source_id) do update set half_life_days = coalesce(excluded.half_life_days, source_trust.half_life_days),
       confidence = coalesce(excluded.confidence, source_trust.confidence), ages_from = coalesce(excluded.ages_from, source_trust.ages_from)`,
    [source, halfLifeDays ?? null, confidence ?? null, agesFrom ?? null],
  );
}

async function setGeneral({ sql }: Ctx, { property, threshold, questionsPerWeek, daysBetween }: Input): Promise<void> {
  if ((property === undefined) !== (threshold === undefined) || (property !== undefined && !parseProperty(property))) {
    const at = threshold === undefined ? "threshold" : "property";
    throw new InvalidError("A threshold is that of a property.", {
      problems: [{ at, reason: "is missing or names nothing" }],
      mend: "Give both, e.g. property spec.owner and threshold 0.5.",
    });
  }
  await sql.query(
    `update catalog.trust_rule set thresholds = case when $1::text is null then thresholds
         when $2::float8 = 0 then thresholds - $1::text else thresholds || jsonb_build_object($1::text, $2::float8) end,
       questions_per_week = coalesce($3, questions_per_week), days_between = coalesce($4, days_between)`,
    [property ?? null, threshold ?? null, questionsPerWeek ?? null, daysBetween ?? null],
  );
}
