import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { mergeClaims, type Claim, type DeclaredOrder, type Overlay, type Standing, type Voice } from "./merge-claims.ts";
import { formatProperty, parseProperty, reservedReason, valueAt } from "./property.ts";

let voices = 0;
const voice = (standing: Standing, over: Partial<Voice> = {}): Voice => ({ id: `v${voices++}`, standing, names: [], since: 0, ...over });
const base = (spec: object, metadata: object = {}): Claim => ({
  voice: voice("definition", { id: "base", names: ["src_files", "files"] }),
  document: {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: "orders", namespace: "default", ...metadata },
    spec,
  },
});
const connector = (spec: object, over: Partial<Voice> = {}): Claim => ({ voice: voice("connector", over), document: { spec } });
const overlay = (property: string, value: unknown, locked = false, over: Partial<Voice> = {}): Overlay => ({
  voice: voice(locked ? "lock" : "person", over),
  path: parseProperty(property)!,
  value,
});

describe("mergeClaims", () => {
  test("a document that nobody else speaks of stays as it is, to the letter", () => {
    const one = base({ owner: "team-a", nested: {}, list: [1, 2], empty: null }, { tags: ["x"], annotations: { "a.b/c": "1" } });
    const { document, facts } = mergeClaims(one, [], []);
    expect(JSON.stringify(document)).toBe(JSON.stringify(one.document));
    expect(facts.get("spec.owner")).toMatchObject({ value: "team-a", winner: { id: "base" }, losing: [] });
    expect(facts.get("metadata.annotations.a.b/c")?.value).toBe("1");
  });

  test("what two systems say of who is on call stands side by side; a person, a descriptor or a declared order decides", () => {
    const one = base({ owner: "team-a" });
    const pager = connector(
      { onCall: [{ name: "Ada", source: "pagerduty" }], tags: ["a"] },
      { id: "a-pager", names: ["pagerduty"], since: 1 },
    );
    const genie = connector(
      { onCall: [{ name: "Ole", source: "opsgenie" }], tags: ["b"] },
      { id: "b-genie", names: ["opsgenie"], since: 2 },
    );
    const both = [
      { name: "Ada", source: "pagerduty" },
      { name: "Ole", source: "opsgenie" },
    ];
    for (const claims of [
      [pager, genie],
      [genie, pager],
    ]) {
      const { document, facts } = mergeClaims(one, claims, []);
      // Any other list is taken whole: it does not say whose each item is.
      expect(document["spec"]).toEqual({ owner: "team-a", onCall: both, tags: ["b"] });
      expect(facts.get("spec.onCall")).toMatchObject({
        winner: { id: "b-genie" },
        losing: [],
        parts: [{ voice: { id: "a-pager" } }, { voice: { id: "b-genie" } }],
      });
    }
    const onCall = (overlays: Overlay[], order: DeclaredOrder[] = [], first: Claim = one) =>
      (mergeClaims(first, [pager, genie], overlays, order).document["spec"] as Record<string, unknown>)["onCall"];
    expect(onCall([overlay("spec.onCall", "pia")])).toBe("pia");
    expect(onCall([], [], base({ onCall: "pia" }))).toBe("pia");
    expect(onCall([], [{ property: ["spec", "onCall"], order: ["pagerduty"] }])).toEqual([both[0]]);
  });

  test("the descriptor is believed before a person, a person before a connector, a lock before all", () => {
    const one = base({ owner: "team-a" });
    const pager = connector({ owner: "team-p", onCall: "pia", tier: "3" });
    const set = [overlay("spec.owner", "team-b"), overlay("spec.tier", "1")];
    const { document, facts } = mergeClaims(one, [pager], set);
    expect(document["spec"]).toEqual({ owner: "team-a", onCall: "pia", tier: "1" });
    expect(facts.get("spec.owner")?.losing.map(({ value }) => value)).toEqual(["team-b", "team-p"]);
    const locked = mergeClaims(one, [pager], [overlay("spec.owner", "team-b", true)]);
    expect(locked.document["spec"]).toMatchObject({ owner: "team-b" });
    expect(locked.facts.get("spec.owner")?.losing.map(({ value }) => value)).toEqual(["team-a", "team-p"]);
  });

  test("among connectors the newest news is believed, and the name decides where the news is equally old", () => {
    const [older, newer] = [connector({ onCall: "pia" }, { since: 1 }), connector({ onCall: "ole" }, { since: 2 })];
    expect(mergeClaims(base({}), [older, newer], []).document["spec"]).toEqual({ onCall: "ole" });
    const [a, b] = [connector({ onCall: "pia" }, { id: "a" }), connector({ onCall: "ole" }, { id: "b" })];
    expect(mergeClaims(base({}), [b, a], []).document["spec"]).toEqual({ onCall: "pia" });
  });

  test("a declared order is for a property and all below it; the nearer one counts", () => {
    const pager = connector({ owner: "team-p", profile: { mail: "p", phone: "1" } }, { names: ["pagerduty"] });
    const one = base({ owner: "team-a", profile: { mail: "a", phone: "2" } });
    const order = (property: string, ...words: string[]): DeclaredOrder => ({ property: parseProperty(property)!, order: words });
    const { document } = mergeClaims(one, [pager], [], [order("spec", "pagerduty"), order("spec.profile.phone", "definition")]);
    expect(document["spec"]).toEqual({ owner: "team-p", profile: { mail: "p", phone: "2" } });
  });

  test("a second source that describes it is seen, and heard only where an order names it", () => {
    const second: Claim = {
      voice: voice("standby", { names: ["other repo"] }),
      document: { kind: "Component", metadata: { name: "orders", title: "Orders 2" }, spec: { owner: "team-z", system: "shop" } },
    };
    const one = base({ owner: "team-a" });
    const { document, facts } = mergeClaims(one, [second], []);
    expect(document).toEqual(one.document);
    expect(facts.get("spec.system")).toMatchObject({ value: undefined, winner: undefined, losing: [{ value: "shop" }] });
    expect(facts.get("spec.owner")?.losing).toMatchObject([{ value: "team-z" }]);
    const heard = mergeClaims(one, [second], [], [{ property: ["spec", "system"], order: ["other repo"] }]);
    expect(heard.document["spec"]).toEqual({ owner: "team-a", system: "shop" });
  });

  test("lists are taken whole, maps property by property, and a value beats the map it outranks", () => {
    const pager = connector({ tags: ["x"], profile: { phone: "1" }, deep: { a: 1 } });
    const { document, facts } = mergeClaims(base({ tags: ["a", "b"], profile: { mail: "a" }, deep: "plain" }), [pager], []);
    expect(document["spec"]).toEqual({ tags: ["a", "b"], profile: { mail: "a", phone: "1" }, deep: "plain" });
    expect(facts.get("spec.deep")?.losing).toMatchObject([{ value: { a: 1 } }]);
    const locked = mergeClaims(base({ deep: "plain" }), [], [overlay("spec.deep.a", 2, true)]);
    expect(locked.document["spec"]).toEqual({ deep: { a: 2 } });
    expect(locked.facts.get("spec.deep")?.losing).toMatchObject([{ value: "plain" }]);
  });

  test("a person may take a property away, and then it is told who said it", () => {
    const { document, facts } = mergeClaims(base({ owner: "team-a", system: "shop" }), [], [overlay("spec.system", null, true)]);
    expect(document["spec"]).toEqual({ owner: "team-a" });
    expect(facts.get("spec.system")).toMatchObject({ value: undefined, winner: { standing: "lock" }, losing: [{ value: "shop" }] });
  });

  test("nobody else says what an entity is called", () => {
    const one = base({ owner: "a" });
    const rogue: Claim = {
      voice: voice("connector"),
      document: { apiVersion: "x", kind: "User", metadata: { name: "b", namespace: "c", uid: "u", etag: "e" }, relations: [], spec: {} },
    };
    const set = ["metadata.name", "kind", "relations", "metadata.uid", "spec"].map((property) => overlay(property, "x", true));
    expect(mergeClaims(one, [rogue], set).document).toEqual(one.document);
  });

  test("of what is made only of a part that a declared order lets somebody say, that one is the winner", () => {
    const standby = (id: string, p: unknown): Claim => ({
      voice: { id, standing: "standby", names: [id], since: 0 },
      document: { spec: { p } },
    });
    const order = [{ property: ["spec", "p", "q"], order: ["two"] }];
    const { document, facts } = mergeClaims(base({}), [standby("one", []), standby("two", { q: "x" })], [], order);
    expect(document["spec"]).toEqual({ p: { q: "x" } });
    expect(facts.get("spec.p")).toMatchObject({ value: { q: "x" }, winner: { id: "two" }, losing: [{ voice: { id: "one" } }] });
  });

  test("keys that mean something to JavaScript are data", () => {
    const evil = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as object;
    const { document } = mergeClaims(base(evil), [connector(JSON.parse('{"toString":"x"}') as object)], []);
    expect(Object.keys(document["spec"] as object)).toEqual(["__proto__", "constructor", "toString"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("whatever is said", () => {
  const leaf = fc.oneof(fc.constantFrom("a", "b", 1, true), fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }));
  const key = fc.constantFrom("p", "q", "r", "dotted.key");
  const spec: fc.Arbitrary<Record<string, unknown>> = fc.letrec((tie) => ({
    spec: fc.dictionary(key, fc.oneof({ maxDepth: 2 }, leaf, tie("spec")), { maxKeys: 3 }),
  }))["spec"] as fc.Arbitrary<Record<string, unknown>>;
  const names = fc.constantFrom<readonly string[]>(["one"], ["two"], ["three"]);
  const claims = fc
    .array(fc.tuple(fc.constantFrom<Standing>("connector", "standby"), names, fc.nat(2), spec), { maxLength: 4 })
    .map((all) =>
      all.map(([standing, called, since, said], at): Claim => ({
        voice: { id: `c${at}`, standing, names: called, since },
        document: { spec: said },
      })),
    );
  const property = fc.array(key, { minLength: 1, maxLength: 2 }).map((keys) => ["spec", ...keys]);
  const overlays = fc.array(fc.tuple(property, fc.oneof(leaf, fc.constant(null)), fc.boolean(), fc.nat(2)), { maxLength: 3 }).map((all) =>
    all.map(([path, value, locked, since], at): Overlay => ({
      voice: { id: `o${at}`, standing: locked ? "lock" : "person", names: [], since },
      path,
      value,
    })),
  );
  const orders = fc.array(
    fc.record({
      property: fc.array(key, { maxLength: 2 }).map((keys) => ["spec", ...keys]),
      order: fc.uniqueArray(fc.constantFrom("one", "two", "three", "person", "connector", "standby", "definition"), { maxLength: 3 }),
    }),
    { maxLength: 2 },
  );

  test("the order of arrival never changes the result, to the letter", () => {
    fc.assert(
      fc.property(spec, claims, overlays, orders, fc.func(fc.integer()), (said, cs, os, precedence, shuffle) => {
        const mixed = <T extends { voice: Voice }>(all: readonly T[]): T[] =>
          [...all].sort((a, b) => shuffle(a.voice.id) - shuffle(b.voice.id));
        const one = base(said);
        const straight = mergeClaims(one, cs, os, precedence);
        const shuffled = mergeClaims(one, mixed(cs), mixed(os), precedence);
        expect(JSON.stringify(shuffled.document)).toBe(JSON.stringify(straight.document));
        expect([...shuffled.facts.entries()]).toEqual([...straight.facts.entries()]);
      }),
    );
  });

  test("merging what was merged changes nothing", () => {
    fc.assert(
      fc.property(spec, claims, overlays, (said, cs, os) => {
        const first = mergeClaims(base(said), cs, os).document;
        const again = mergeClaims({ voice: base({}).voice, document: first }, cs, os).document;
        expect(again).toEqual(first);
      }),
    );
  });

  test("a claim that goes leaves no trace of itself", () => {
    fc.assert(
      fc.property(spec, claims, overlays, orders, fc.nat(), (said, cs, os, precedence, which) => {
        fc.pre(cs.length > 0);
        const one = base(said);
        const gone = cs[which % cs.length]!;
        const rest = cs.filter((claim) => claim !== gone);
        const { facts } = mergeClaims(one, rest, os, precedence);
        const named = [...facts.values()].flatMap(({ winner, losing }) => [winner, ...losing.map(({ voice: other }) => other)]);
        expect(named.some((other) => other?.id === gone.voice.id)).toBe(false);
        // And with all gone it is the descriptor's own document again.
        expect(JSON.stringify(mergeClaims(one, [], [], precedence).document)).toBe(JSON.stringify(one.document));
      }),
    );
  });

  test("every value of the result has a winner who says it, and nothing that is said is forgotten", () => {
    fc.assert(
      fc.property(spec, claims, overlays, orders, (said, cs, os, precedence) => {
        const { document, facts } = mergeClaims(base(said), cs, os, precedence);
        for (const { path, value, winner } of facts.values()) {
          expect(valueAt(document, path)).toEqual(value);
          if (value !== undefined) expect(winner).toBeDefined();
        }
        const heard = new Set([...facts.values()].flatMap(({ winner, losing }) => [winner?.id, ...losing.map(({ voice: v }) => v.id)]));
        for (const { voice: one, document: part } of cs) {
          const leaves = JSON.stringify((part as { spec: object }).spec).match(/"[ab]"|\btrue\b|\b1\b|\[/g);
          if (leaves) expect(heard).toContain(one.id);
        }
      }),
    );
  });

  test("what is locked is so", () => {
    fc.assert(
      fc.property(spec, claims, property, leaf, orders, (said, cs, path, value, precedence) => {
        const lock: Overlay = { voice: { id: "lock", standing: "lock", names: [], since: 0 }, path, value };
        expect(valueAt(mergeClaims(base(said), cs, [lock], precedence).document, path)).toEqual(value);
      }),
    );
  });
});

describe("properties", () => {
  test.each([
    [["spec", "owner"], "spec.owner"],
    [["metadata", "annotations", "backstage.io/techdocs-ref"], "metadata.annotations.backstage.io/techdocs-ref"],
    [["spec", "a.b", "c\\d"], "spec.a\\.b.c\\\\d"],
  ])("%j is written %s", (path, text) => {
    expect(formatProperty(path)).toBe(text);
    expect(parseProperty(text)).toEqual(path);
  });

  test("whatever is written comes back", () => {
    const key = fc.string({ minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (path) => {
        expect(parseProperty(formatProperty(path))).toEqual(path);
      }),
    );
  });

  test.each(["", ".", "spec.", ".owner", "spec..owner", "spec\\"])("%j names none", (text) => expect(parseProperty(text)).toBeUndefined());

  test("some are not for people to say", () => {
    for (const text of [
      "kind",
      "apiVersion",
      "metadata.name",
      "metadata.namespace",
      "metadata.uid",
      "metadata.etag",
      "relations",
      "status.x",
      "spec",
      "x",
    ])
      expect(reservedReason(parseProperty(text)!), text).toBeDefined();
    for (const text of ["spec.owner", "metadata.title", "metadata.labels.a/b"])
      expect(reservedReason(parseProperty(text)!)).toBeUndefined();
  });
});
