import { diffTime } from "@roadbed/contracts/catalog/time";
import { encodeCursor, handle, InvalidError, readCursor, type Ctx, type Handler, type OutputOf } from "@roadbed/core";
import type { ValueChange } from "@roadbed/contracts/catalog";
import { z } from "zod";

import { isSame } from "../entity/diff-fields.ts";
import { diffValues } from "../entity/diff-values.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { readActs } from "./acts.ts";
import type { Standpoint, Standpoints } from "./standpoints.ts";

type Answer = OutputOf<typeof diffTime>;
type Change = "added" | "removed" | "changed";

interface Difference {
  readonly ref: string;
  readonly change: Change;
}

/** Documents that are compared at once: two of each stand in memory. */
const BATCH = 500;
const MAX_FIELDS = 20;

/**
 * What differs between two instants, however many acts it took: what came and went again is no difference. A filter is true of an
 * entity when it is true at either instant.
 */
export function makeDiffInstants(standpoints: Standpoints): Handler {
  return handle(diffTime, async (ctx, { from, to = ctx.now().toISOString(), filter, change, limit, cursor }) => {
    const position = readCursor(Position, cursor) ?? { from, to, after: "" };
    if (position.from > position.to) {
      throw new InvalidError("The stretch ends before it begins.", {
        mend: "Give the earlier moment as `from`.",
        problems: [{ at: "to", reason: `lies before ${position.from}` }],
      });
    }
    const [old, now] = [await standpoints.at(ctx, position.from), await standpoints.at(ctx, position.to)];
    const matching = await matchingEither(ctx, old, now, filter);
    const compared = await compareAll(ctx, position, old.catalogue, now.catalogue, matching);
    const wanted = compared.differences.filter((one) => one.ref > position.after && (change === undefined || one.change === change));
    const page = wanted.slice(0, limit);
    return {
      ...position,
      items: await describe(ctx, position, old.catalogue, now.catalogue, page),
      counts: compared.counts,
      fields: compared.fields,
      total: change === undefined ? compared.differences.length : compared.counts[change],
      ...(wanted.length > limit ? { nextCursor: encodeCursor({ ...position, after: page.at(-1)!.ref }) } : {}),
    };
  });
}

/** The moments stay those of the first page: "an hour ago" is later on the second one. */
const Position = z.object({ from: z.iso.datetime(), to: z.iso.datetime(), after: z.string() });
type Span = Pick<z.output<typeof Position>, "from" | "to">;

/** Whether an entity is shown, and matches, at one of the instants. */
async function matchingEither(ctx: Ctx, old: Standpoint, now: Standpoint, filter: string | undefined): Promise<(ref: string) => boolean> {
  if (filter === undefined && old.visible.all && now.visible.all) return () => true;
  const refs = new Set<string>();
  for (const { catalogue, selector, visible } of [old, now]) {
    for (const id of await selector.select(ctx.sql, visible, filter)) refs.add(catalogue.estate.refOf(id));
  }
  return (ref) => refs.has(ref);
}

async function compareAll(
  ctx: Ctx,
  { from, to }: Span,
  old: Catalogue,
  now: Catalogue,
  matches: (ref: string) => boolean,
): Promise<{ readonly differences: Difference[]; readonly counts: Answer["counts"]; readonly fields: Answer["fields"] }> {
  const { rows } = await ctx.sql.query<{ ref: string }>(
    'select distinct ref collate "C" as ref from catalog.history where at > $1 and at <= $2 order by 1',
    [from, to],
  );
  const touched = rows.map(({ ref }) => ref).filter(matches);
  const differences: Difference[] = [];
  const counts = { added: 0, removed: 0, changed: 0 };
  const fields = new Map<string, number>();
  for (let start = 0; start < touched.length; start += BATCH) {
    const batch = touched.slice(start, start + BATCH);
    const [before, after] = [await old.readDocuments(ctx.sql, batch), await now.readDocuments(ctx.sql, batch)];
    for (const ref of batch) {
      const change = changeOf(before.get(ref), after.get(ref));
      if (!change) continue;
      differences.push({ ref, change });
      counts[change]++;
      if (change !== "changed") continue;
      for (const { field } of diffValues(before.get(ref), after.get(ref))) fields.set(field, (fields.get(field) ?? 0) + 1);
    }
  }
  const ranked = [...fields].map(([field, count]) => ({ field, count })).sort((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1));
  return { differences, counts, fields: ranked.slice(0, MAX_FIELDS) };
}

function changeOf(before: unknown, after: unknown): Change | undefined {
  if (before === undefined) return after === undefined ? undefined : "added";
  if (after === undefined) return "removed";
  return isSame(before, after) ? undefined : "changed";
}

async function describe(ctx: Ctx, span: Span, old: Catalogue, now: Catalogue, page: readonly Difference[]): Promise<Answer["items"]> {
  const refs = page.map(({ ref }) => ref);
  const [before, after] = [await old.readDocuments(ctx.sql, refs), await now.readDocuments(ctx.sql, refs)];
  const acts = await readActs(ctx.sql, refs, span);
  return page.map(({ ref, change }) => {
    const document = (after.get(ref) ?? before.get(ref))!;
    const { title } = document["metadata"] as { readonly title?: string };
    const values: ValueChange[] = change === "changed" ? diffValues(before.get(ref), after.get(ref)) : [];
    const { by, count } = acts.get(ref) ?? { by: [], count: 0 };
    return { ref, kind: String(document["kind"]), ...(title === undefined ? {} : { title }), change, values, by, acts: count };
  });
}
