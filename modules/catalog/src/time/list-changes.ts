import { listChanges, type Happening } from "@roadbed/contracts/catalog/time";
import { encodeCursor, handle, readCursor, type Ctx, type Handler, type ParsedInputOf } from "@roadbed/core";
import { z } from "zod";

import { VISIBLE_TO } from "../estate/restrictions.ts";
import { isAdministrator } from "../estate/visibility.ts";
import { countHappenings, listHappenings, type Placed } from "./happening-store.ts";
import type { Standpoint, Standpoints } from "./standpoints.ts";

type Asked = ParsedInputOf<typeof listChanges>;

/** The stretch stays that of the first page, and so does what it is about: "the last hour" is another one on the second page. */
const Position = z.object({ from: z.iso.datetime(), to: z.iso.datetime(), after: z.object({ at: z.iso.datetime(), key: z.string() }) });

/** What changed in a stretch of time, across the platform: who, what, about which entity. */
export function makeListChanges(standpoints: Standpoints): Handler {
  return handle(listChanges, async (ctx, asked) => {
    const position = readCursor(Position, asked.cursor);
    const span = position ?? spanOf(asked, ctx.now().getTime());
    const now = await standpoints.at(ctx, undefined);
    const refs = await refsOf(ctx, standpoints, now, span.from, asked);
    const question = { ...span, refs, hidden: await hiddenFrom(ctx, now, span), hiddenSources: hiddenSourcesOf(now), sorts: asked.sorts };
    const rows = await listHappenings(ctx.sql, question, position?.after, asked.limit + 1);
    const page = rows.slice(0, asked.limit);
    return {
      from: span.from,
      to: span.to,
      items: page.map(viewOf),
      counts: await countHappenings(ctx.sql, question),
      ...(rows.length > asked.limit ? { nextCursor: encodeCursor({ from: span.from, to: span.to, after: placeOf(page.at(-1)!) }) } : {}),
    };
  });
}

interface Span {
  readonly from: string;
  readonly to: string;
}

function hiddenSourcesOf({ catalogue: { estate }, visible }: Standpoint): readonly string[] {
  return visible.all ? [] : estate.restrictions.sourcesHiddenFrom(visible.seesSource);
}

function spanOf({ before, around, minutes }: Asked, now: number): Span {
  const half = minutes * 60_000;
  const end = around === undefined ? (before === undefined ? now : Date.parse(before)) : Date.parse(around) + half;
  const begin = around === undefined ? end - half : Date.parse(around) - half;
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}

function viewOf(placed: Placed): Happening {
  const { key: _, ...happening } = placed;
  return happening;
}

function placeOf({ at, key }: Placed): { at: string; key: string } {
  return { at, key };
}

/** The entities that are asked about: as they are now, and as they were when the stretch began. Undefined for anything. */
async function refsOf(ctx: Ctx, standpoints: Standpoints, now: Standpoint, from: string, asked: Asked): Promise<string[] | undefined> {
  const { refs, owner, system, filter, neighbours } = asked;
  if (refs === undefined && owner === undefined && system === undefined && filter === undefined) return undefined;
  const then = await standpoints.at(ctx, Date.parse(from) < ctx.now().getTime() ? from : undefined);
  const found = new Set<string>();
  const kinds = kindPages(now);
  for (const standpoint of [now, then]) {
    for (const ref of await refsAt(ctx, standpoint, asked)) {
      found.add(ref);
      // A change of its kind is one of what it means.
      const kind = kinds.get(ref.slice(0, ref.indexOf(":")));
      if (kind !== undefined) found.add(kind);
      if (neighbours) for (const near of neighboursOf(standpoint, ref)) found.add(near);
    }
  }
  return [...found];
}

/** Of each kind that somebody defined or added to, the entity that holds it. */
function kindPages({ catalogue: { estate }, visible }: Standpoint): ReadonlyMap<string, string> {
  const ids = visible.only(estate.select([{ key: "kind", values: ["kind"] }]));
  return new Map(ids.map((id) => [estate.at(id)!.name.toLowerCase(), estate.refOf(id)]));
}

async function refsAt(ctx: Ctx, { catalogue: { estate }, selector, visible }: Standpoint, asked: Asked): Promise<string[]> {
  const { refs, owner, system, filter } = asked;
  const conditions = [
    ...(owner === undefined ? [] : [{ key: "relations.ownedby", values: [owner] }]),
    ...(system === undefined ? [] : [{ key: "relations.partof", values: [system] }]),
  ];
  if (conditions.length === 0 && filter === undefined) return [...(refs ?? [])];
  let ids = visible.only(estate.select(conditions, visible.all ? undefined : visible.sees));
  if (filter !== undefined) {
    const matching = new Set(await selector.select(ctx.sql, visible, filter));
    ids = ids.filter((id) => matching.has(id));
  }
  const selected = ids.map((id) => estate.refOf(id));
  // The system itself, and the one who owns, are part of the question.
  const all = [...selected, ...(filter === undefined ? [owner, system].filter((ref) => ref !== undefined) : [])];
  return refs === undefined ? all : all.filter((ref) => refs.includes(ref));
}

function neighboursOf({ catalogue: { estate }, visible }: Standpoint, ref: string): string[] {
  const id = estate.idOf(ref);
  if (id === undefined || !visible.sees(id)) return [];
  return estate
    .neighbours(id, visible.all ? undefined : visible.sees)
    .filter(({ type }) => !PEOPLE.has(type))
    .map((neighbour) => neighbour.ref);
}

/** Who owns what is no step up or down. */
const PEOPLE = new Set(["ownedBy", "ownerOf", "memberOf", "hasMember", "childOf", "parentOf"]);

/**
 * References of which nothing is told: what the caller may not see now, and of what is gone, all that was ever for some only or came
 * from a restricted source.
 */
async function hiddenFrom(ctx: Ctx, { catalogue: { estate }, visible }: Standpoint, { from, to }: Span): Promise<string[]> {
  // Nothing need be restricted any more for something to have been.
  if (isAdministrator(ctx)) return [];
  const { rows } = await ctx.sql.query<{ ref: string }>(
    `select distinct gone.ref from (
       select ref from catalog.history where at >= $1 and at < $2 union select ref from catalog.happening where at >= $1 and at < $2) gone
     join catalog.history h on h.ref = gone.ref
     where not exists (select 1 from catalog.entity e where e.ref = gone.ref)
       and (position($3 in h.before::text) > 0 or h.source_id = any($4))`,
    [from, to, VISIBLE_TO, estate.restrictions.sourcesHiddenFrom(visible.seesSource)],
  );
  return [...visible.hidden().map((id) => estate.refOf(id)), ...rows.map(({ ref }) => ref)];
}
