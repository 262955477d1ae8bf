import type { Sql } from "@roadbed/core";
import { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import { createCel } from "@roadbed/cel";
import { afterAll, describe, expect, test } from "vitest";

import { drawBadge, isSigned, makeSigner, signedPart } from "./badge.ts";
import type { Board, Entry } from "./board.ts";
import { createDefinition } from "./definition.ts";

const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());

const rule = { id: "a", title: "A", expression: "true", level: "bronze", category: "care", message: "no", mend: "Do it.", effort: "hours" };
const document = ScorecardDocument.parse({
  apiVersion: "roadbed.dev/v1",
  kind: "Scorecard",
  metadata: { name: "ready", title: "Ready & <able>" },
  spec: {
    levels: [
      { name: "bronze", title: "Bronze" },
      { name: "gold", title: "Gold" },
    ],
    categories: [{ name: "care", title: "Care" }],
    rules: [rule],
  },
});
const definition = createDefinition(document, 1, cel);
const entry = {} as Entry;
const at = (rank: number): Board => ({ standing: () => ({ rank, ranks: [rank] }) }) as unknown as Board;
const titleOf = (svg: string): string | undefined =>
  /<title>([^<>]*)<\/title>/.exec(svg)?.[1]?.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const draw = (board: Board, of: Entry | undefined, more: object = {}): string =>
  drawBadge(board, definition, of, { ref: "component:default/a", theme: "light", ...more });

describe("a badge", () => {
  test.each([
    [2, "Ready & <able>: Gold"],
    [1, "Ready & <able>: Bronze"],
    [0, "Ready & <able>: below Bronze"],
  ])("at rank %i says so, in XML that is whole", (rank, words) => {
    const svg = draw(at(rank), entry);
    expect(titleOf(svg)).toBe(words);
    expect(svg).not.toContain("<able>");
  });

  test("of what is not looked at says that, and of a category only that", () => {
    expect(titleOf(draw(at(2), undefined))).toBe("Ready & <able>: not rated");
    expect(titleOf(draw(at(1), entry, { category: "care" }))).toBe("Care: Bronze");
  });

  test("has a look of its own for each level and for the dark", () => {
    const looks = [draw(at(0), entry), draw(at(1), entry), draw(at(2), entry), draw(at(2), entry, { theme: "dark" })];
    expect(new Set(looks.map((svg) => /x="\d+" width="\d+" height="20" fill="(#\w+)"/.exec(svg)?.[1])).size).toBe(4);
  });
});

test("a signature opens one picture in both looks, and nothing else", async () => {
  const sign = makeSigner({ query: async () => ({ rows: [{ badge_key: Buffer.alloc(32, 7) }], rowCount: 1 }) } as unknown as Sql);
  const asked = { ref: "component:default/a", scorecard: "ready", theme: "light" } as const;
  const signature = await sign(signedPart(asked));
  expect(await isSigned(sign, { ...asked, theme: "dark" }, signature)).toBe(true);
  for (const other of [
    { ...asked, ref: "component:default/b" },
    { ...asked, category: "care" },
    { ...asked, scorecard: undefined },
  ])
    expect(await isSigned(sign, other, signature)).toBe(false);
  for (const wrong of [undefined, "", signature.slice(1), `${signature}x`]) expect(await isSigned(sign, asked, wrong)).toBe(false);
});
