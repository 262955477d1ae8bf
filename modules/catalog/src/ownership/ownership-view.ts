import { ACTIVE_ANNOTATION } from "@roadbed/contracts/catalog/people";
import type { OrphanReason } from "@roadbed/contracts/catalog/ownership";

import { builtInCode } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { typeMask } from "../graph/graph.ts";

/** The statement that names an owner, and the types of edges that tell of owning and belonging. */
export const OWNED_BY = builtInCode("ownedBy");
export const PART_OF = builtInCode("partOf");
export const OWNS_TYPE = OWNED_BY >> 1;
export const CHILD_TYPE = builtInCode("childOf") >> 1;
export const MEMBER_TYPE = builtInCode("memberOf") >> 1;

const NOBODY = typeMask([]);
const UPWARD = typeMask([CHILD_TYPE, MEMBER_TYPE]);

/** An owner who is put there when somebody says that a thing has none (facts/confirm-fact.ts). */
const NO_OWNER = "group:default/unowned";

/** Which owner is named, and what is wrong with them; `there` when nothing is. */
export interface NamedOwner {
  readonly id: number;
  readonly state: OrphanReason | "there";
}

/** Who owns what as one caller sees it, at one moment. */
export interface OwnershipView {
  /** Numbers of all things of kinds that should have an owner. */
  readonly things: readonly number[];
  /** The reason for each thing that nobody who is there owns. */
  readonly orphans: ReadonlyMap<number, OrphanReason>;
  ownersOf(id: number): NamedOwner[];
  stateOf(owner: number): NamedOwner["state"];
  /** Users who are marked as having left. */
  readonly left: ReadonlySet<number>;
  readonly teams: readonly number[];
  /** People who are there. */
  readonly people: number;
  /** False where the catalogue knows no person at all: then no group is called empty for it. */
  readonly knowsPeople: boolean;
}

/** Views that are kept: one for each set of things that somebody may see. */
const MAX_VIEWS = 8;

/** Answers who owns what from memory. Worked out when it is asked for, once for each state of the estate. */
export function createOwnership(catalogue: Catalogue): (visible: Visibility) => OwnershipView {
  const views = new Map<string, OwnershipView>();
  let viewsOf = "";
  return (visible) => {
    const state = `${catalogue.feed.applied} ${catalogue.derived.engine.version}`;
    if (state !== viewsOf) views.clear();
    viewsOf = state;
    let view = views.get(visible.key);
    if (!view) {
      view = viewOwnership(catalogue, visible);
      views.set(visible.key, view);
      if (views.size > MAX_VIEWS) views.delete(views.keys().next().value!);
    }
    return view;
  };
}

function viewOwnership({ estate, kinds }: Pick<Catalogue, "estate" | "kinds">, visible: Visibility): OwnershipView {
  const left = new Set(estate.select([{ key: `metadata.annotations.${ACTIVE_ANNOTATION}`, values: ["false"] }]));
  const shown = visible.only(estate.all());
  const users = shown.filter((id) => estate.at(id)!.kind === "User");
  const teams = shown.filter((id) => estate.at(id)!.kind === "Group");
  const there = users.filter((id) => !left.has(id));
  const peopled = new Set(estate.graph.walk(there, { forward: UPWARD, backward: NOBODY, depth: 1_000, hidden: visible.hidden() }).nodes);
  const owned = new Map<string, boolean>();
  const hasOwner = (kind: string): boolean => {
    let is = owned.get(kind);
    if (is === undefined) owned.set(kind, (is = kinds.statingOf(kind).some(({ code }) => code === OWNED_BY)));
    return is;
  };
  const things = shown.filter((id) => hasOwner(estate.at(id)!.kind));
  const states = new Map<number, NamedOwner["state"]>();
  const view = {
    things,
    left,
    teams,
    people: there.length,
    knowsPeople: users.length > 0,
    stateOf: (id: number) => {
      let state = states.get(id);
      if (state === undefined) states.set(id, (state = judge(id)));
      return state;
    },
    ownersOf: (id: number) => {
      const owners: NamedOwner[] = [];
      estate.graph.forEach(id, "out", (other, type) => {
        if (type === OWNS_TYPE) owners.push({ id: other, state: view.stateOf(other) });
      });
      return owners;
    },
  };
  const orphans = new Map<number, OrphanReason>();
  for (const id of things) {
    const owners = view.ownersOf(id).map(({ state }) => state);
    if (!owners.includes("there")) orphans.set(id, worstOf(owners as OrphanReason[]));
  }
  return { ...view, orphans };

  function judge(id: number): NamedOwner["state"] {
    if (estate.refOf(id) === NO_OWNER) return "none";
    const item = visible.sees(id) ? estate.at(id) : undefined;
    if (item?.kind === "User") return left.has(id) ? "left" : "there";
    if (item?.kind !== "Group") return "unknown";
    return view.knowsPeople && !peopled.has(id) ? "empty" : "there";
  }
}

/** Of several owners of whom none is there, the one that says most about what to do. */
function worstOf(reasons: readonly OrphanReason[]): OrphanReason {
  return (["left", "empty", "unknown"] as const).find((reason) => reasons.includes(reason)) ?? "none";
}
