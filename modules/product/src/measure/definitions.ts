import type { MeasureDefinition, MeasureRules } from "@roadbed/contracts/product/measures";

/** What comes with Roadbed: version 1 of each. Every decision that somebody takes otherwise is a version after it. */
export type BuiltIn = Omit<MeasureDefinition, "version" | "madeAt" | "madeBy" | "why">;

export const RULES: MeasureRules = {
  windowDays: 90,
  production: ["prod", "production", "prod-*"],
  incidentWindowHours: 24,
  lowN: 6,
  staleDays: 30,
  bots: false,
};
/** A share of fewer than ten says next to nothing. */
export const SHARE_RULES: MeasureRules = { ...RULES, lowN: 10 };
const COMMON = { owner: "the platform team", code: "modules/product/src/measure/rows.ts" } as const;
const DEPLOYMENTS = "Deployments of this platform, and those that others tell of";
const CHANGES = "Changes of this platform's repositories, and those that others tell of";
const INCIDENTS = "Incidents declared here or by alerts, and those that others tell of";
const LINK =
  "An incident is put down to the deployment that somebody named, else to the commit, else to the last one if it is not longer ago than the window; else to none.";
const ORDER = "Where nobody tells which commits a deployment carries, a change is in the first that began after its merge.";

export const DELIVERY: readonly BuiltIn[] = [
  {
    ...COMMON,
    measure: "change-lead-time",
    title: "Change lead time",
    question: "How long does a change take from its first commit until users have it?",
    definition:
      "From the first commit of a change to the end of the first successful deployment to production that holds it (DORA 2026-01-05).",
    formula:
      "median(deployed - first commit); changes that are merged and not out yet count for as long as they are known (Kaplan and Meier)",
    unit: "hours",
    better: "lower",
    beside: "change-fail-rate",
    space: "efficiency and flow, of systems",
    sources: [CHANGES, DEPLOYMENTS],
    caveats: [
      ORDER,
      "A change in the first deployment of all has no time: it could have been there before.",
      "A change whose times contradict themselves has none either.",
      "Where only the merged commit is known (squashed elsewhere), it is counted from when it was opened.",
    ],
    rules: RULES,
  },
  {
    ...COMMON,
    measure: "deployment-frequency",
    title: "Deployment frequency",
    question: "How often does something new come to users?",
    definition: "Successful deployments to production of a component in a week.",
    formula: "median over components and whole weeks, empty weeks among them, from a component's first deployment on",
    unit: "per week",
    better: "higher",
    beside: "change-fail-rate",
    space: "activity, of systems",
    sources: [DEPLOYMENTS],
    caveats: ["Activity alone says little: look at the fail rate with it.", "Deploying the same commit again counts once more."],
    rules: { ...RULES, windowDays: 91 },
  },
  {
    ...COMMON,
    measure: "failed-deployment-recovery-time",
    title: "Failed deployment recovery time",
    question: "When a deployment breaks something, how long until it works again?",
    definition:
      "From the end of a deployment that needed somebody at once until its incident was resolved, it was taken back, or it was mended.",
    formula: "median(recovered - deployed) of failed deployments; those not recovered yet count for as long as they are known",
    unit: "hours",
    better: "lower",
    beside: "deployment-frequency",
    space: "efficiency and flow, of systems",
    sources: [DEPLOYMENTS, INCIDENTS],
    caveats: [LINK, "A rollout that was taken back before it was complete has no time, and is not counted here."],
    rules: RULES,
  },
  {
    ...COMMON,
    measure: "change-fail-rate",
    title: "Change fail rate",
    question: "How often does a deployment need somebody at once?",
    definition: "Deployments to production that an incident is put down to, that were taken back, or that the next one mended in a hurry.",
    formula: "failed deployments / deployments that came to users",
    unit: "share",
    better: "lower",
    beside: "deployment-frequency",
    space: "performance, of systems",
    sources: [DEPLOYMENTS, INCIDENTS],
    caveats: [
      LINK,
      "Two incidents of one deployment are one failed deployment: the share never exceeds 1.",
      "Deployments that never answered anybody are not in it: see the deployment failure rate.",
    ],
    rules: SHARE_RULES,
  },
  {
    ...COMMON,
    measure: "deployment-rework-rate",
    title: "Deployment rework rate",
    question: "How many deployments were not planned, and mend what users met?",
    definition: "Unplanned deployments to production that mend something that users met.",
    formula: "deployments said to be rework / deployments of which it was said whether they are",
    unit: "share",
    better: "lower",
    beside: "change-lead-time",
    space: "performance, of systems",
    sources: [DEPLOYMENTS, "Promotions as hotfixes and rollbacks"],
    caveats: ["It is said, not guessed: a promotion as a hotfix or a rollback is rework, other promotions are not."],
    rules: SHARE_RULES,
  },
  {
    ...COMMON,
    measure: "deployment-failure-rate",
    title: "Deployment failure rate",
    question: "How many deployments never come up?",
    definition: "Deployments to production that never answered anybody. Not one of DORA's: other tools mix it into the change fail rate.",
    formula: "deployments that never answered / all deployments",
    unit: "share",
    better: "lower",
    beside: "deployment-frequency",
    space: "performance, of systems",
    sources: [DEPLOYMENTS],
    caveats: ["Deployments that a newer one overtook are not counted."],
    rules: SHARE_RULES,
  },
  {
    ...COMMON,
    measure: "time-to-restore",
    title: "Time to restore",
    question: "How long do users meet an incident, whatever caused it?",
    definition:
      "From when an incident that users meet was found until it was resolved. Not DORA's recovery time: that is of failed deployments only.",
    formula: "median(resolved - found); open incidents count for as long as they are known",
    unit: "hours",
    better: "lower",
    beside: "change-fail-rate",
    space: "efficiency and flow, of systems",
    sources: [INCIDENTS],
    caveats: ["An incident of a component that nobody named counts for everything only."],
    rules: RULES,
  },
];

/** Whether an environment's name is one of these; `*` stands for anything. */
export function matchesName(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split("*").map(quote).join(".*")}$`, "i"));
  return (name) => expressions.some((expression) => expression.test(name));
}

function quote(text: string): string {
  return text.replaceAll(/[.\\+?^${}()|[\]]/g, String.raw`\$&`);
}
