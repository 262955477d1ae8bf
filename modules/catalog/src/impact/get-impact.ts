import { getImpact, planImpact } from "@roadbed/contracts/catalog/graph";
import { handle, InvalidError, type Handler } from "@roadbed/core";

import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { startOf } from "../graph/start-of.ts";
import type { Observations } from "../observed/observations.ts";
import { makeAnswerImpact } from "./answer-impact.ts";
import { createBlaster } from "./blast.ts";
import { readDiff } from "./read-diff.ts";
import { readChange } from "./touched.ts";

/** How far back a version's callers are looked for. */
const VERSION_DAYS = 7;
const DAY = 86_400_000;
/** A change larger than this is not one change. */
const MOST_STARTS = 2_000;

/** The blast radius of one entity, and of a planned change. */
export function makeImpactHandlers(catalogue: Catalogue, selector: Selector, observations: Observations | undefined): readonly Handler[] {
  const { estate, feed, observed } = catalogue;
  const answer = makeAnswerImpact(catalogue, selector, createBlaster(catalogue));
  return [
    handle(getImpact, async (ctx, { ref, version, ...question }) => {
      await feed.fresh();
      await observed.fresh(ctx.sql);
      const visible = await visibleTo(catalogue, ctx);
      const start = startOf(estate, visible, ref);
      const callers = version === undefined ? undefined : await callersOf(start, version, ctx.now(), ctx.signal);
      return answer(ctx, visible, { ...asked(question), starts: [start], firstStep: callers });
    }),
    handle(planImpact, async (ctx, { refs = [], diff, source, ...question }) => {
      await feed.fresh();
      await observed.fresh(ctx.sql);
      const visible = await visibleTo(catalogue, ctx);
      const named = refs.map((ref) => startOf(estate, visible, ref));
      const change = diff === undefined ? undefined : await readChange(ctx.sql, catalogue, visible, readDiff(diff), source);
      const starts = [...new Set([...named, ...(change?.starts ?? [])])];
      if (starts.length === 0) {
        if (change && change.touched.length > 0)
          return { ...nothing(change.touched.length), touched: change.touched, relations: change.relations };
        throw new InvalidError("The change touches no entity of the catalogue.", {
          mend: "Name entities in refs, or send a unified diff with the paths under which the catalogue read the descriptors.",
          problems: [{ at: diff === undefined ? "refs" : "diff", reason: "touches nothing that is known" }],
        });
      }
      if (starts.length > MOST_STARTS)
        throw new InvalidError(`The change touches ${starts.length} entities; at most ${MOST_STARTS} can be weighed at once.`);
      const found = await answer(ctx, visible, { ...asked(question), starts });
      return change ? { ...found, touched: change.touched, relations: change.relations } : found;
    }),
  ];

  /** Those that reached this version, as far as the traces tell. */
  async function callersOf(start: number, version: string, now: Date, signal: AbortSignal): Promise<ReadonlySet<number>> {
    const item = estate.at(start);
    const names = new Set([...observed.of(start).map(({ from, names: ends }) => (from === start ? ends[0] : ends[1])), item?.name ?? ""]);
    const found = new Set<number>();
    for (const service of names) {
      const callers =
        (await observations?.callersOfVersion({ service, version, from: new Date(now.getTime() - VERSION_DAYS * DAY), to: now }, signal)) ??
        [];
      for (const { from } of callers) {
        const id = observed.idOfName(from);
        if (id !== undefined) found.add(id);
      }
    }
    return found;
  }
}

function asked<T extends { readonly filter?: unknown; readonly types?: unknown; readonly origins?: unknown; readonly cursor?: unknown }>(
  q: T,
): T & { readonly filter: T["filter"]; readonly types: T["types"]; readonly origins: T["origins"]; readonly cursor: T["cursor"] } {
  return { ...q, filter: q.filter, types: q.types, origins: q.origins, cursor: q.cursor };
}

/** A change that only adds: nothing can stand on it yet. */
function nothing(added: number) {
  return {
    summary: `Nothing stands yet on the ${added === 1 ? "entity" : `${added} entities`} that this change adds.`,
    start: [],
    items: [],
    total: 0,
    byDistance: [],
    byKind: [],
    owners: [],
    ownersTotal: 0,
    withoutOwner: 0,
    systems: [],
    systemsTotal: 0,
    domains: [],
    apis: [],
    apisTotal: 0,
    weighedBy: "paths" as const,
  };
}
