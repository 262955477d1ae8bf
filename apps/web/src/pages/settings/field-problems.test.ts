import { ConflictError, UnavailableError } from "@roadbed/core";
import { describe, expect, it } from "vitest";

import { createToken, createUser } from "@roadbed/contracts/identity";
import { checkInput, problemsOfError } from "./field-problems.ts";

describe("checkInput", () => {
  it("says of each field what the server would say", () =>
    expect(checkInput(createUser, { username: "Ada Lovelace", displayName: "Ada", password: "short" })).toEqual({
      username: "must be 1 to 63 lower-case letters, digits, dots, dashes or underscores",
      password: "must have at least 12 characters",
    }));
  it("finds nothing wrong with what fits", () => expect(checkInput(createUser, { username: "ada", displayName: "Ada" })).toEqual({}));
  it("counts a fault inside a list to the list's field", () =>
    expect(Object.keys(checkInput(createToken, { name: "ci", scopes: ["nope" as never] }))).toEqual(["scopes"]));
});

describe("problemsOfError", () => {
  it("keeps the first problem of each field, with what mends it", () => {
    const error = new ConflictError("taken", {
      problems: [
        { at: "username", reason: "is taken", mend: "Choose another one." },
        { at: "username", reason: "is odd" },
      ],
    });
    expect(problemsOfError(error)).toEqual({ username: "is taken. Choose another one." });
  });
  it("takes the mend of the whole for its only problem", () => {
    const error = new ConflictError("gone", { mend: "Give the whole path.", problems: [{ at: "target", reason: "is not there" }] });
    expect(problemsOfError(error)).toEqual({ target: "is not there. Give the whole path." });
  });
  it("has nothing to say of an error that is about no field", () => {
    expect(problemsOfError(new UnavailableError("down"))).toEqual({});
    expect(problemsOfError(new TypeError("x"))).toEqual({});
  });
});
