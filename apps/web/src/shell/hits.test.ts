import { describe, expect, test } from "vitest";

import { groupHits, piecesOf, placeOf, type Hit } from "./hits.ts";

function hit(kind: Hit["kind"], name: string): Hit {
  return { kind, ref: `component:default/${name}`, title: name, entityKind: "Component", score: 1, marks: { title: [], excerpt: [] } };
}

describe("what a search found", () => {
  test("is grouped by sort, the best sort first, and no sort hides the others", () => {
    const many = Array.from({ length: 12 }, (_, at) => hit("doc", `page-${at}`));
    const groups = groupHits(
      [hit("person", "ada"), ...many, hit("entity", "pay"), hit("path", "known"), hit("path", "new")],
      new Set(["known"]),
    );
    expect(groups.map(({ label, hits }) => [label, hits.length])).toEqual([
      ["People and teams", 1],
      ["Documentation", 8],
      ["Catalogue", 1],
      ["Golden paths", 1],
    ]);
  });

  test("leads to where it is", () => {
    expect(placeOf({ ...hit("doc", "a"), page: "x.md" })).toEqual({ tab: "docs", page: "x.md" });
    expect(placeOf(hit("operation", "a"))).toEqual({ tab: "api" });
    expect(placeOf(hit("entity", "a"))).toEqual({});
  });

  test("is shown in pieces that make the whole text", () => {
    expect(piecesOf("payment", [[0, 3]])).toEqual([
      { text: "pay", marked: true },
      { text: "ment", marked: false },
    ]);
    expect(piecesOf("abc", [])).toEqual([{ text: "abc", marked: false }]);
    expect(piecesOf("", [])).toEqual([]);
  });
});
