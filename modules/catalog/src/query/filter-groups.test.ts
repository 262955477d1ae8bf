import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseGroups } from "./filter-groups.ts";

describe("parseGroups", () => {
  test.each<[texts: string[], expected: unknown]>([
    [["kind=Component"], [[{ key: "kind", values: ["component"] }]]],
    [["kind=a,kind=b"], [[{ key: "kind", values: ["a", "b"] }]]],
    [
      ["a=1,b=2"],
      [
        [
          { key: "a", values: ["1"] },
          { key: "b", values: ["2"] },
        ],
      ],
    ],
    [
      ["a=1", "b"],
      [[{ key: "a", values: ["1"] }], [{ key: "b", values: undefined }]],
    ],
    [
      [" a = 1 , b "],
      [
        [
          { key: "a", values: ["1"] },
          { key: "b", values: undefined },
        ],
      ],
    ],
    [["a=b=c"], [[{ key: "a", values: ["b=c"] }]]],
    [["a="], [[{ key: "a", values: [""] }]]],
    [["a,a=1"], [[{ key: "a", values: ["1"] }]]],
    [["a=1,a"], [[{ key: "a", values: ["1"] }]]],
    [["", " , "], undefined],
    [[], undefined],
  ])("%j", (texts, expected) => {
    expect(parseGroups(texts)).toEqual(expected);
  });

  test("a pair without a key is refused", () => {
    expect(() => parseGroups(["=x"])).toThrow(InvalidError);
  });

  test("what was written comes back, in lower case", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9./:-]{0,8}$/);
    const group = fc.uniqueArray(fc.tuple(word, fc.option(fc.array(word, { minLength: 1, maxLength: 3 }), { nil: undefined })), {
      minLength: 1,
      maxLength: 4,
      selector: ([key]) => key.toLowerCase(),
    });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 3 }), (groups) => {
        const texts = groups.map((pairs) =>
          pairs.map(([key, values]) => (values === undefined ? key : values.map((value) => `${key}=${value}`).join(","))).join(" , "),
        );
        expect(parseGroups(texts)).toEqual(
          groups.map((pairs) =>
            pairs.map(([key, values]) => ({ key: key.toLowerCase(), values: values?.map((one) => one.toLowerCase()) })),
          ),
        );
      }),
    );
  });
});
