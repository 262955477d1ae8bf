import { listLeavers, type Leaver } from "@roadbed/contracts/catalog/ownership";
import { encodeCursor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { visibleTo } from "../estate/visibility.ts";
import { MEMBER_TYPE, OWNS_TYPE, type createOwnership, type OwnershipView } from "./ownership-view.ts";
import { titleOf } from "./words.ts";

type Stand = Leaver["stands"][number];

const After = z.object({ after: z.string() });
const MOST_STANDS = 20;
const APPROVES = ["spec.approver", "spec.approvers", "spec.reviewers"];
const CALLED = ["spec.oncall", "spec.oncall.person"];

/** Those who left and still stand somewhere. */
export function makeListLeavers(catalogue: Catalogue, ownership: ReturnType<typeof createOwnership>): Handler {
  return handle(listLeavers, async (ctx, { text, limit, cursor }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const words = text?.toLowerCase();
    const all = (await findLeavers(catalogue, ctx.sql, { view: ownership(visible), visible })).filter(
      ({ ref, name }) => words === undefined || ref.includes(words) || name.toLowerCase().includes(words),
    );
    const after = readCursor(After, cursor)?.after ?? "";
    const rest = all.filter(({ ref }) => ref > after);
    const page = rest.slice(0, limit);
    return {
      items: page,
      total: all.length,
      ...(rest.length > limit ? { nextCursor: encodeCursor({ after: page.at(-1)!.ref }) } : {}),
    };
  });
}

/** By reference. Whoever stands nowhere any more is no leaver: nothing has to be done. */
export async function findLeavers(
  catalogue: Pick<Catalogue, "estate">,
  sql: Sql,
  { view, visible }: { readonly view: OwnershipView; readonly visible: Visibility },
): Promise<Leaver[]> {
  const { estate } = catalogue;
  const { rows } = await sql.query<{ ref: string; at: Date }>("select ref, at from catalog.removed_entity where ref like 'user:%'");
  const removed = new Map(rows.map(({ ref, at }) => [ref, at]));
  const refs = new Set([
    ...[...view.left].filter((id) => visible.sees(id)).map((id) => estate.refOf(id)),
    ...removed.keys(),
    ...dangling(),
  ]);
  return [...refs].sort().flatMap((ref): Leaver[] => {
    const stands = standsOf(catalogue, visible, ref);
    if (stands.length === 0) return [];
    const count = (as: Stand["as"]): number => stands.filter((stand) => stand.as === as).length;
    const at = removed.get(ref);
    return [
      {
        ref,
        name: titleOf(estate, ref),
        how: estate.get(ref) ? "marked" : at ? "removed" : "unknown",
        ...(at && !estate.get(ref) ? { since: at.toISOString() } : {}),
        counts: { owner: count("owner"), member: count("member"), approver: count("approver"), onCall: count("on-call") },
        stands: stands.slice(0, MOST_STANDS),
      },
    ];
  });

  /** People who are named and are not there. */
  function* dangling(): Generator<string> {
    for (let id = 0; id < estate.graph.nodes; id++) {
      if (estate.at(id) === undefined && estate.refOf(id).startsWith("user:")) yield estate.refOf(id);
    }
  }
}

/** Where a person or a group stands as the caller sees it: what they own first. */
export function standsOf({ estate }: Pick<Catalogue, "estate">, visible: Visibility, ref: string): Stand[] {
  const id = estate.idOf(ref);
  const stands: Stand[] = [];
  const known = new Set<string>();
  const put = (other: number, as: Stand["as"]): void => {
    const item = visible.sees(other) ? estate.at(other) : undefined;
    if (!item || known.has(`${as} ${item.ref}`)) return;
    known.add(`${as} ${item.ref}`);
    stands.push({ ref: item.ref, title: item.title ?? item.name, as });
  };
  if (id !== undefined && id < estate.graph.nodes) {
    estate.graph.forEach(id, "in", (other, type) => type === OWNS_TYPE && put(other, "owner"));
    if (ref.startsWith("user:")) estate.graph.forEach(id, "out", (other, type) => type === MEMBER_TYPE && put(other, "member"));
  }
  const words = namesOf(ref);
  const find = (keys: readonly string[], values: readonly string[], as: Stand["as"]): void => {
    for (const key of keys) for (const other of estate.select([{ key, values }])) put(other, as);
  };
  find(APPROVES, words, "approver");
  find(CALLED, words, "on-call");
  const item = id === undefined ? undefined : estate.at(id);
  const mail = item && estate.valueOf(item, "spec.profile.email");
  if (typeof mail === "string") find(["spec.oncall.mail", "spec.oncall"], [mail.toLowerCase()], "on-call");
  return stands;
}

/** The ways to write a reference: whole, and without what goes without saying. */
function namesOf(ref: string): string[] {
  const [kind = "", rest = ""] = ref.split(":");
  const [namespace = "", name = ""] = rest.split("/");
  return namespace === "default" ? [ref, `${kind}:${name}`, `${namespace}/${name}`, name] : [ref, `${namespace}/${name}`];
}
