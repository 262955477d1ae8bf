import type { Row, Sql } from "@roadbed/core";

import type { Gift } from "./plan-gifts.ts";

/** Acts can be taken back for so long. */
export const UNDO_DAYS = 30;

/** An act as it is stored. */
export interface ActRow extends Row {
  readonly id: string;
  readonly seq: string;
  readonly from_ref: string | null;
  readonly to_ref: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly undone_at: Date | null;
  readonly undone_by: string | null;
  readonly undone_reason: string | null;
}

export const ACT_COLUMNS = "h.id, h.seq, h.from_ref, h.to_ref, h.at, h.actor, h.reason, h.undone_at, h.undone_by, h.undone_reason";

/** Writes an act down with what was there before, and holds the new owners against all that says otherwise. Needs `lockCatalog`. */
export async function writeAct(
  sql: Sql,
  act: Pick<ActRow, "id" | "from_ref" | "to_ref" | "at" | "actor" | "reason">,
  gifts: readonly Gift[],
): Promise<void> {
  await sql.query("insert into catalog.hand_over (id, from_ref, to_ref, at, actor, reason) values ($1, $2, $3, $4, $5, $6)", [
    act.id,
    act.from_ref,
    act.to_ref,
    act.at,
    act.actor,
    act.reason,
  ]);
  const columns = [gifts.map(({ ref }) => ref), gifts.map(({ property }) => property), gifts.map(({ value }) => JSON.stringify(value))];
  await sql.query(
    `insert into catalog.hand_over_item (hand_over, ref, property, overlay_before, value)
     select $1, w.ref, w.property, case when o.ref is not null then row_to_json(o) end, w.value
     from unnest($2::text[], $3::text[], $4::json[]) as w(ref, property, value)
     left join catalog.overlay o on o.ref = w.ref and o.property = w.property`,
    [act.id, ...columns],
  );
  await sql.query(
    `insert into catalog.overlay (ref, property, value, locked, reason, actor, at)
     select w.ref, w.property, w.value, true, $4, $5, $6 from unnest($1::text[], $2::text[], $3::json[]) as w(ref, property, value)
     on conflict (ref, property) do update set value = excluded.value, locked = true, reason = excluded.reason, actor = excluded.actor,
       at = excluded.at`,
    [...columns, act.reason, act.actor, act.at],
  );
}

/** Puts back what was there before an act, of these things or of all; what was changed since stays. Answers what was put back. */
export async function putBack(sql: Sql, actId: string, only?: readonly string[]): Promise<string[]> {
  const { rows } = await sql.query<{ ref: string; property: string }>(
    `select i.ref, i.property from catalog.hand_over_item i join catalog.hand_over h on h.id = i.hand_over
     join catalog.overlay o on o.ref = i.ref and o.property = i.property
     where h.id = $1 and ($2::text[] is null or i.ref = any($2))
       and o.locked and o.at = h.at and o.actor = h.actor and o.value::text = i.value::text order by i.ref, i.property`,
    [actId, only ?? null],
  );
  const columns = [rows.map(({ ref }) => ref), rows.map(({ property }) => property)];
  await sql.query(
    `delete from catalog.overlay o using unnest($1::text[], $2::text[]) as w(ref, property) where o.ref = w.ref and o.property = w.property`,
    columns,
  );
  await sql.query(
    `insert into catalog.overlay (ref, property, value, locked, reason, actor, at)
     select i.ref, i.property,
       case when json_typeof(i.overlay_before->'value') <> 'null' then i.overlay_before->'value' end,
       (i.overlay_before->>'locked')::boolean, i.overlay_before->>'reason', i.overlay_before->>'actor', (i.overlay_before->>'at')::timestamptz
     from catalog.hand_over_item i join unnest($1::text[], $2::text[]) as w(ref, property) on w.ref = i.ref and w.property = i.property
     where i.hand_over = $3 and i.overlay_before is not null`,
    [...columns, actId],
  );
  return [...new Set(columns[0])];
}

/** Forgets that an act was about these things. */
export async function dropItems(sql: Sql, actId: string, refs: readonly string[]): Promise<void> {
  await sql.query("delete from catalog.hand_over_item where hand_over = $1 and ref = any($2)", [actId, refs]);
}

export async function readItems(sql: Sql, actIds: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql.query<{ hand_over: string; ref: string }>(
    "select distinct hand_over, ref from catalog.hand_over_item where hand_over = any($1)",
    [actIds],
  );
  return new Map([...Map.groupBy(rows, (row) => row.hand_over)].map(([id, some]) => [id, some.map(({ ref }) => ref)]));
}
