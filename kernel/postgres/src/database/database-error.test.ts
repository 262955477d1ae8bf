import { ConflictError, InvalidError, NotFoundError, UnavailableError } from "@roadbed/core";
import { describe, expect, test } from "vitest";

import { isConnectionLost, toDatabaseError } from "./database-error.ts";

const said = (code: string, message = "said"): Error =>
  Object.assign(new Error(message), { code, detail: "Key (name)=(one) already exists." });

describe("toDatabaseError", () => {
  test.each([
    ["53100", UnavailableError],
    ["53300", UnavailableError],
    ["57P01", UnavailableError],
    ["57P03", UnavailableError],
    ["08006", UnavailableError],
    ["ECONNREFUSED", UnavailableError],
    ["40P01", UnavailableError],
    ["57014", UnavailableError],
    ["23505", ConflictError],
    ["22021", InvalidError],
  ])("%s", (code, type) => {
    const cause = said(code);
    expect(toDatabaseError(cause)).toBeInstanceOf(type);
    expect((toDatabaseError(cause) as Error).cause).toBe(cause);
  });

  test("a full disk tells how to mend it and that reading goes on", () => {
    expect(toDatabaseError(said("53100"))).toMatchObject({
      mend: expect.stringContaining("Free space"),
      message: expect.stringContaining("Reading still works"),
    });
  });

  test("faults of ours and errors of the platform pass through", () => {
    for (const error of [said("42601"), new NotFoundError("item", "one"), new TypeError("x")]) expect(toDatabaseError(error)).toBe(error);
  });
});

test("half of a character is the caller's to mend, as the NUL character is", () => {
  expect(toDatabaseError(said("22P02", "invalid input syntax for type json"))).toBeInstanceOf(InvalidError);
  const other = said("22P02", "invalid input syntax for type integer");
  expect(toDatabaseError(other)).toBe(other);
});

test("a missing socket is a lost connection, a missing file is not", () => {
  const missing = (syscall: string): Error => Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", syscall });
  expect(isConnectionLost(missing("connect"))).toBe(true);
  expect(isConnectionLost(missing("open"))).toBe(false);
  expect(toDatabaseError(missing("open"))).not.toBeInstanceOf(UnavailableError);
});

test("isConnectionLost knows what the driver says without a code", () => {
  expect(isConnectionLost(new Error("Connection terminated unexpectedly"))).toBe(true);
  expect(isConnectionLost(new Error("syntax error"))).toBe(false);
});
