import type { Happening, HappeningSort } from "@roadbed/contracts/catalog/time";
import type { Sql } from "@roadbed/core";

/** Which happenings: from inclusive to exclusive, about some entities, never about others. */
export interface Question {
  readonly from: string;
  readonly to: string;
  /** Undefined: about anything. */
  readonly refs: readonly string[] | undefined;
  readonly hidden: readonly string[];
  /** Sources that the caller may not see: what is told of them is not theirs. */
  readonly hiddenSources: readonly string[];
  readonly sorts: readonly HappeningSort[] | undefined;
}

/** Where a row stands in the list; `key` tells apart what happened in one moment. */
export interface Place {
  readonly at: string;
  readonly key: string;
}

export type Placed = Happening & { readonly key: string };

const SHOWN_REFS = 10;

/** Newest first, after a place. */
export async function listHappenings(sql: Sql, question: Question, after: Place | undefined, limit: number): Promise<Placed[]> {
  const found = [
    ...(asks(question, "entity") ? await listEntityChanges(sql, question, after, limit) : []),
    ...(await listTold(sql, question, after, limit)),
  ];
  return found.sort((a, b) => (a.at === b.at ? (a.key < b.key ? 1 : -1) : a.at < b.at ? 1 : -1)).slice(0, limit);
}

export async function countHappenings(sql: Sql, question: Question): Promise<{ sort: HappeningSort; count: number }[]> {
  const { rows } = await sql.query<{ sort: HappeningSort; count: number }>(
    `select sort, count(distinct (seq, text))::int as count from catalog.happening where ${WHERE} and ${OF_SHOWN_SOURCES} group by sort
     union all select 'entity', count(*)::int from (select 1 from catalog.history where ${WHERE} group by ${GROUP}) grouped having count(*) > 0`,
    [...valuesOf(question), linksOf(question)],
  );
  return rows.filter(({ sort }) => asks(question, sort)).sort((a, b) => b.count - a.count || (a.sort < b.sort ? -1 : 1));
}

const WHERE = "at >= $1 and at < $2 and ($3::text[] is null or ref = any($3)) and (ref is null or not ref = any($4))";

const OF_SHOWN_SOURCES = "(link is null or not link = any($5))";

/** What is told of a source links to its page. */
function linksOf({ hiddenSources }: Question): string[] {
  return hiddenSources.map((id) => `/sources/${encodeURIComponent(id)}`);
}

function valuesOf({ from, to, refs, hidden }: Question): unknown[] {
  return [from, to, refs ?? null, hidden];
}

function asks({ sorts }: Question, sort: HappeningSort): boolean {
  return sorts === undefined || sorts.includes(sort);
}

async function listTold(sql: Sql, question: Question, after: Place | undefined, limit: number): Promise<Placed[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select * from (select at, sort, actor, text, link, count(ref)::int as count, coalesce((array_agg(ref order by ref) filter (where ref is not null))[1:${SHOWN_REFS}], '{}') as refs,
         'e' || lpad(seq::text, 18, '0') || left(md5(text), 8) as key
       from catalog.happening where ${WHERE} and ${OF_SHOWN_SOURCES} and ($6::text[] is null or sort = any($6)) group by at, seq, sort, actor, text, link) told
     where $7::timestamptz is null or (at, key collate "C") < ($7, $8) order by at desc, key collate "C" desc limit $9`,
    [...valuesOf(question), linksOf(question), question.sorts ?? null, after?.at ?? null, after?.key ?? null, limit],
  );
  return (rows as unknown as ToldRow[]).map(({ at, sort, actor, text, refs, count, link, key }) => ({
    at: at.toISOString(),
    sort,
    actor,
    text,
    refs: [...refs],
    count: Math.max(1, count),
    ...(link === null ? {} : { link }),
    key,
  }));
}

interface ToldRow {
  readonly at: Date;
  readonly sort: HappeningSort;
  readonly actor: string;
  readonly text: string;
  readonly refs: readonly string[];
  readonly count: number;
  readonly link: string | null;
  readonly key: string;
}

/** What was done to many entities in one change is one thing that happened. */
const GROUP = "at, number, change, actor, source";

async function listEntityChanges(sql: Sql, question: Question, after: Place | undefined, limit: number): Promise<Placed[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select * from (
       select at, change, actor, source, 'h' || lpad(number::text, 18, '0') || change as key, count(*)::int as count,
         (array_agg(ref order by id))[1:${SHOWN_REFS}] as refs, (array_agg(fields::text order by id))[1] as fields,
         case when count(distinct reason) = 1 then min(reason) end as reason
       from catalog.history where ${WHERE} group by ${GROUP}) changes
     where $5::timestamptz is null or (at, key collate "C") < ($5, $6) order by at desc, key collate "C" desc limit $7`,
    [...valuesOf(question), after?.at ?? null, after?.key ?? null, limit],
  );
  return (rows as unknown as ChangeRow[]).map((row) => ({
    at: row.at.toISOString(),
    sort: "entity",
    actor: row.actor,
    text: textOf(row),
    ...(row.reason === null ? {} : { reason: row.reason }),
    refs: row.refs,
    count: row.count,
    ...(row.count > 1 ? { link: diffPage(row.at) } : {}),
    key: row.key,
  }));
}

interface ChangeRow {
  readonly at: Date;
  readonly change: "registered" | "changed" | "removed";
  readonly actor: string;
  readonly source: string;
  readonly key: string;
  readonly count: number;
  readonly refs: string[];
  /** JSON, of the first one. */
  readonly fields: string;
  readonly reason: string | null;
}

function textOf({ change, count, fields, source }: ChangeRow): string {
  const what = count === 1 ? "It" : `${count} entities`;
  const verb = count === 1 ? "was" : "were";
  if (change === "registered") return `${what} ${verb} registered by "${source}"`;
  if (change === "removed") return `${what} ${verb} removed`;
  const named = count === 1 ? (JSON.parse(fields) as string[]) : [];
  return named.length === 0 ? `${what} changed in "${source}"` : `${what} changed: ${named.slice(0, 6).join(", ")}`;
}

function diffPage(at: Date): string {
  return `/changes?from=${new Date(at.getTime() - 1).toISOString()}&to=${at.toISOString()}`;
}
