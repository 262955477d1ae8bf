import { describe, expect, test } from "vitest";

import { formatError, statusOf, toFaceError } from "./errors.ts";

describe("toFaceError", () => {
  test.each([
    [
      "Code: 60. DB::Exception: Unknown table expression identifier 'nope' in scope SELECT 1. (UNKNOWN_TABLE)",
      { code: 60, type: "UNKNOWN_TABLE", message: "Unknown table expression identifier 'nope' in scope SELECT 1." },
    ],
    [
      "Code: 164. DB::Exception: Code: 164. DB::Exception: Cannot modify 'max_threads' setting in readonly mode. (READONLY) (version 26.7.2.1). (READONLY)",
      { code: 164, type: "READONLY", message: "Cannot modify 'max_threads' setting in readonly mode." },
    ],
    ["boom", { code: 1002, type: "UNKNOWN_EXCEPTION", message: "boom" }],
  ])("%s", (text, fault) => expect(toFaceError(new Error(text))).toEqual(fault));

  test("is written in the one form that clients read", () => {
    expect(formatError({ code: 62, type: "SYNTAX_ERROR", message: "no" })).toBe("Code: 62. DB::Exception: no (SYNTAX_ERROR)");
    expect([statusOf(516), statusOf(60), statusOf(62), statusOf(202), statusOf(241)]).toEqual([401, 404, 400, 503, 500]);
  });
});
