import type { Orphan } from "@roadbed/contracts/catalog/ownership";
import { type Sql } from "@roadbed/core";

import { canonical } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { isRecord } from "../entity/validate-spec.ts";
import { CHILD_TYPE, MEMBER_TYPE, type OwnershipView } from "./ownership-view.ts";
import { titleOf } from "./words.ts";

type Suggestion = NonNullable<Orphan["suggestion"]>;

/** One reason to name somebody, and how much it convinces alone, from 0 to 1. */
interface Hint {
  readonly ref: string;
  readonly owner: string;
  readonly weight: number;
  readonly reason: string;
}

/** So many people who changed something are looked up for one page. */
const MOST_AUTHORS = 20;

/** Whom orphans may be given to. Only those are named who are there, and only for a reason that can be told. */
export async function suggestOwners(
  { estate, kinds, viewers }: Pick<Catalogue, "estate" | "kinds" | "viewers">,
  sql: Sql,
  o: { readonly view: OwnershipView; readonly visible: Visibility; readonly refs: readonly string[] },
): Promise<ReadonlyMap<string, Suggestion>> {
  const { view, visible, refs } = o;
  const hints = [...(await fromDiscovery()), ...(await fromOtherSources()), ...(await fromAuthors()), ...refs.flatMap(fromNeighbours)];
  return combine();

  function combine(): Map<string, Suggestion> {
    const best = new Map<string, Suggestion>();
    for (const [ref, some] of Map.groupBy(hints, (hint) => hint.ref)) {
      const ranked = [...Map.groupBy(some, ({ owner }) => owner)]
        .filter(([owner]) => isThere(owner))
        .map(([owner, reasons]) => ({ owner, reasons, doubt: reasons.reduce((doubt, { weight }) => doubt * (1 - weight), 1) }))
        .sort((a, b) => a.doubt - b.doubt || (a.owner < b.owner ? -1 : 1));
      const [first] = ranked;
      if (!first) continue;
      const reasons = [...first.reasons].sort((a, b) => b.weight - a.weight).map(({ reason }) => reason);
      best.set(ref, { owner: first.owner, title: titleOf(estate, first.owner), reasons: [...new Set(reasons)] });
    }
    return best;
  }

  function isThere(owner: string): boolean {
    const id = estate.idOf(owner);
    return id !== undefined && view.stateOf(id) === "there";
  }

  /** What repositories say: CODEOWNERS, commits, manifests. */
  async function fromDiscovery(): Promise<Hint[]> {
    const { rows } = await sql.query<{ ref: string; owner: string; reason: string }>(
      `select o.ref, o.owner, o.reason from catalog.discovered_owner o
       where o.ref = any($1) and not exists (select 1 from catalog.proposal p where p.ref = o.ref and p.state = 'refused')`,
      [refs],
    );
    return rows.map(({ ref, owner, reason }) => ({
      ref,
      owner: canonical(owner, "group", "default"),
      weight: 0.8,
      reason: `Its repository says so: ${reason}`,
    }));
  }

  /** Systems that are not believed about the owner, yet name one. */
  async function fromOtherSources(): Promise<Hint[]> {
    const { rows } = await sql.query<{ ref: string; document: unknown; source: string; source_id: string }>(
      `select c.ref, c.document, s.name as source, c.source_id from catalog.claim c join catalog.source s on s.id = c.source_id
       where c.ref = any($1) order by c.ref, c.source_id, c.key`,
      [refs],
    );
    return rows.flatMap(({ ref, document, source, source_id }) => {
      const owner = isRecord(document) && isRecord(document["spec"]) ? document["spec"]["owner"] : undefined;
      if (typeof owner !== "string" || !visible.seesSource(source_id)) return [];
      return [{ ref, owner: canonical(owner, "group", "default"), weight: 0.7, reason: `${source} names it as the owner` }];
    });
  }

  /** Teams of those who changed it last by hand. */
  async function fromAuthors(): Promise<Hint[]> {
    if (!viewers) return [];
    const { rows } = await sql.query<{ ref: string; actor: string }>(
      `select distinct on (ref) ref, actor from catalog.history where ref = any($1) and actor like 'user:%' order by ref, id desc`,
      [refs],
    );
    const teams = new Map<string, readonly string[]>();
    for (const actor of [...new Set(rows.map((row) => row.actor))].slice(0, MOST_AUTHORS)) {
      const id = actor.slice("user:".length);
      const own = await viewers.identitiesOf({ actor: { kind: "user", id, name: id }, sql });
      const person = [...own].map((ref) => estate.get(ref)).find((item) => item?.kind === "User");
      teams.set(actor, person ? parentsOf(person.id, MEMBER_TYPE) : []);
    }
    return rows.flatMap(({ ref, actor }) =>
      (teams.get(actor) ?? []).map((owner) => ({ ref, owner, weight: 0.25, reason: "Somebody of this team changed it last" })),
    );
  }

  /** What the graph says: the system it is part of, those who depend on it, and where its former owner belonged. */
  function fromNeighbours(ref: string): Hint[] {
    const item = estate.get(ref);
    if (!item) return [];
    const found: Hint[] = [];
    const hint = (owner: string, weight: number, reason: string): void => void found.push({ ref, owner, weight, reason });
    const votes = new Map<string, number>();
    const dependants = new Set<number>();
    for (const { type, id } of estate.neighbours(item.id, visible.sees)) {
      if (type === "partOf")
        for (const owner of ownersThere(id)) hint(owner, 0.6, `Owns ${titleOf(estate, estate.refOf(id))}, which it is part of`);
      if (type === "dependencyOf" || type === "apiConsumedBy" || type === "apiProvidedBy") dependants.add(id);
    }
    for (const id of dependants) for (const owner of ownersThere(id)) votes.set(owner, (votes.get(owner) ?? 0) + 1);
    for (const [owner, count] of votes) {
      if (count * 2 > dependants.size) hint(owner, 0.4, `Owns ${count} of ${dependants.size} that provide it or depend on it`);
    }
    for (const { id, state } of view.ownersOf(item.id)) {
      const name = titleOf(estate, estate.refOf(id));
      if (state === "left") for (const team of parentsOf(id, MEMBER_TYPE)) hint(team, 0.5, `${name}, who owned it, was in this team`);
      if (state === "empty") for (const team of parentsOf(id, CHILD_TYPE)) hint(team, 0.5, `Is the team above ${name}`);
    }
    return found;
  }

  function ownersThere(id: number): string[] {
    if (!kinds.statingOf(estate.at(id)?.kind ?? "").length) return [];
    return view.ownersOf(id).flatMap((owner) => (owner.state === "there" ? [estate.refOf(owner.id)] : []));
  }

  function parentsOf(id: number, edge: number): string[] {
    const parents: string[] = [];
    estate.graph.forEach(id, "out", (other, type) => {
      if (type === edge && visible.sees(other)) parents.push(estate.refOf(other));
    });
    return parents.sort();
  }
}
