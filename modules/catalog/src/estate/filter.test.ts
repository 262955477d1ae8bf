import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseFilter } from "./filter.ts";

describe("parseFilter", () => {
  test.each([
    [undefined, []],
    ["", []],
    [" , ", []],
    ["kind=Component", [{ key: "kind", values: ["component"] }]],
    [
      " kind = component , spec.type = service ",
      [
        { key: "kind", values: ["component"] },
        { key: "spec.type", values: ["service"] },
      ],
    ],
    ["kind=a,kind=b", [{ key: "kind", values: ["a", "b"] }]],
    ["metadata.annotations.a/b", [{ key: "metadata.annotations.a/b", values: undefined }]],
    ["a=b=c", [{ key: "a", values: ["b=c"] }]],
    ["a,a=b", [{ key: "a", values: ["b"] }]],
    ["a=b,a", [{ key: "a", values: ["b"] }]],
    ["a=", [{ key: "a", values: [""] }]],
  ])("%j", (text, conditions) => {
    expect(parseFilter(text)).toEqual({ conditions });
  });

  test.each([
    'entity.kind == "Component"',
    '"x" in entity.metadata.tags',
    '!has(entity.spec["owner"])',
    'size(entity["metadata"].name) > 3',
  ])("%s is an expression", (text) => {
    expect(parseFilter(text)).toEqual({ expression: text });
  });

  test("every list of pairs comes back, in lower case, with the values of one key together", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9./-]{1,12}$/).filter((text) => !/entity[.[]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 8 }), (pairs) => {
        const filter = parseFilter(pairs.map(([key, value]) => `${key}=${value}`).join(","));
        const expected = new Map<string, string[]>();
        for (const [key, value] of pairs)
          expected.set(key.toLowerCase(), [...(expected.get(key.toLowerCase()) ?? []), value.toLowerCase()]);
        expect(filter).toEqual({ conditions: [...expected].map(([key, values]) => ({ key, values })) });
      }),
    );
  });

  test.each(["spec.owner~x", "kind:component", "spec.type!=service", "spec.cost>3", "kind component", "team a"])(
    "%s is a slip, and told with what was meant",
    (text) => {
      expect(() => parseFilter(text)).toThrow("is not a condition");
    },
  );

  test("what was meant is written out", () => {
    const tell = (text: string): string | undefined => {
      try {
        parseFilter(text);
        return undefined;
      } catch (error) {
        return (error as InvalidError).mend;
      }
    };
    expect(tell("spec.owner~team-a")).toContain("spec.owner=team-a");
    expect(tell("kind: component")).toContain("kind=component");
  });

  test("no text makes it fail otherwise", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseFilter(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidError);
        }
      }),
    );
  });
});
