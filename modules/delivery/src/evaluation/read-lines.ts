import { createHash } from "node:crypto";

import { InvalidError, type Problem } from "@roadbed/core";
import { z } from "zod";

/** Cases and scores as they come in: one JSON object to a line. */

export const MOST_CASES = 100_000;
const MOST_PROBLEMS = 20;
const MAX_LINE_CHARS = 200_000;

const CaseId = z.string().min(1, "must not be empty").max(200);
/** What else a case holds is the grader's. */
const CaseLine = z.looseObject({ id: CaseId });
const Amount = z
  .union([z.number().nonnegative(), z.string().regex(/^\d{1,9}(\.\d{1,12})?$/, 'must be money as text, e.g. "0.0021"')])
  .transform((amount) => (typeof amount === "number" ? amount.toFixed(9) : amount));
const ScoreLine = z.strictObject({
  case: CaseId,
  score: z.number("must be a number from 0 to 1").min(0, "must be from 0 to 1").max(1, "must be from 0 to 1"),
  tokens: z.number().int().nonnegative().optional(),
  cost: Amount.optional(),
  latencyMs: z.number().nonnegative().optional(),
  note: z.string().max(2_000).optional(),
});
export type ScoreLine = z.infer<typeof ScoreLine>;

export interface Cases {
  readonly ids: readonly string[];
  readonly digest: string;
}

/** The ids of the cases, and the digest of the text. Throws `InvalidError`, which names each line that is wrong. */
export function readCases(text: string): Cases {
  const lines = readLines(text, CaseLine, ({ id }) => id, "case");
  return { ids: lines.map(({ id }) => id), digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}

/** Throws `InvalidError`, which names each line that is wrong: no JSON, out of range, a case that is there twice, or that the set has not. */
export function readScores(text: string, known: ReadonlySet<string>): ScoreLine[] {
  return readLines(
    text,
    ScoreLine,
    (line) => line.case,
    "score",
    (line) => (known.has(line.case) ? undefined : `case: the set has no case ${line.case}`),
  );
}

function readLines<T>(
  text: string,
  schema: z.ZodType<T>,
  idOf: (line: T) => string,
  what: string,
  fault: (line: T) => string | undefined = () => undefined,
): T[] {
  const found: T[] = [];
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  let number = 0;
  for (let start = 0; start < text.length && problems.length < MOST_PROBLEMS;) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end === -1 ? text.length : end).trim();
    start = end === -1 ? text.length : end + 1;
    number++;
    if (line === "") continue;
    const { value, reason } = readLine(line, schema);
    if (value === undefined) {
      problems.push({ at: `line ${number}`, reason });
      continue;
    }
    const id = idOf(value);
    const twice = seen.get(id);
    const why = twice === undefined ? fault(value) : `the case ${id} stands in line ${twice} already`;
    if (why !== undefined) problems.push({ at: `line ${number}`, reason: why });
    else if (found.length === MOST_CASES) {
      problems.push({ at: `line ${number}`, reason: `is more than ${MOST_CASES} lines` });
      break;
    } else {
      seen.set(id, number);
      found.push(value);
    }
  }
  if (found.length === 0 && problems.length === 0) problems.push({ at: "", reason: `holds no ${what}` });
  if (problems.length === 0) return found;
  const words = problems.slice(0, 3).map(({ at, reason }) => [at, reason].filter(Boolean).join(": "));
  throw new InvalidError(`These lines cannot be used. ${words.join("; ")}${problems.length > 3 ? "; and more" : ""}`, {
    problems,
    mend:
      what === "case"
        ? 'Each line is a JSON object with an id of its own, e.g. {"id": "late-parcel", "question": "…"}.'
        : 'Each line names a case of the set once, with a score from 0 to 1, e.g. {"case": "late-parcel", "score": 0.75}.',
  });
}

function readLine<T>(line: string, schema: z.ZodType<T>): { readonly value?: T; readonly reason: string } {
  if (line.length > MAX_LINE_CHARS) return { reason: `is longer than ${MAX_LINE_CHARS} characters` };
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return { reason: /\bNaN\b|\bInfinity\b/.test(line) ? "is no JSON: NaN and Infinity are no numbers there" : "is no JSON" };
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { value: parsed.data, reason: "" };
  const [issue] = parsed.error.issues;
  return { reason: [issue?.path.join("."), issue?.message].filter(Boolean).join(": ") };
}
