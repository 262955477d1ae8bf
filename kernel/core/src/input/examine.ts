import type { z } from "zod";

import { InvalidError, type Problem } from "../errors.ts";
import { wordIssue, type Fault } from "./word-issue.ts";

/** What a schema makes of an input: its value, or all that does not fit. */
export type Examined<T> = { readonly value: T; readonly faults?: never } | { readonly value?: never; readonly faults: readonly Fault[] };

/** Parses outside input and says in words for people what does not fit. */
export function examine<T>(schema: z.ZodType<T>, raw: unknown): Examined<T> {
  // An empty message marks what the schema itself has no words for.
  const parsed = schema.safeParse(raw, { error: () => "", reportInput: true });
  if (parsed.success) return { value: parsed.data };
  return { faults: withoutEchoes(parsed.error.issues).flatMap((issue) => wordIssue(issue, { raw, schema, base: [] })) };
}

/** A rule of our own says nothing new of a value that has not even the right form. */
function withoutEchoes(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const broken = new Set(
    issues.filter(({ code }) => code === "invalid_format" || code === "invalid_type").map(({ path }) => path.map(String).join(".")),
  );
  return issues.filter(({ code, path }) => code !== "custom" || !broken.has(path.map(String).join(".")));
}

/** Parses outside input; throws `InvalidError` that names each field, the reason and, where one is known, the mend. */
export function parseInput<T>(schema: z.ZodType<T>, raw: unknown): T {
  const { value, faults } = examine(schema, raw);
  if (faults === undefined) return value;
  const problems = faults.map(toProblem);
  throw new InvalidError(problems.map(({ at, reason }) => (at === "" ? reason : `${at}: ${reason}`)).join("; "), { problems });
}

/** A fault as errors carry it, its path joined by dots. */
export function toProblem({ path, reason, mend }: Fault): Problem {
  return { at: path.map(String).join("."), reason, ...(mend === undefined ? {} : { mend }) };
}
