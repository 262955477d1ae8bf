import type { Sql } from "@roadbed/core";

import { reasonOf } from "../combine/confidence.ts";
import type { Draft } from "../combine/draft.ts";
import { clean } from "../proposal/proposal-store.ts";

/** Keeps whom repositories name as owners, also of what is described elsewhere: of that nothing is proposed, yet an orphan may want to know. */
export async function writeOwners(sql: Sql, drafts: readonly Draft[]): Promise<void> {
  const owners = new Map(
    drafts.flatMap(({ ref, owner }) => (owner ? [[ref, { ref, owner: owner.value, reason: reasonOf(owner.evidence) }] as const] : [])),
  );
  const rows = [...owners.values()];
  await sql.query(
    `insert into catalog.discovered_owner (ref, owner, reason)
     select ref, owner, reason from json_to_recordset($1::json) as o(ref text, owner text, reason text)
     on conflict (ref) do update set owner = excluded.owner, reason = excluded.reason
       where (discovered_owner.owner, discovered_owner.reason) is distinct from (excluded.owner, excluded.reason)`,
    [clean(JSON.stringify(rows))],
  );
  await sql.query("delete from catalog.discovered_owner where ref <> all($1)", [rows.map(({ ref }) => ref)]);
}
