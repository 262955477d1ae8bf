import type { Ctx } from "@roadbed/core";
import type { Flow, Workflows } from "@roadbed/workflows";

import { readBackResources } from "../run/internal-operations.ts";
import type { Seen } from "./provisioner.ts";
import { look, tell, type ResourceFlowDeps } from "./resource-flow.ts";
import { sayOfResource, type ResourceRow } from "./resource-store.ts";

/** What was not looked at for so long is looked at again. */
const STALE = "14 minutes";
const AT_ONCE = 200;

/** Looks at what is there every quarter of an hour, one after the other: what is gone, too large or changed by hand is told. */
export function defineLookAgain(workflows: Workflows, deps: ResourceFlowDeps): Flow<Date, void> {
  return workflows.define<Date, void>("paths.look-at-resources", async (c) => {
    await c.step("look", (s) => lookAtAll(deps, s.signal), { attempts: 2 });
  });
}

export async function lookAtAll(deps: ResourceFlowDeps, signal: AbortSignal): Promise<void> {
  const { rows } = await deps.db.query<ResourceRow>(
    `select * from paths.resource where state in ('ready', 'failed') and act = 'apply' and facts <> '{}' and (read_at is null or read_at < now() - interval '${STALE}')
     order by read_at nulls first limit ${AT_ONCE}`,
  );
  for (const row of rows) {
    if (signal.aborted) return;
    const seen = await look(deps, row, AbortSignal.any([signal, AbortSignal.timeout(60_000)])).catch((error: unknown) => unreadable(error));
    await deps.runtime.write(
      deps.runtime.system("paths.resources"),
      readBackResources,
      { resource: row.id },
      { kind: "resource", id: row.id },
      (ctx) => noteSeen(ctx, row, seen),
    );
  }
}

/** Not known is not gone. */
function unreadable(error: unknown): Seen {
  return {
    state: "unknown",
    words: `Could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
    facts: {},
    drift: [],
  };
}

/** Writes down what was found; what is otherwise than the last time is told once. */
export async function noteSeen(ctx: Ctx, row: ResourceRow, seen: Seen): Promise<void> {
  const known = seen.state !== "unknown";
  await ctx.sql.query(
    `update paths.resource set seen = $2, seen_words = $3, drift = case when $4 then $5::jsonb else drift end, read_at = $6, facts = facts || $7::jsonb where id = $1`,
    [row.id, seen.state, seen.words.slice(0, 500), known, JSON.stringify(seen.drift), ctx.now(), JSON.stringify(seen.facts)],
  );
  if (!known) return;
  const was = wordsOf(row.seen ?? "present", row.drift);
  const is = wordsOf(seen.state, seen.drift);
  if (was === is) return;
  await sayOfResource(ctx.sql, row.id, {
    at: ctx.now(),
    actor: "system:paths.resources",
    words: is === "" ? "It is as it was made again." : `It is otherwise than it was made: ${is}.`,
    failed: is !== "",
  });
  tell(ctx, row, is === "" ? "restored" : "drifted", is);
}

function wordsOf(state: Seen["state"], drift: Seen["drift"]): string {
  if (state === "gone") return "it is gone";
  return drift.map(({ what, wanted, found }) => `${what}: ${found} in place of ${wanted}`).join("; ");
}
