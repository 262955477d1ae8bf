import type { Sql } from "@roadbed/core";

/** How old what is known is. */
export interface Ages {
  /** Since when the defining source says this value of a property; undefined when nothing is written down of it. */
  saidAt(ref: string, property: string): Date | undefined;
  lastReadAt(sourceId: string | undefined): Date | undefined;
}

/** Reads off the history since when each field is as it is. What a person's act changed is not what the source said. */
export async function readAges(sql: Sql, about: readonly { readonly ref: string }[]): Promise<Ages> {
  const refs = about.map(({ ref }) => ref);
  const { rows } = await sql.query<{ ref: string; field: string; at: Date }>(
    `select h.ref, f.field, max(h.at) as at
     from catalog.history h join catalog.entity e on e.ref = h.ref join catalog.source s on s.id = e.source_id
     cross join lateral (
       select json_array_elements_text(h.fields) as field where h.sync_id is not null or s.kind = 'inline'
       union all select '' where h.change = 'registered'
     ) f
     where h.ref = any($1) group by h.ref, f.field`,
    [refs],
  );
  const fields = new Map<string, Map<string, Date>>();
  for (const { ref, field, at } of rows) {
    const known = fields.get(ref) ?? new Map<string, Date>();
    known.set(field, at);
    fields.set(ref, known);
  }
  const { rows: sources } = await sql.query<{ id: string; last_sync_at: Date | null }>("select id, last_sync_at from catalog.source");
  const read = new Map(sources.map(({ id, last_sync_at }) => [id, last_sync_at ?? undefined]));
  return {
    saidAt: (ref, property) => {
      const known = fields.get(ref);
      const said = [...(known ?? [])].filter(([field]) => field === "" || property === field || property.startsWith(`${field}.`));
      return said.map(([, at]) => at).reduce<Date | undefined>((newest, at) => (newest && newest > at ? newest : at), undefined);
    },
    lastReadAt: (sourceId) => (sourceId === undefined ? undefined : read.get(sourceId)),
  };
}
