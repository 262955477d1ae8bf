import { expect, test } from "vitest";

import { createRecentRequests } from "./recent-requests.ts";

const bytes = (text: string) => Buffer.from(text);

test("the same bytes are stored once, also while the first are on their way", async () => {
  const recent = createRecentRequests<number>();
  let times = 0;
  const work = async () => ++times;
  expect(await Promise.all([recent.once("traces", bytes("a"), work), recent.once("traces", bytes("a"), work)])).toEqual([1, 1]);
  expect(await recent.once("traces", bytes("a"), work)).toBe(1);
  expect(await recent.once("metrics", bytes("a"), work)).toBe(2);
  expect(await recent.once("traces", bytes("b"), work)).toBe(3);
});

test("what failed is done again", async () => {
  const recent = createRecentRequests<string>();
  await expect(recent.once("traces", bytes("a"), () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await recent.once("traces", bytes("a"), async () => "stored")).toBe("stored");
});

test("it forgets after ten minutes, and when there is too much", async () => {
  let clock = 0;
  const recent = createRecentRequests<number>(() => clock, 2);
  let times = 0;
  const once = (text: string) => recent.once("traces", bytes(text), async () => ++times);
  await once("a");
  clock = 600_001;
  expect(await once("a")).toBe(2);
  for (const text of ["b", "c", "d", "e"]) await once(text);
  expect(await once("a")).toBe(7);
});
