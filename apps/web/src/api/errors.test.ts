import { ConflictError, InvalidError } from "@roadbed/core";
import { expect, test } from "vitest";

import { toWords } from "./errors.ts";

test("what the sentence says already is not said again as a problem; what it does not is", () => {
  const twice = new InvalidError("The input is wrong. reason: must say why", { problems: [{ at: "reason", reason: "must say why" }] });
  expect(toWords(twice)).toMatchObject({ title: "The input is wrong. reason: must say why", problems: [] });
  const more = new ConflictError("It cannot be merged now.", { problems: [{ at: "freeze", reason: "It is frozen." }], mend: "Wait." });
  expect(toWords(more)).toMatchObject({ mend: "Wait.", problems: [{ at: "freeze", reason: "It is frozen." }] });
});
