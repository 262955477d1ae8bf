import type { Decision, Policy, PolicyMoment, Verdict } from "@roadbed/contracts/standards";
import type { PastDecisions } from "@roadbed/contracts/standards/workbench";

import { formatCount } from "../../format/number.ts";

/** What breaking a policy of this severity does. */
export const SEVERITY_WORDS: Readonly<Record<Policy["severity"], string>> = {
  deny: "stops the act",
  warn: "warns",
  audit: "is only noted",
};

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  allow: "allowed",
  warn: "allowed with warnings",
  deny: "denied",
  unknown: "cannot be said yet",
};

/** When a policy is asked, in words. */
export const MOMENT_WORDS: Readonly<Record<PolicyMoment, string>> = {
  provision: "before a golden path makes anything",
  "pull-request": "on what a pull request changes",
  promotion: "before a release goes to the next environment",
  audit: "on what stands in the catalogue already",
  scorecard: "when a scorecard is computed",
};

/** How many rules hold, in a sentence. */
export function answerOf(policies: readonly Pick<Policy, "severity" | "enabled">[]): string {
  const on = policies.filter(({ enabled }) => enabled);
  if (on.length === 0) return "No policy is in force.";
  const deny = on.filter(({ severity }) => severity === "deny").length;
  const warn = on.filter(({ severity }) => severity === "warn").length;
  const off = policies.length - on.length;
  const parts = [
    deny === 0 ? "none stops an act" : `${deny} ${deny === 1 ? "stops" : "stop"} the act`,
    ...(warn > 0 ? [`${warn} ${warn === 1 ? "warns" : "warn"}`] : []),
    ...(on.length > deny + warn ? [`${on.length - deny - warn} only ${on.length - deny - warn === 1 ? "notes" : "note"}`] : []),
    ...(off > 0 ? [`${off} off`] : []),
  ];
  return `${formatCount(on.length, "policy", "policies")} in force: ${parts.join(", ")}.`;
}

/** The kinds behind patterns such as `apps/v1/Deployment`, each once. */
export function kindsOf(matches: readonly string[]): readonly string[] {
  return [...new Set(matches.map((match) => match.split("/").at(-1) ?? match))].map((kind) => (kind === "*" ? "everything" : kind));
}

/** What was decided about an act, and why, in a sentence. */
export function sentenceOf({ verdict, findings, policies }: Pick<Decision, "verdict" | "findings" | "policies">): string {
  const asked = formatCount(policies.length, "policy", "policies");
  const against = new Set(findings.filter(({ severity }) => severity === "deny").map(({ policy }) => policy)).size;
  const warned = new Set(findings.filter(({ severity }) => severity === "warn").map(({ policy }) => policy)).size;
  switch (verdict) {
    case "deny":
      return `Denied: ${against} of ${asked} said no${warned > 0 ? `, ${warned} warned` : ""}. Nothing was made.`;
    case "unknown":
      return "Cannot be said yet: what a policy asks for is known only later. Nothing was made.";
    case "warn":
      return `Allowed with warnings: ${warned} of ${asked} warned.`;
    case "allow":
      return `Allowed: ${policies.length === 1 ? "the one policy that was asked agreed" : `all ${asked} that were asked agreed`}.`;
  }
}

/** What a back-test on past decisions does not say, each in a sentence. */
export function notCoveredOf({ notCovered: { notKept, tooLarge, redacted, beyond } }: Pick<PastDecisions, "notCovered">): string[] {
  return [
    ...(notKept > 0 ? [`${formatCount(notKept, "decision")} could not be asked: what was judged is not kept.`] : []),
    ...(tooLarge > 0 ? [`${formatCount(tooLarge, "decision")} could not be asked: what was judged was too large to be kept.`] : []),
    ...(beyond > 0 ? [`${formatCount(beyond, "older decision")} were not asked: there are more than one back-test looks at.`] : []),
    ...(redacted > 0 ? [`${formatCount(redacted, "decision")} were asked without what is secret in them.`] : []),
  ];
}
