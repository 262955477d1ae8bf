import { describe, expect, test } from "vitest";

import { LexError, tokenize } from "./tokens.ts";

const textsOf = (sql: string) => [...tokenize(sql)].map(({ text }) => text);

describe("tokenize", () => {
  test.each([
    ["select 'a;b' ; x", ["select", "'a;b'", ";", "x"]],
    ["'it''s' \"a\\\"b\" `c`", ["'it''s'", '"a\\"b"', "`c`"]],
    ["a -- ; b\n/* ; */ c # ; d\n e // ; f\ng #!h", ["a", "c", "e", "g"]],
    ["‘a ' ; b’ “c \" ; d”", ["‘a ' ; b’", '“c " ; d”']],
    ["$a$ ' ; $a$ x", ["$a$ ' ; $a$", "x"]],
    ["x'41\\'' y", ["x", "'41\\''", "y"]],
    ["{n:UInt8}", ["{", "n", ":", "UInt8", "}"]],
  ])("%s", (sql, texts) => expect(textsOf(sql)).toEqual(texts));

  test.each(["'open", '"open', "`open", "/* open", "‘open", "a \\ b", "a \0 b"])("refuses %j", (sql) => {
    expect(() => textsOf(sql)).toThrow(LexError);
  });

  test("reads no further than it is asked", () => {
    const tokens = tokenize("insert 'rows that no lexer can read");
    expect(tokens.next().value?.word).toBe("INSERT");
  });
});
