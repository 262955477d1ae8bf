import { expect, test } from "vitest";
import { z } from "zod";

import { InvalidError } from "./errors.ts";
import { encodeCursor, readCursor } from "./page.ts";

test("a cursor gives back its position, also one with letters of all scripts", () => {
  expect(readCursor(z.string(), encodeCursor("ünïcødé/🦊"))).toBe("ünïcødé/🦊");
  expect(readCursor(z.string(), undefined)).toBeUndefined();
});

test("a cursor of another list or a made-up one is refused by name, never taken for the first page", () => {
  for (const cursor of ["zzz", "", "%", encodeCursor(1), encodeCursor(null), btoa("{"), "\u0000"])
    expect(() => readCursor(z.string(), cursor)).toThrow(InvalidError);
  expect(() => readCursor(z.string(), "zzz")).toThrow(expect.objectContaining({ problems: [expect.objectContaining({ at: "cursor" })] }));
});
