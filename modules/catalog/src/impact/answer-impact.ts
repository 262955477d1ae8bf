import type { getImpact } from "@roadbed/contracts/catalog/graph";
import { encodeCursor, readCursor, type Ctx, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import { builtInCode } from "../entity/relations.ts";
import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { isObservedType, nameOfType, waysOf } from "../graph/ways.ts";
import type { Blast, createBlaster, Step } from "./blast.ts";
import { summarise } from "./summarise.ts";
import { topOf } from "./top.ts";

type Answer = OutputOf<typeof getImpact>;
type Item = Answer["items"][number];

export interface ImpactQuestion {
  readonly starts: readonly number[];
  readonly direction: "up" | "down" | "both";
  readonly depth: number;
  readonly filter: string | undefined;
  readonly types: readonly string[] | undefined;
  readonly origins: readonly Answer["items"][number]["path"][number]["origins"][number][] | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly firstStep?: ReadonlySet<number> | undefined;
}

const MOST_OWNERS = 100;
const MOST_SYSTEMS = 100;
const MOST_APIS = 100;
const Cursor = z.object({ weight: z.number(), distance: z.number(), ref: z.string() });
const PART_OF = builtInCode("partOf") >> 1;

export function makeAnswerImpact(catalogue: Catalogue, selector: Selector, blaster: ReturnType<typeof createBlaster>) {
  const { estate, columns, kinds } = catalogue;
  const contactsOf = createContacts(catalogue);

  return async function answerImpact(ctx: Ctx, visible: Visibility, q: ImpactQuestion): Promise<Answer> {
    const after = readCursor(Cursor, q.cursor);
    const only = q.filter === undefined ? undefined : new Set(await selector.select(ctx.sql, visible, q.filter));
    const start = q.starts.length === 1 ? estate.refOf(q.starts[0]!) : undefined;
    const { up, down } = waysOf({ relations: kinds.relations, types: q.types, origins: q.origins, start });
    // Nothing is awaited between the measuring and the reading of its rows, which the next question uses again.
    const blast = blaster.measure({
      starts: q.starts,
      ways: q.direction === "both" ? [up, down] : [q.direction === "up" ? up : down],
      depth: q.depth,
      hidden: visible.hidden(),
      only,
      firstStep: q.firstStep,
    });
    const page = topOf(blast.ids, {
      weightOf: (id) => blast.weightOf(id),
      distanceOf: (id) => blast.distanceOf(id),
      refOf: (id) => estate.refOf(id),
      limit: q.limit,
      after,
    });
    const last = page.at(-1);
    const remaining = after === undefined ? blast.ids.length > page.length : page.length === q.limit;
    const owners = blast.owners.filter(({ id }) => visible.sees(id));
    const systems = blast.systems.filter(({ id }) => visible.sees(id));
    const apis = apisOf(blast);
    const items = page.map(({ id, rank }) => itemOf(blast, id, rank.weight));
    const answer: Answer = {
      summary: "",
      start: q.starts.map((id) => estate.refOf(id)),
      items,
      ...(remaining && last ? { nextCursor: encodeCursor(last.rank) } : {}),
      total: blast.ids.length,
      byDistance: [...blast.byDistance].map(([distance, count]) => ({ distance, count })),
      byKind: [...blast.byKind].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count),
      owners: owners
        .slice(0, MOST_OWNERS)
        .map(({ id, count, weight }) => ({ ref: estate.refOf(id), count, weight: round(weight), ...titleOf(id) })),
      ownersTotal: owners.length,
      withoutOwner: blast.withoutOwner,
      systems: systems.slice(0, MOST_SYSTEMS).map(({ id, count }) => ({ ref: estate.refOf(id), count })),
      systemsTotal: systems.length,
      domains: domainsOf(systems, visible),
      apis: apis.slice(0, MOST_APIS),
      apisTotal: apis.length,
      weighedBy: blast.weighedBy,
    };
    const contacts = await contactsOf(
      ctx,
      answer.owners.map(({ ref }) => ref),
    );
    return {
      ...answer,
      owners: answer.owners.map((owner) => ({ ...owner, ...(contacts.has(owner.ref) ? { contact: contacts.get(owner.ref)! } : {}) })),
      summary: summarise(answer, q.direction, (ref) => estate.get(ref)?.title ?? ref.slice(ref.indexOf("/") + 1)),
    };
  };

  function itemOf(blast: Blast, id: number, weight: number): Item {
    const { ref, kind, title, type, owner, system } = estate.at(id)!;
    return {
      ref,
      kind,
      ...(title === undefined ? {} : { title }),
      ...(type === undefined ? {} : { type }),
      ...(owner === undefined ? {} : { owner }),
      ...(system === undefined ? {} : { system }),
      distance: blast.distanceOf(id),
      weight: round(weight),
      criticality: round(columns.criticality[id]!),
      exposure: round(blast.exposureOf(id)),
      path: blast.pathOf(id).map(hopOf),
    };
  }

  function hopOf({ from, to, type, share }: Step): Item["path"][number] {
    return {
      from: estate.refOf(from),
      type: nameOfType(kinds.relations, type),
      to: estate.refOf(to),
      origins: [isObservedType(type) ? "observed" : estate.inferredBy(from, type << 1, to) === undefined ? "declared" : "inferred"],
      ...(share === undefined || !isObservedType(type) ? {} : { share: round(share) }),
    };
  }

  function titleOf(id: number): { title?: string } {
    const title = estate.at(id)?.title;
    return title === undefined ? {} : { title };
  }

  function apisOf(blast: Blast): string[] {
    const kind = columns.kinds.indexOf("API");
    const found: string[] = [];
    if (kind > 0 && (blast.byKind.get("API") ?? 0) > 0)
      for (const id of blast.ids) if (columns.kind[id] === kind) found.push(estate.refOf(id));
    return found;
  }

  /** The domains above the systems that are touched, with how much of what is affected lies in each. */
  function domainsOf(
    systems: readonly { readonly id: number; readonly count: number }[],
    visible: Visibility,
  ): { ref: string; count: number }[] {
    const counts = new Map<number, number>();
    for (const { id, count } of systems) {
      estate.graph.forEach(id, "out", (other, type) => {
        if (type === PART_OF && estate.at(other)?.kind === "Domain" && visible.sees(other))
          counts.set(other, (counts.get(other) ?? 0) + count);
      });
    }
    return [...counts]
      .map(([id, count]) => ({ ref: estate.refOf(id), count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, MOST_SYSTEMS);
  }
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Addresses of teams and people, remembered while nothing changes. */
function createContacts({ feed }: Catalogue): (ctx: Pick<Ctx, "sql">, refs: readonly string[]) => Promise<ReadonlyMap<string, string>> {
  let known = new Map<string, string | undefined>();
  let knownAt = -1;
  return async ({ sql }, refs) => {
    if (knownAt !== feed.applied) [known, knownAt] = [new Map(), feed.applied];
    const missing = refs.filter((ref) => !known.has(ref));
    if (missing.length > 0) {
      const { rows } = await sql.query<{ ref: string; contact: string | null }>(
        `select ref, coalesce(document->'spec'->'profile'->>'email', document->'metadata'->'annotations'->>'slack.com/channel') as contact
         from catalog.entity where ref = any($1)`,
        [missing],
      );
      for (const ref of missing) known.set(ref, undefined);
      for (const { ref, contact } of rows) known.set(ref, contact ?? undefined);
    }
    return new Map(refs.flatMap((ref) => (known.get(ref) === undefined ? [] : [[ref, known.get(ref)!]])));
  };
}
