import { expect, test } from "vitest";

import { Interrupted, Refusal, tellFailure } from "./refusal.mjs";

function told(error: unknown): { code: number; text: string } {
  let text = "";
  const code = tellFailure(error, (part: string) => (text += part) !== "");
  return { code, text };
}

const fsError = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code, path: "/clone/.roadbed" });

test("a refusal is told without a stack, with what to do", () => {
  expect(told(new Refusal("It rains.", "Take a coat."))).toEqual({ code: 1, text: "\nIt rains.\n→ Take a coat.\n" });
});

test.each([
  ["ENOSPC", "The disk is full (writing /clone/.roadbed)."],
  ["EACCES", "/clone/.roadbed cannot be read or written by this user."],
  ["EROFS", "/clone/.roadbed is on a read-only disk."],
])("what the file system refuses (%s) is told in words", (code, message) => {
  const { text } = told(fsError(code));
  expect(text).toContain(message);
  expect(text).toContain("→ ");
  expect(text).not.toContain("    at ");
});

test("a fault of ours keeps its stack", () => {
  expect(told(new Error("oops")).text).toContain("refusal.test.ts");
});

test("an interruption ends with the code of its signal", () => {
  expect(told(new Interrupted("SIGINT")).code).toBe(130);
  expect(told(new Interrupted("SIGTERM")).code).toBe(143);
});
