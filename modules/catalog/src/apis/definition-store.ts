import { NotFoundError, type Sql } from "@roadbed/core";

/** One of the definitions that an API has had. */
export interface StoredVersion {
  /** `current`, or the number of the row of history that ended it. */
  readonly id: string;
  readonly from: Date | undefined;
  readonly until: Date | undefined;
  readonly definition: string;
}

/** The definition as it is now. Throws `NotFoundError` when the entity has none; that it is there has been checked. */
export async function readCurrent(sql: Sql, ref: string): Promise<StoredVersion> {
  const { rows } = await sql.query<{ definition: string | null; since: Date | null }>(
    `select e.document->'spec'->>'definition' as definition,
       (select at from catalog.history h where h.ref = e.ref and ${CHANGED_IT} order by id desc limit 1) as since
     from catalog.entity e where e.ref = $1`,
    [ref],
  );
  const definition = rows[0]?.definition;
  if (!definition) throw new NotFoundError("definition", `of ${ref}`, "Only APIs with spec.definition have one.");
  return { id: "current", from: rows[0]?.since ?? undefined, until: undefined, definition };
}

/** Earlier definitions, newest first. */
export async function listEarlier(sql: Sql, ref: string, before: string | undefined, limit: number): Promise<StoredVersion[]> {
  const { rows } = await sql.query<{ id: string; from: Date | null; until: Date; definition: string }>(
    `select h.id::text, lag(h.at) over (order by h.id) as "from", h.at as until, h.before->'spec'->>'definition' as definition
     from catalog.history h where h.ref = $1 and ${CHANGED_IT} and h.before->'spec'->>'definition' is not null order by h.id desc`,
    [ref],
  );
  const begin = before === undefined ? 0 : rows.findIndex(({ id }) => Number(id) < Number(before));
  return (begin < 0 ? [] : rows.slice(begin, begin + limit)).map(({ from, ...row }) => ({ ...row, from: from ?? undefined }));
}

const CHANGED_IT = `h.change = 'changed' and h.fields::jsonb ? 'spec.definition'`;

/** Throws `NotFoundError` for a version that this API never had. */
export async function readVersion(sql: Sql, ref: string, id: string): Promise<StoredVersion> {
  if (id === "current") return readCurrent(sql, ref);
  const found = (await listEarlier(sql, ref, undefined, Infinity)).find((version) => version.id === id);
  if (!found) throw new NotFoundError("version", `${id} of ${ref}`, "List the versions to see their ids.");
  return found;
}
