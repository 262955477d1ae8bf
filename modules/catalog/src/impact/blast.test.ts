import type { Entity } from "@roadbed/contracts/catalog";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEstate } from "../estate/estate.ts";
import { createColumns } from "../graph/columns.ts";
import { waysOf } from "../graph/ways.ts";
import { shortest } from "../graph/find-paths.ts";
import { createKinds } from "../kinds/registry.ts";
import { createObserved } from "../observed/observed.ts";
import { createBlaster, type Blast } from "./blast.ts";
import { topOf } from "./top.ts";

const kinds = createKinds();
const ref = (at: number): string => `component:default/c${at}`;

function arrivalOf(at: number, needs: readonly number[], spec: object = {}) {
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: `c${at}` },
    spec: { type: "service", lifecycle: "production", owner: `team-${at % 3}`, dependsOn: needs.map(ref), ...spec },
  };
  return { ref: ref(at), entity, sourceId: "s", sample: false, docsRoot: undefined };
}

function worldOf(needs: readonly (readonly number[])[]) {
  const estate = createEstate(kinds);
  const columns = createColumns(estate);
  const arrivals = needs.map((list, at) => estate.prepare(arrivalOf(at, list)));
  estate.apply(arrivals, []);
  columns.apply(arrivals, []);
  const observed = createObserved(estate, { changeOf: () => 0 });
  const blaster = createBlaster({ estate, columns, observed, kinds });
  const idOf = (at: number): number => estate.idOf(ref(at))!;
  const measure = (starts: readonly number[], only?: ReadonlySet<number>): Blast =>
    blaster.measure({
      starts: starts.map(idOf),
      ways: [waysOf({ relations: kinds.relations, types: undefined, origins: undefined }).up],
      depth: 50,
      hidden: [],
      only,
    });
  return { estate, columns, measure, idOf };
}

describe("a blast radius", () => {
  test("holds exactly what a plain search finds, at the same distance, with every way true", () => {
    const nodes = 25;
    const graph = fc.array(fc.uniqueArray(fc.nat(nodes - 1), { maxLength: 4 }), { minLength: nodes, maxLength: nodes });
    fc.assert(
      fc.property(graph, fc.uniqueArray(fc.nat(nodes - 1), { minLength: 1, maxLength: 3 }), (drawn, starts) => {
        const needs = drawn.map((list, at) => list.filter((other) => other !== at));
        const { estate, measure, idOf } = worldOf(needs);
        const far = new Map(starts.map((start) => [start, 0]));
        for (const [at, distance] of far)
          needs.forEach((list, other) => list.includes(at) && !far.has(other) && far.set(other, distance + 1));
        const blast = measure(starts);
        const found = new Map([...blast.ids].map((id) => [Number(estate.refOf(id).slice(19)), blast.distanceOf(id)]));
        expect(found).toEqual(new Map([...far].filter(([, distance]) => distance > 0)));
        for (const id of blast.ids) {
          const path = blast.pathOf(id);
          expect(path).toHaveLength(blast.distanceOf(id));
          expect(path[0]!.from).toBe(id);
          expect(starts.map(idOf)).toContain(path.at(-1)!.to);
          for (const { from, to } of path) expect(needs[Number(estate.refOf(from).slice(19))]!.map(idOf)).toContain(to);
          expect(blast.weightOf(id)).toBeCloseTo(0.6 * 0.5 ** blast.distanceOf(id));
        }
        expect(blast.owners.reduce((sum, { count }) => sum + count, 0)).toBe(blast.ids.length);
      }),
      { numRuns: 60 },
    );
  });

  test("five thousand on one, and twenty-five thousand in all: counted exactly, weighed by distance", () => {
    const hub = worldOf([[], ...Array.from({ length: 5_000 }, () => [0])]);
    expect(hub.measure([0])).toMatchObject({ weighedBy: "paths", byDistance: new Map([[1, 5_000]]) });
    const wide = worldOf([[], ...Array.from({ length: 25_000 }, (_, at) => [at < 100 ? 0 : 1 + (at % 100)])]);
    const blast = wide.measure([0]);
    expect(blast).toMatchObject({
      weighedBy: "distance",
      byDistance: new Map([
        [1, 100],
        [2, 24_900],
      ]),
      byKind: new Map([["Component", 25_000]]),
    });
    expect(blast.pathOf(blast.ids.at(-1)!)).toHaveLength(2);
    // What one question left in the rows is no part of the next.
    expect(wide.measure([24_000]).ids).toHaveLength(0);
    expect(wide.measure([0], new Set([wide.idOf(1)])).ids).toHaveLength(1);
  });

  test("the heaviest come first, page by page, without a gap or a twin", () => {
    const { estate, measure } = worldOf([[], ...Array.from({ length: 300 }, (_, at) => [at < 20 ? 0 : 1 + (at % 20)])]);
    const blast = measure([0]);
    const o = {
      weightOf: (id: number) => blast.weightOf(id),
      distanceOf: (id: number) => blast.distanceOf(id),
      refOf: (id: number) => estate.refOf(id),
    };
    const whole = topOf(blast.ids, { ...o, limit: 1_000, after: undefined }).map(({ id }) => id);
    const paged: number[] = [];
    for (let after: Parameters<typeof topOf>[1]["after"]; ;) {
      const page = topOf(blast.ids, { ...o, limit: 7, after });
      paged.push(...page.map(({ id }) => id));
      if (page.length < 7) break;
      after = page.at(-1)!.rank;
    }
    expect(paged).toEqual(whole);
    expect(new Set(whole).size).toBe(300);
  });
});

test("the shortest ways are found, and longer ones after them, none through the same thing twice", () => {
  const { estate, idOf } = worldOf([[1, 2], [3], [3], [4, 0], []]);
  const ways = waysOf({ relations: kinds.relations, types: undefined, origins: undefined });
  const found = (begin: number, end: number, most: number): number[][] =>
    shortest(estate, { begin: idOf(begin), end: idOf(end), way: ways.down, hidden: [], depth: 10, most }).map((path) =>
      path.map((id) => Number(estate.refOf(id).slice(19))),
    );
  expect(found(0, 4, 5)).toEqual([
    [0, 1, 3, 4],
    [0, 2, 3, 4],
  ]);
  expect(found(0, 4, 1)).toHaveLength(1);
  expect(found(4, 0, 5)).toEqual([]);
});
