import type { DeliveryMeasure } from "@roadbed/contracts/product/measures";

import type { DeploymentFact, Facts } from "../delivery/facts.ts";

/** One row that a measure is made of, or that it is not made of, and why. */
export interface MeasureRow {
  readonly id: string;
  readonly kind: "deployment" | "change" | "incident" | "team";
  readonly key: string;
  readonly source: string;
  readonly entityRef: string | undefined;
  readonly at: number;
  readonly counts: "yes" | "so far" | "no";
  /** Hours; of shares 1 in the numerator and 0 beside it. */
  readonly value: number | undefined;
  readonly why: string;
}

type About = Pick<MeasureRow, "id" | "kind" | "key" | "source" | "entityRef">;
const HOUR = 3_600_000;

/** The rows of a measure: every value is made from them, and from nothing else. `now`: until when what is not over yet is known. */
export function rowsOf(measure: DeliveryMeasure, facts: Facts, o: { readonly now: number; readonly bots: boolean }): MeasureRow[] {
  switch (measure) {
    case "change-lead-time":
      return leadTimes(facts, o);
    case "deployment-frequency":
      return deploymentsOf(facts, ({ deployment: { result } }) => {
        if (result === "success") return yes(1, "it came to users");
        return no(result === "failure" ? "it never answered anybody" : "it was taken back while it was coming");
      });
    case "failed-deployment-recovery-time":
      return deploymentsOf(facts, (fact) => recoveryOf(fact, o.now));
    case "change-fail-rate":
      return deploymentsOf(facts, ({ deployment, failure }) => {
        if (deployment.result === "failure") return no("it never answered anybody: see the deployment failure rate");
        return failure === undefined ? yes(0, "nothing was put down to it") : yes(1, `${failure.by}: ${failure.what}`);
      });
    case "deployment-rework-rate":
      return deploymentsOf(facts, ({ deployment: { result, rework } }) => {
        if (result === "failure") return no("it never answered anybody");
        if (rework === undefined) return no("nobody said whether it is rework");
        return rework ? yes(1, "said to be rework") : yes(0, "said to be planned");
      });
    case "deployment-failure-rate":
      return deploymentsOf(facts, ({ deployment: { result } }) =>
        result === "failure" ? yes(1, "it never answered anybody") : yes(0, "it came to users"),
      );
    case "time-to-restore":
      return restores(facts, o.now);
  }
}

type Counted = Pick<MeasureRow, "counts" | "value" | "why">;
const yes = (value: number, why: string): Counted => ({ counts: "yes", value, why });
const soFar = (value: number, why: string): Counted => ({ counts: "so far", value, why });
const no = (why: string): Counted => ({ counts: "no", value: undefined, why });

function leadTimes({ changes }: Facts, o: { readonly now: number; readonly bots: boolean }): MeasureRow[] {
  return changes.map(({ change, lead }) => {
    const { id, key, source, entityRef, mergedAt } = change;
    const about: About = { id, kind: "change", key, source, entityRef };
    if (change.bot && !o.bots) return { ...about, at: mergedAt, ...no("a machine proposed it") };
    const since = "from" in lead && lead.from === "opening" ? ", counted from its opening: its first commit is not known" : "";
    switch (lead.state) {
      case "deployed":
        return {
          ...about,
          at: lead.deployment.finishedAt,
          ...yes(lead.ms / HOUR, `out with ${lead.deployment.key}, by ${lead.by}${since}`),
        };
      case "waiting":
        return { ...about, at: mergedAt, ...soFar(Math.max(0, o.now - lead.since) / HOUR, `merged, and nobody has it yet${since}`) };
      case "unbased":
        return { ...about, at: lead.deployment.finishedAt, ...no(`out with ${lead.deployment.key}, the first deployment of all`) };
      case "inconsistent":
        return { ...about, at: mergedAt, ...no(lead.what) };
      case "unstarted":
        return { ...about, at: mergedAt, ...no("nobody told when it began") };
    }
  });
}

function deploymentsOf({ deployments }: Facts, count: (fact: DeploymentFact) => Counted): MeasureRow[] {
  return deployments.map((fact) => {
    const { id, key, source, entityRef, finishedAt } = fact.deployment;
    return { id, kind: "deployment", key, source, entityRef, at: finishedAt, ...count(fact) };
  });
}

function recoveryOf({ deployment: { finishedAt, result }, failure }: DeploymentFact, now: number): Counted {
  if (failure === undefined) return no(result === "failure" ? "it never answered anybody" : "it did not fail");
  const { recovered, by, what } = failure;
  if (recovered === "unknown") return no(what);
  if (recovered === undefined) return soFar(Math.max(0, now - finishedAt) / HOUR, `${by}: ${what}, which goes on`);
  return recovered < finishedAt ? no("it was well again before it was deployed") : yes((recovered - finishedAt) / HOUR, `${by}: ${what}`);
}

function restores({ incidents }: Facts, now: number): MeasureRow[] {
  return incidents.map(({ incident, link }) => {
    const { id, key, source, entityRef, openedAt, resolvedAt, userFacing } = incident;
    const about: About = { id, kind: "incident", key, source, entityRef };
    const cause =
      link === undefined
        ? "put down to no deployment"
        : `put down to ${link.deployment.key}, by ${link.by === "time" ? "time" : `what was ${link.by === "said" ? "said" : "named"}`}`;
    if (!userFacing) return { ...about, at: openedAt, ...no("users do not meet it") };
    if (resolvedAt === undefined) return { ...about, at: openedAt, ...soFar(Math.max(0, now - openedAt) / HOUR, `goes on; ${cause}`) };
    return {
      ...about,
      at: openedAt,
      ...(resolvedAt < openedAt ? no("it was resolved before it was found") : yes((resolvedAt - openedAt) / HOUR, cause)),
    };
  });
}
