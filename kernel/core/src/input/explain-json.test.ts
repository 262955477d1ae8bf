import fc from "fast-check";
import { expect, it } from "vitest";

import { explainJson } from "./explain-json.ts";

it.each([
  ['{"a": 1,\n "b" 2}', "expected ':' after property name, at line 2, column 6"],
  ['{\n  "a": 1,\n}', "expected double-quoted property name, at line 3, column 1"],
  ['{\n "a": tru\n}', "there is something that is no value, at line 2, column 7"],
  ['{"a": ]}', "there is something that is no value, at line 1, column 7"],
  ["[1, , 2]", "there is something that is no value, at line 1, column 5"],
  ["name: orders", "there is something that is no value, at line 1, column 1"],
  ['{"a": [1, 2', "expected ',' or ']' after array element, at line 1, column 12"],
  ['{"a": ', "it ends too early, at line 1, column 6"],
  [" ", "it is empty"],
])("%j", (text, words) => expect(explainJson(text)).toBe(words));

it("whatever is cut out of JSON: the place is inside the text, or right behind it", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 3 }), (json, at, other) => {
      const text = json.slice(0, at % (json.length + 1)) + other + json.slice((at % (json.length + 1)) + 1);
      const [, line, column] = /line (\d+), column (\d+)$/.exec(explainJson(text)) ?? [];
      if (line === undefined) expect(["it is valid", "it is empty"]).toContain(explainJson(text));
      else expect(Number(column)).toBeLessThanOrEqual((text.split("\n")[Number(line) - 1] ?? "").length + 1);
    }),
  );
});
