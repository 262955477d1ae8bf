import type { Outcome } from "@roadbed/contracts/standards/scores";

/** Results are stored as one letter per rule: of very many entities, the texts are few and shared. */
export type Code = "p" | "f" | "u" | "w" | "n";

const OUTCOMES: Readonly<Record<Code, Outcome>> = { p: "pass", f: "fail", u: "unknown", w: "waived", n: "not-applicable" };

export function outcomeOf(code: string | undefined): Outcome | undefined {
  return code === undefined ? undefined : OUTCOMES[code as Code];
}

export function codeOf(outcome: Outcome): Code {
  return (Object.keys(OUTCOMES) as Code[]).find((code) => OUTCOMES[code] === outcome)!;
}
