import type { Sql } from "@roadbed/core";

import { seesObject } from "../../source/show-source.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { pages, type Look } from "./look.ts";

/** An object that cannot be read, or is kept though its source names it no more. */
interface Stuck {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly object: string;
  readonly ref: string | null;
  readonly location: string;
  readonly reason: string;
  readonly mend: string | null;
  readonly why: "failed" | "kept";
  readonly since: Date;
  readonly dismissed: boolean;
}

const MOST = 20;

/** What stands in quarantine under its name, or at a place that bears it. */
export const quarantine: Look = {
  nothing: { looked: "the quarantine", outcome: "nothing", detail: "nothing in it is it" },
  look: async (ctx, now, ref, steps) => {
    const named = await listStuck(ctx.sql, now, { ref });
    const nameless = named.length > 0 ? [] : await listStuck(ctx.sql, now, { named: ref.slice(ref.indexOf("/") + 1) });
    const [first] = [...named, ...nameless];
    for (const one of [...named, ...nameless]) steps.push(stepOf(one));
    if (!first) return undefined;
    const since = `since ${first.since.toISOString()}`;
    return {
      verdict: "quarantined",
      says:
        named.length > 0
          ? `"${first.sourceName}" describes it, but it stands in quarantine ${since}: ${first.reason}.`
          : `Nothing names it; but ${first.location} of "${first.sourceName}" cannot be read ${since}, and may describe it: ${first.reason}.`,
      steps,
      mend: mendOf(first),
      link: pages.source(first.sourceId),
      refs: [],
    };
  },
};

/** What is here, and yet stands in quarantine: it is seen as it was last right, or was told to stay. */
export async function sayStale(sql: Sql, now: Standpoint, ref: string, steps: Step[]): Promise<string | undefined> {
  const [first] = await listStuck(sql, now, { ref });
  if (!first) return undefined;
  steps.push(stepOf(first));
  return first.why === "kept"
    ? `"${first.sourceName}" names it no more; somebody decided that it stays (${first.reason}).`
    : `You see it as it was last right: its newest description stands in quarantine since ${first.since.toISOString()}: ${first.reason}. ${mendOf(first)}`;
}

/** What stands in quarantine at a place of a source. */
export async function explainStuckAt(
  sql: Sql,
  now: Standpoint,
  place: { readonly location: string; readonly sourceId?: string },
  steps: Step[],
): Promise<Explanation | undefined> {
  const found = await listStuck(sql, now, place);
  const [first] = found;
  for (const one of found) steps.push(stepOf(one));
  if (!first) return undefined;
  return {
    verdict: "quarantined",
    says: `What stands there cannot be read since ${first.since.toISOString()}: ${first.reason}.`,
    steps,
    mend: mendOf(first),
    link: pages.source(first.sourceId),
    refs: [],
  };
}

type Asked = { readonly ref: string } | { readonly named: string } | { readonly location: string; readonly sourceId?: string };

async function listStuck(sql: Sql, { catalogue, visible }: Standpoint, asked: Asked): Promise<Stuck[]> {
  const [condition, value] =
    "ref" in asked
      ? ["q.ref = $1", asked.ref]
      : "named" in asked
        ? // A folder or a file of this name, e.g. services/orders/catalog-info.yaml.
          ["q.ref is null and $1 = any(string_to_array(regexp_replace(lower(q.location), '\\.[a-z]+$', ''), '/'))", asked.named]
        : ["(q.location = $1 or q.object = $1)", asked.location];
  const { rows } = await sql.query<Record<string, unknown>>(
    `select q.source_id as "sourceId", s.name as "sourceName", q.object, q.ref, q.location, q.reason, q.mend, q.why, q.since,
       q.dismissed_at is not null as dismissed
     from catalog.quarantine q join catalog.source s on s.id = q.source_id
     where ${condition} and ($2::text is null or q.source_id = $2) order by q.since desc, q.object limit ${MOST}`,
    [value, "sourceId" in asked ? (asked.sourceId ?? null) : null],
  );
  return (rows as unknown as Stuck[]).filter(({ sourceId, ref }) => seesObject(catalogue, visible, { sourceId, ref }));
}

function stepOf({ sourceId, sourceName, location, reason, why, since, dismissed }: Stuck): Step {
  const told = dismissed ? " (somebody set it aside)" : "";
  return {
    looked: `the quarantine of "${sourceName}"`,
    outcome: "stopped",
    detail: why === "kept" ? `it is kept though the source names it no more: ${reason}` : `it cannot be read: ${reason}${told}`,
    at: since.toISOString(),
    sourceId,
    file: location,
    link: pages.source(sourceId),
  };
}

function mendOf({ sourceId, object, mend }: Stuck): string {
  return `${mend ?? "Mend it where it is kept."} Then: roadbed quarantine retry ${sourceId} "${object}"`;
}
