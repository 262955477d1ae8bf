import { createGraph, type Graph } from "../graph/graph.ts";
import type { Turns } from "../source/turns.ts";
import type { Item } from "./item.ts";

/** An observed relation; its type is one of those that no descriptor can state. */
export interface ObservedLink {
  readonly from: number;
  readonly to: number;
  readonly code: number;
}

export interface EdgeListener {
  changed(id: number, code: number, other: number): void;
  all(): void;
}

/** The relations of an estate: what documents state, what rules infer and what traces tell, in one graph. */
export interface Edges {
  readonly graph: Graph;
  /** Statements of an item became others. Call it when `at` tells the new ones. */
  change(id: number, before: Uint32Array, after: Uint32Array): void;
  observe(edges: readonly ObservedLink[]): void;
  /** The number of the rule that made a relation which no document states; undefined for all others. */
  inferredBy(id: number, code: number, other: number): number | undefined;
  /** Makes the graph of these items beside the one that is asked. The answer, called, puts it in its place. */
  building(o: {
    readonly nodes: number;
    readonly ids: readonly number[];
    readonly items: readonly (Item | undefined)[];
  }): Turns<() => void>;
  /** One listener. */
  watch(listener: EdgeListener): void;
}

/** So many items are looked at between two stops. */
const PIECE = 4_096;

export function createEdges(at: (id: number) => Item | undefined): Edges {
  const graph = createGraph();
  let listener: EdgeListener | undefined;
  let observed: ReadonlyMap<string, ObservedLink> = new Map();

  return {
    graph,
    change,
    observe,
    inferredBy: (id, code, other) => {
      // Rules are few, and most nodes have nothing to do with any.
      if (!at(id)?.inferred.length && !at(other)?.inferred.length) return undefined;
      return isDeclared(id, code, other) ? undefined : ruleOf(id, code, other);
    },
    building,
    watch: (one) => void (listener = one),
  };

  /** A relation stays as long as the document of either end states it, or a rule. */
  function change(id: number, before: Uint32Array, after: Uint32Array): void {
    const stated = statedBy(at(id)?.statements ?? NONE);
    for (let place = 0; place < before.length; place += 2) {
      const [code, other] = [before[place]!, before[place + 1]!];
      const isStated = stated(code, other) || states(at(other)?.statements ?? NONE, code ^ 1, id);
      if (isStated || ruleOf(id, code, other) !== undefined) continue;
      const [from, to] = endsOf(id, code, other);
      if (graph.remove(from, to, code >> 1)) listener?.changed(id, code, other);
    }
    for (let place = 0; place < after.length; place += 2) {
      const [code, other] = [after[place]!, after[place + 1]!];
      const [from, to] = endsOf(id, code, other);
      if (graph.add(from, to, code >> 1)) listener?.changed(id, code, other);
    }
  }

  function isDeclared(id: number, code: number, other: number): boolean {
    return states(at(id)?.statements ?? NONE, code, other) || states(at(other)?.statements ?? NONE, code ^ 1, id);
  }

  function ruleOf(id: number, code: number, other: number): number | undefined {
    return ruleIn(at(id)?.inferred ?? NONE, code, other) ?? ruleIn(at(other)?.inferred ?? NONE, code ^ 1, id);
  }

  function observe(edges: readonly ObservedLink[]): void {
    const now = new Map(edges.map((edge) => [`${edge.from} ${edge.to} ${edge.code}`, edge]));
    for (const [key, { from, to, code }] of observed) if (!now.has(key)) graph.remove(from, to, code);
    for (const [key, { from, to, code }] of now) if (!observed.has(key)) graph.add(from, to, code);
    observed = now;
  }

  function* building({
    nodes,
    ids,
    items,
  }: {
    readonly nodes: number;
    readonly ids: readonly number[];
    readonly items: readonly (Item | undefined)[];
  }): Turns<() => void> {
    const seen = observed;
    const replace = yield* graph.building(nodes, function* (put) {
      for (let place = 0; place < ids.length; place++) {
        if (place % PIECE === 0) yield;
        putItem(items[ids[place]!]!, put);
      }
      for (const { from, to, code } of seen.values()) put(from, to, code);
    });
    return () => {
      replace();
      const newer = [...observed.values()];
      observed = seen;
      if (newer.length > 0 || seen.size > 0) observe(newer);
      listener?.all();
    };
  }
}

function putItem({ id, statements, inferred }: Item, put: (from: number, to: number, type: number) => void): void {
  const one = (code: number, other: number): void => ((code & 1) === 0 ? put(id, other, code >> 1) : put(other, id, code >> 1));
  for (let at = 0; at < statements.length; at += 2) one(statements[at]!, statements[at + 1]!);
  for (let at = 0; at < inferred.length; at += 3) one(inferred[at]!, inferred[at + 1]!);
}

export const NONE = new Uint32Array(0);

function endsOf(id: number, code: number, other: number): [from: number, to: number] {
  return (code & 1) === 0 ? [id, other] : [other, id];
}

function states(statements: Uint32Array, code: number, other: number): boolean {
  for (let at = 0; at < statements.length; at += 2) if (statements[at] === code && statements[at + 1] === other) return true;
  return false;
}

/** The same for many questions about one: a group may have twenty thousand members. */
function statedBy(statements: Uint32Array): (code: number, other: number) => boolean {
  if (statements.length < 200) return (code, other) => states(statements, code, other);
  const pairs = new Set<number>();
  for (let at = 0; at < statements.length; at += 2) pairs.add(statements[at + 1]! * CODES + statements[at]!);
  return (code, other) => pairs.has(other * CODES + code);
}

/** More than there are codes of relations. */
const CODES = 1_024;

/** Pairs of code and other end, of which the rules have been taken. */
export function withoutRules(triples: Uint32Array): Uint32Array {
  const pairs = new Uint32Array((triples.length / 3) * 2);
  for (let at = 0, place = 0; at < triples.length; at += 3) {
    pairs[place++] = triples[at]!;
    pairs[place++] = triples[at + 1]!;
  }
  return pairs;
}

function ruleIn(triples: Uint32Array, code: number, other: number): number | undefined {
  for (let at = 0; at < triples.length; at += 3) if (triples[at] === code && triples[at + 1] === other) return triples[at + 2];
  return undefined;
}
