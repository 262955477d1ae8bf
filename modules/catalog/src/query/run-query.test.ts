import type { Entity } from "@roadbed/contracts/catalog";
import type { Position } from "@roadbed/contracts/catalog/backstage";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createEstate, type Arrival } from "../estate/estate.ts";
import { orderBy } from "./engine.ts";
import { createFieldOrders } from "./field-orders.ts";
import { takePage, type Page } from "./run-query.ts";

const NAMES = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));

interface Some {
  readonly name: string;
  readonly title: string | null | undefined;
  readonly tags: readonly string[];
}

function arrival({ name, title, tags }: Some): Arrival {
  const metadata = { name, namespace: "default", ...(title === undefined ? {} : { title }), tags: [...tags] } as Entity["metadata"];
  const entity: Entity = { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata, spec: { type: "x" } };
  return { ref: `component:default/${name}`, entity, sourceId: "src", sample: false, docsRoot: undefined };
}

const some = fc.record<Some>({
  name: fc.constantFrom(...NAMES),
  title: fc.constantFrom("a", "B", "b", "c", null, undefined, "x".repeat(201)),
  tags: fc.subarray(["p", "q"]),
});
const order = fc
  .record({ field: fc.constantFrom("metadata.title", "metadata.name", "metadata.tags", "metadata.uid"), descending: fc.boolean() })
  .map((one) => orderBy([one]));

function makeWorld(entities: readonly Some[]) {
  const estate = createEstate();
  const orders = createFieldOrders(estate);
  const apply = (arrivals: readonly Some[], departures: readonly string[]): void => {
    const refs = departures.map((name) => `component:default/${name}`);
    estate.apply(
      arrivals.map((one) => estate.prepare(arrival(one))),
      refs,
    );
    orders.apply([...refs, ...arrivals.map(({ name }) => `component:default/${name}`)]);
  };
  apply(entities, []);
  return { estate, orders, apply };
}

describe("paging", () => {
  test("brings each entity once, in order, there and back", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(some, { selector: ({ name }) => name }),
        order,
        fc.constantFrom("last" as const, "out" as const),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (entities, by, lacking, limit, onlyTagged) => {
          const { estate, orders } = makeWorld(entities);
          const ids = onlyTagged ? estate.select([{ key: "metadata.tags", values: ["p"] }]) : estate.all();
          const take = (from?: { position: Position; backwards: boolean }): Page =>
            takePage(orders, { ids, size: estate.size, order: by, lacking, limit, offset: 0, from });
          const pages: (readonly number[])[] = [];
          let page = take();
          expect(page.before).toBe(false);
          for (; page.ids.length > 0; page = take({ position: orders.positionOf(by, page.ids.at(-1)!), backwards: false })) {
            pages.push(page.ids);
            if (!page.more) break;
          }
          const there = pages.flat();
          const wanted = [...orders.some(by, lacking, ids).ids()];
          expect(there).toEqual(wanted);
          expect(page.total).toBe(wanted.length);

          const back: number[] = [];
          for (let last = pages.pop(); last !== undefined && last.length > 0;) {
            back.unshift(...last);
            const before = take({ position: orders.positionOf(by, last[0]!), backwards: true });
            expect(before.more).toBe(true);
            if (!before.before && before.ids.length === 0) break;
            last = before.ids;
          }
          expect(back).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("brings what stays once, while others come and go", () => {
    const change = fc.record({
      come: fc.array(some, { maxLength: 3 }),
      go: fc.array(fc.constantFrom(...NAMES.slice(13)), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(some, { selector: ({ name }) => name }),
        order,
        fc.array(change, { minLength: 20, maxLength: 20 }),
        (entities, by, changes) => {
          const { estate, orders, apply } = makeWorld(entities);
          // The first half of the alphabet stays as it is.
          const stay = entities.filter(({ name }) => name < "n").map(({ name }) => `component:default/${name}`);
          const brought: string[] = [];
          let from: { position: Position; backwards: boolean } | undefined;
          for (let round = 0; round < 60; round++) {
            const page = takePage(orders, { ids: estate.all(), size: estate.size, order: by, lacking: "last", limit: 2, offset: 0, from });
            brought.push(...page.ids.map((id) => estate.refOf(id)));
            if (!page.more) break;
            from = { position: orders.positionOf(by, page.ids.at(-1)!), backwards: false };
            const { come, go } = changes[round % changes.length]!;
            if (round < changes.length)
              apply(
                come.filter(({ name }) => name >= "n"),
                go,
              );
          }
          const kept = brought.filter((ref) => stay.includes(ref));
          expect([...kept].sort()).toEqual([...stay].sort());
        },
      ),
      { numRuns: 300 },
    );
  });

  test("an order that was kept up is the one that is made anew", () => {
    const step = fc.oneof(some, fc.record({ gone: fc.constantFrom(...NAMES) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), order, (steps, by) => {
        const { estate, orders, apply } = makeWorld([]);
        orders.whole(by, "last");
        for (const one of steps) {
          if ("gone" in one) apply([], [one.gone]);
          else apply([one], []);
        }
        const anew = createFieldOrders(estate);
        for (const lacking of ["last", "out"] as const) {
          expect(orders.whole(by, lacking).ids()).toEqual(anew.whole(by, lacking).ids());
        }
        expect(orders.countHaving(by, estate.all())).toBe(anew.countHaving(by, estate.all()));
      }),
      { numRuns: 300 },
    );
  });

  test("an offset skips, and a limit of none counts", () => {
    const { estate, orders } = makeWorld(NAMES.map((name) => ({ name, title: name, tags: name < "d" ? ["p"] : [] })));
    const take = (over: object): Page =>
      takePage(orders, { ids: estate.all(), size: estate.size, order: orderBy([]), lacking: "last", limit: 2, offset: 0, ...over });
    expect(take({ offset: 24 }).ids.map((id) => estate.refOf(id))).toEqual(["component:default/y", "component:default/z"]);
    expect(take({ limit: 0 })).toEqual({ ids: [], total: 26, more: false, before: false });
    expect(take({ ids: estate.select([{ key: "metadata.tags", values: ["p"] }]), offset: 2 }).ids).toHaveLength(1);
    expect(take({ offset: 100 })).toMatchObject({ ids: [], more: false });
  });
});
