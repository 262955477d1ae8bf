import assert from "node:assert/strict";
import { test } from "node:test";

import { shorten } from "../src/index.js";

test("what is short enough stays as it is", () => {
  assert.equal(shorten("as it is", 8), "as it is");
  assert.equal(shorten("", 1), "");
});

test("what is too long is cut between words", () => {
  assert.equal(shorten("one two three", 10), "one two…");
  assert.equal(shorten("incomprehensible", 6), "incom…");
});

test("a character is never cut in two", () => {
  assert.equal(shorten("🙂🙂🙂", 2), "🙂…");
});

test("a length that is none is refused", () => {
  for (const wrong of [0, -1, 1.5, NaN]) assert.throws(() => shorten("x", wrong), RangeError);
});
