import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { describeSearchBox, FILTER_KEYS, formatSearchBox, hintsOf, parseSearchBox } from "./search-box.ts";

describe("a search box", () => {
  test.each([
    ["", {}],
    ["payment gateway", { words: ["payment", "gateway"] }],
    ['"two words" one', { phrases: ["two words"], words: ["one"] }],
    ['"not closed', { phrases: ["not closed"] }],
    ["kind:component owner:team-a", { filters: [is("kind", "component"), is("owner", "team-a")] }],
    ['KIND:API,component -tag:"no longer",old', { filters: [is("kind", "API", "component"), isNot("tag", "no longer", "old")] }],
    ["team:a lang:go", { filters: [is("owner", "a"), is("language", "go")] }],
    ["spec.port:8080", { filters: [is("spec.port", "8080")] }],
    ["owner:group:default/team-a", { filters: [is("owner", "group:default/team-a")] }],
    ['pay -java -"old ones"', { words: ["pay"], without: ["java", "old ones"] }],
    ["kind: pay", { words: ["pay"] }],
    ["- --", { words: ["-"], without: ["-"] }],
    ["component:default/orders https://example.com/a", { words: ["component:default/orders", "https://example.com/a"] }],
    ["sort:name", { words: ["sort:name"], unknown: ["sort"] }],
    ["svc-000 a-b", { words: ["svc-000", "a-b"] }],
  ])("%j", (text, expected) => {
    expect(parseSearchBox(text)).toEqual({ words: [], phrases: [], without: [], filters: [], unknown: [], ...expected });
  });

  test("never fails, and what it reads it reads again from what it writes", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('"', ":", ",", "-", " ", "kind:", "owner:", "-tag:", "spec.type:", '"a b"', "x:y", "a,b"),
      fc.tuple(fc.constantFrom(...Object.keys(FILTER_KEYS)), fc.string()).map(([key, value]) => `${key}:"${value}" `),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
        (text) => {
          const box = parseSearchBox(text);
          // Which unknown keys there were is said of what was typed.
          expect({ ...parseSearchBox(formatSearchBox(box)), unknown: [] }).toEqual({ ...box, unknown: [] });
          for (const part of [...box.words, ...box.phrases, ...box.without]) expect(part).not.toContain('"');
          for (const { values } of box.filters) expect(values.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("says how it was understood", () => {
    expect(describeSearchBox(parseSearchBox("plain words"))).toBe("");
    expect(describeSearchBox(parseSearchBox('kind:api,component -owner:team-a pay "a b" -old'))).toBe(
      "kind is api or component · owner is not team-a · with pay “a b” · without old",
    );
  });

  test("helps with a key that it does not know", () => {
    expect(hintsOf(parseSearchBox("ownr:x"))[0]).toContain("Did you mean owner:?");
    expect(hintsOf(parseSearchBox("life:x"))[0]).toContain("Did you mean lifecycle:?");
    expect(hintsOf(parseSearchBox("zzz:x"))[0]).toContain("There are kind, type, owner");
    expect(hintsOf(parseSearchBox("kind:x component:default/a"))).toEqual([]);
  });
});

function is(key: string, ...values: string[]): object {
  return { key, values, not: false };
}

function isNot(key: string, ...values: string[]): object {
  return { key, values, not: true };
}
