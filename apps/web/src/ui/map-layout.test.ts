import { expect, test } from "vitest";

import { CARD, layOut } from "./map-layout.ts";

test("each environment stands to the right of those from which releases come to it, none upon another", () => {
  const { cards, lines, width, height } = layOut([
    { name: "dev", upstream: [] },
    { name: "test", upstream: [] },
    { name: "staging", upstream: ["dev"] },
    { name: "prod-eu", upstream: ["staging", "test"] },
    { name: "prod-us", upstream: ["staging", "gone"] },
  ]);
  const at = Object.fromEntries(cards.map((card) => [card.name, card]));
  expect(at["staging"]!.x).toBeGreaterThanOrEqual(at["dev"]!.x + CARD.width);
  expect(at["prod-eu"]!.x).toBe(at["prod-us"]!.x);
  expect(at["prod-us"]!.y).toBeGreaterThanOrEqual(at["prod-eu"]!.y + CARD.height);
  expect(new Set(cards.map(({ x, y }) => `${x} ${y}`)).size).toBe(5);
  expect(lines.map(({ from, to }) => `${from}→${to}`)).toEqual(["dev→staging", "staging→prod-eu", "test→prod-eu", "staging→prod-us"]);
  expect([width, height]).toEqual([3 * CARD.width + 2 * 56, 2 * CARD.height + 16]);
  expect(layOut([])).toMatchObject({ width: 0, height: 0 });
});
