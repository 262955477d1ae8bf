import { deviationExpired, deviationExpiring } from "@roadbed/contracts/paths/deviations";
import type { Ctx } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import { endDeviations } from "../run/internal-operations.ts";

const WARNING_DAYS = 7;
const AT_ONCE = 200;

interface EndingRow extends Record<string, unknown> {
  readonly id: string;
  readonly made_id: string;
  readonly repository: string;
  readonly entity_ref: string | null;
  readonly owner: string;
  readonly expires_at: Date;
  readonly differing: number;
}

/** Looks every few minutes for deviations that ended or soon end. Whether a file counts as declared never waits for this. */
export function defineDeviationEnds(
  workflows: Workflows,
  deps: { readonly db: Database; readonly runtime: PostgresRuntime },
): Flow<Date, void> {
  return workflows.define<Date, void>("paths.end-deviations", async (c) => {
    await c.step("look", () =>
      deps.runtime.write(deps.runtime.system("paths.deviations"), endDeviations, {}, undefined, (ctx) => tellEnds(ctx)),
    );
  });
}

/** Tells once of each that ends within a week, and once of each that has ended, while its files still differ. */
export async function tellEnds(ctx: Ctx): Promise<void> {
  const now = ctx.now();
  for (const row of await take(ctx, "told_at", now)) {
    if (row.differing > 0) ctx.emit(deviationExpired, row.id, { ...aboutOf(row), files: row.differing });
  }
  for (const row of await take(ctx, "warned_at", new Date(now.getTime() + WARNING_DAYS * 86_400_000))) {
    if (row.differing > 0 && row.expires_at > now) {
      ctx.emit(deviationExpiring, row.id, { ...aboutOf(row), expiresAt: row.expires_at.toISOString() });
    }
  }
}

async function take(ctx: Ctx, column: "told_at" | "warned_at", until: Date): Promise<EndingRow[]> {
  const { rows } = await ctx.sql.query<EndingRow>(
    `update paths.deviation v set ${column} = $2 from paths.made m
     where v.id in (select id from paths.deviation where status = 'active' and ${column} is null and expires_at <= $1
       order by expires_at limit ${AT_ONCE} for update skip locked) and m.id = v.made_id
     returning v.id, v.made_id, v.owner, v.expires_at, m.repository, m.entity_ref,
       (select count(*)::int from paths.made_drift d where d.made_id = v.made_id and d.path = any(v.paths)) as differing`,
    [until, ctx.now()],
  );
  return rows;
}

function aboutOf({ id, made_id, repository, entity_ref, owner }: EndingRow): {
  deviation: string;
  thing: string;
  repository: string;
  entityRef?: string;
  to: string;
} {
  return { deviation: id, thing: made_id, repository, to: owner, ...(entity_ref === null ? {} : { entityRef: entity_ref }) };
}
