import type { ConnectorCall, Found } from "@roadbed/contracts/connector";
import type { Sql } from "@roadbed/core";

/** What a connector may ask of the catalogue: which entities are meant by names of its own system. */
export async function findEntities(sql: Sql, asked: Parameters<ConnectorCall["find"]>[0]): Promise<readonly Found[]> {
  // The text is looked at first: a letter that Postgres does not take as text must not end the reading of a source.
  const { rows } = await sql.query<{ ref: string; annotations: Record<string, string> | null }>(
    `select ref, document->'metadata'->'annotations' as annotations from catalog.entity
     where position('\\u0000' in document::text) = 0 and ${
       "refs" in asked
         ? "ref = any($1)"
         : "exists (select 1 from unnest($1::text[]) as a(name) where document->'metadata'->'annotations'->>a.name is not null)"
     } order by ref`,
    ["refs" in asked ? asked.refs.map((ref) => ref.toLowerCase()) : asked.annotations],
  );
  return rows.map(({ ref, annotations }) => ({ ref, annotations: annotations ?? {} }));
}
