import { listOwned, listTeams, type Team } from "@roadbed/contracts/catalog/ownership";
import { encodeCursor, handle, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { typeMask } from "../graph/graph.ts";
import { CHILD_TYPE, MEMBER_TYPE, OWNS_TYPE, type createOwnership, type OwnershipView } from "./ownership-view.ts";

const After = z.object({ after: z.string() });
const NO_TYPE = typeMask([]);
const CHILD = typeMask([CHILD_TYPE]);
/** Teams nest no deeper than anybody could follow; circles end by themselves. */
const DEPTH = 1_000;

/** Teams as a tree, and what each of them owns. */
export function makeTeamHandlers(catalogue: Catalogue, ownership: ReturnType<typeof createOwnership>): readonly Handler[] {
  const { estate, feed } = catalogue;
  return [
    handle(listTeams, async (ctx, { parent, top, mine, text, limit, cursor }) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      const view = ownership(visible);
      const words = text?.toLowerCase();
      const own = mine ? await identitiesOf(ctx) : undefined;
      const within = parent === undefined ? undefined : new Set(direct(requireShown(visible, parent), "in", CHILD_TYPE));
      const fitting = view.teams
        .filter((id) => within === undefined || within.has(id))
        .filter((id) => own === undefined || own.has(estate.refOf(id)))
        .filter((id) => words === undefined || estate.refOf(id).includes(words) || estate.at(id)!.title?.toLowerCase().includes(words))
        .filter((id) => !top || isTop(visible, id))
        .map((id) => ({ id, ref: estate.refOf(id) }))
        .sort((a, b) => (a.ref < b.ref ? -1 : 1));
      const after = readCursor(After, cursor)?.after ?? "";
      const rest = fitting.filter(({ ref }) => ref > after);
      const page = rest.slice(0, limit);
      return {
        items: page.map(({ id }) => teamOf(view, visible, id)),
        total: fitting.length,
        ...(rest.length > limit ? { nextCursor: encodeCursor({ after: page.at(-1)!.ref }) } : {}),
      };
    }),
    handle(listOwned, async (ctx, { ref, within, kind, limit, cursor }) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      const view = ownership(visible);
      const asked =
        ref === undefined ? [...(await identitiesOf(ctx))].flatMap((one) => estate.idOf(one) ?? []) : [requireShown(visible, ref)];
      const owners = within ? asked.flatMap((id) => [...below(visible, id)]) : asked;
      const byThing = new Map<number, string>();
      for (const owner of owners)
        for (const id of ownedBy(view, visible, owner)) if (!byThing.has(id)) byThing.set(id, estate.refOf(owner));
      const all = [...byThing].map(([id, owner]) => ({ item: estate.at(id)!, owner }));
      const shown = all
        .filter(({ item }) => kind === undefined || item.kind.toLowerCase() === kind)
        .sort((a, b) => (a.item.ref < b.item.ref ? -1 : 1));
      const after = readCursor(After, cursor)?.after ?? "";
      const rest = shown.filter(({ item }) => item.ref > after);
      const page = rest.slice(0, limit);
      const [only] = ref === undefined ? [] : asked;
      return {
        items: page.map(({ item, owner }) => ({
          ref: item.ref,
          kind: item.kind,
          title: item.title ?? item.name,
          ...(item.lifecycle === undefined ? {} : { lifecycle: item.lifecycle }),
          criticality: item.criticality,
          owner,
        })),
        total: shown.length,
        kinds: Object.fromEntries([...Map.groupBy(all, ({ item }) => item.kind)].map(([name, some]) => [name, some.length])),
        ...(only !== undefined && estate.at(only)?.kind === "Group" ? { team: teamOf(view, visible, only) } : {}),
        left: only !== undefined && view.stateOf(only) === "left",
        ...(rest.length > limit ? { nextCursor: encodeCursor({ after: page.at(-1)!.item.ref }) } : {}),
      };
    }),
  ];

  async function identitiesOf(ctx: Ctx): Promise<ReadonlySet<string>> {
    return (await catalogue.viewers?.identitiesOf(ctx)) ?? new Set();
  }

  /** Throws `NotFoundError` for an owner who is not there for the caller; one who is only named is there. */
  function requireShown(visible: Visibility, ref: string): number {
    const id = estate.idOf(ref);
    if (id !== undefined && visible.sees(id)) return id;
    throw new NotFoundError("entity", ref, "List the teams to see what there is.");
  }

  function teamOf(view: OwnershipView, visible: Visibility, id: number): Team {
    const item = estate.at(id)!;
    const all = below(visible, id);
    const parents = direct(id, "out", CHILD_TYPE).filter(visible.sees);
    const children = direct(id, "in", CHILD_TYPE).filter(visible.sees);
    const things = new Set<number>();
    const people = new Set<number>();
    for (const team of all) {
      for (const thing of ownedBy(view, visible, team)) things.add(thing);
      for (const person of peopleOf(view, visible, team)) people.add(person);
    }
    let criticality = 0;
    for (const thing of things) criticality = Math.max(criticality, estate.at(thing)!.criticality);
    return {
      ref: item.ref,
      title: item.title ?? item.name,
      ...(item.type === undefined ? {} : { type: item.type }),
      parents: parents.map((one) => estate.refOf(one)).sort(),
      children: children.map((one) => estate.refOf(one)).sort(),
      owns: ownedBy(view, visible, id).length,
      ownsWithin: things.size,
      people: peopleOf(view, visible, id).length,
      peopleWithin: people.size,
      ...(things.size === 0 ? {} : { criticality }),
      circle: parents.some((parent) => all.has(parent)),
    };
  }

  /** A team with all teams below it. */
  function below(visible: Visibility, id: number): ReadonlySet<number> {
    const { nodes } = estate.graph.walk(id, { forward: NO_TYPE, backward: CHILD, depth: DEPTH, hidden: visible.hidden() });
    return nodes.length === 0 ? new Set([id]) : new Set(nodes);
  }

  /** Below no other; of teams that are below each other, and below no other, the first by name. */
  function isTop(visible: Visibility, id: number): boolean {
    const { nodes } = estate.graph.walk(id, { forward: CHILD, backward: NO_TYPE, depth: DEPTH, hidden: visible.hidden() });
    const above = [...nodes].slice(1).filter((one) => estate.at(one) !== undefined);
    if (above.length === 0) return true;
    const all = below(visible, id);
    return above.every((one) => all.has(one) && estate.refOf(one) > estate.refOf(id));
  }

  function ownedBy(view: OwnershipView, visible: Visibility, owner: number): number[] {
    return direct(owner, "in", OWNS_TYPE).filter((id) => estate.at(id) !== undefined && visible.sees(id));
  }

  function peopleOf(view: OwnershipView, visible: Visibility, team: number): number[] {
    return direct(team, "in", MEMBER_TYPE).filter((id) => estate.at(id)?.kind === "User" && !view.left.has(id) && visible.sees(id));
  }

  function direct(id: number, direction: "out" | "in", wanted: number): number[] {
    const found: number[] = [];
    estate.graph.forEach(id, direction, (other, type) => {
      if (type === wanted && other !== id) found.push(other);
    });
    return found;
  }
}
