import type { Sql } from "@roadbed/core";

import type { Kinds } from "./registry.ts";

/**
 * The kinds as a transaction sees them. Whoever writes checks against these and not against memory: that may be a moment behind,
 * and a writer must not wait for it, for it needs a connection of its own.
 */
export async function kindsIn(sql: Sql, kinds: Kinds): Promise<Kinds> {
  const { rows } = await sql.query<{ document: unknown }>(
    "select document from catalog.entity where ref >= 'kind:' and ref < 'kind;' order by ref",
  );
  return kinds.as(rows.map(({ document }) => document));
}
