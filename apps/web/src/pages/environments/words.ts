import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import type { Environment, EvaluationRequirement, RequiredPromotionApproval } from "@roadbed/contracts/delivery/environments";

const WHO: Readonly<Record<RequiredPromotionApproval["by"], string>> = {
  owner: "the owner",
  "on-call": "who is on call",
  "team-lead": "the team lead",
  platform: "the platform team",
  named: "",
};

/** "the owner", "2 of group:default/sre" */
export function approvalWords({ by, names = [], count }: RequiredPromotionApproval): string {
  const who = by === "named" ? names.join(" or ") : WHO[by];
  return count > 1 ? `${count} of ${who}` : who;
}

/** What has to hold before a release comes, in few words; undefined when nothing has to. */
export function gateWords({ upstream, soakMinutes, approvals, gates, errorBudget }: Environment): readonly string[] {
  return [
    ...(upstream.length === 0 ? [] : [`healthy in ${upstream.join(" and ")}`]),
    ...(soakMinutes === 0 ? [] : [`for ${durationWords(soakMinutes)}`]),
    ...approvals.map((approval) => `a yes of ${approvalWords(approval)}`),
    ...(errorBudget === undefined ? [] : [`${errorBudget.leastPercent} % of the error budget left`]),
    ...gates.map(({ name }) => name),
  ];
}

/** "45 minutes", "2 hours", "3 days": whole units only, so that nothing is rounded away. */
export function durationWords(minutes: number): string {
  const [count, unit] =
    minutes % 1_440 === 0 ? [minutes / 1_440, "day"] : minutes % 60 === 0 ? [minutes / 60, "hour"] : [minutes, "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The page's answer in a sentence. */
export function sentenceOf(environments: readonly Environment[]): string {
  const frozen = environments.filter((one) => one.frozen !== undefined).map(({ title }) => title);
  const passing = environments.filter((one) => one.expiresAt !== undefined).length;
  const count = environments.length === 1 ? "One environment" : `${environments.length} environments`;
  return [
    `${count}${passing === 0 ? "" : `, ${passing} of which ${passing === 1 ? "ends" : "end"} by ${passing === 1 ? "itself" : "themselves"}`}.`,
    frozen.length === 0 ? "Nothing is frozen." : `${frozen.join(", ")} ${frozen.length === 1 ? "is" : "are"} frozen.`,
  ].join(" ");
}

/** Where a cluster is meant, who applies, and how a release replaces the one before. */
export function clusterWords({ cluster, engine, delivery }: Pick<KubernetesPlace, "cluster" | "engine" | "delivery">): string {
  const how = { deployment: "Deployments", "argo-rollouts": "Argo Rollouts", "gateway-api": "Argo Rollouts and the Gateway API" }[delivery];
  return `the cluster ${cluster}, by ${engine === "flux" ? "Flux" : "Argo CD"} and ${how}`;
}

/** What scores have to show before a release comes. */
export function evaluationWords({ set, least, worseBy, confidence }: EvaluationRequirement): string {
  const asked = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(worseBy === undefined ? [] : [worseBy === 0 ? "no worse than what is there" : `no worse than what is there by ${worseBy}`]),
  ];
  return `${asked.join(", ")}, by ${set}, with a confidence of ${Math.round(confidence * 1_000) / 10} %`;
}
