import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { MOST_CASES, readCases, readScores } from "./read-lines.ts";

const KNOWN = new Set(["a", "b", "c"]);

test("scores are read line by line, with what they cost", () => {
  const text = '{"case":"a","score":1}\r\n\n{"case":"b","score":0.5,"tokens":12,"cost":0.0021,"latencyMs":8,"note":"short"}';
  expect(readScores(text, KNOWN)).toEqual([
    { case: "a", score: 1 },
    { case: "b", score: 0.5, tokens: 12, cost: "0.002100000", latencyMs: 8, note: "short" },
  ]);
});

test.each([
  ['{"case":"a","score":1.5}', "line 1: score: must be from 0 to 1"],
  ['{"case":"a","score":-0.1}', "line 1: score: must be from 0 to 1"],
  ['{"case":"a","score":NaN}', "line 1: is no JSON: NaN"],
  ['{"case":"a","score":null}', "line 1: score: must be a number from 0 to 1"],
  ['{"case":"a","score":"0.5"}', "line 1: score: must be a number"],
  ['{"case":"a","score":1}\n{"case":"a","score":0}', "line 2: the case a stands in line 1 already"],
  ['{"case":"z","score":1}', "line 1: case: the set has no case z"],
  ['{"case":"a"', "line 1: is no JSON"],
  ["[]", "line 1:"],
  ["\n\n", "holds no score"],
  ['{"case":"a","score":1,"cost":-1}', "line 1: cost"],
])("%s is refused and told by line", (text, words) => {
  expect(() => readScores(text, KNOWN)).toThrow(InvalidError);
  expect(() => readScores(text, KNOWN)).toThrow(words);
});

test("all that is wrong is told, to twenty lines", () => {
  const text = Array.from({ length: 50 }, () => "no").join("\n");
  try {
    readScores(text, KNOWN);
    expect.unreachable();
  } catch (error) {
    expect((error as InvalidError).problems).toHaveLength(20);
  }
});

test("cases have an id each, and the digest is that of the text", () => {
  const text = '{"id":"a","question":"?"}\n{"id":"b"}\n';
  expect(readCases(text)).toMatchObject({ ids: ["a", "b"], digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  expect(readCases(`${text}\n`).digest).not.toBe(readCases(text).digest);
  expect(() => readCases('{"question":"?"}')).toThrow("line 1: id");
});

test("a hundred thousand cases are read, one more is refused", () => {
  const lines = Array.from({ length: MOST_CASES }, (_, at) => `{"id":"${at}"}`);
  expect(readCases(lines.join("\n")).ids).toHaveLength(MOST_CASES);
  expect(() => readCases([...lines, '{"id":"more"}'].join("\n"))).toThrow(`is more than ${MOST_CASES} lines`);
});

test("whatever is sent, it is lines or an InvalidError", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        readScores(text, KNOWN);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidError);
      }
    }),
  );
});
