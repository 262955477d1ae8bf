import { InvalidError, type Operation, type Problem } from "@roadbed/core";

import type { Field } from "../command/fields.ts";

/** Refuses, before anything is sent, what the server would refuse: names flags and places instead of fields. */
export function checkInput(
  operation: Operation,
  fields: readonly Field[],
  positional: readonly string[],
  values: Readonly<Record<string, unknown>>,
): void {
  const parsed = operation.input.safeParse(values);
  if (parsed.success) return;
  const problems = parsed.error.issues.map(({ path, message }): Problem => {
    const [name = "", ...rest] = path.map(String);
    const field = fields.find((each) => each.name === name);
    if (!field) return { at: path.join("."), reason: message };
    const place = positional.includes(name) ? `<${field.flag}>` : `--${field.flag}`;
    if (values[name] === undefined)
      return { at: place, reason: "is missing", mend: `Add ${place}${positional.includes(name) ? "" : ` <${field.kind}>`}.` };
    return { at: [place, ...rest].join("."), reason: message };
  });
  throw new InvalidError("The command line does not fit.", { problems });
}
