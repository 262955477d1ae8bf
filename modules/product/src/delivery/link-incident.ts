import type { Deployment, Incident } from "./records.ts";

/** Which deployment caused an incident, and how that is known. */
export interface IncidentLink<D> {
  readonly deployment: D;
  readonly by: "said" | "commit" | "time";
}

/**
 * What somebody said comes first, then the commit, then time: the last deployment before it, if it is not longer ago than the window. Undefined:
 * nobody knows, and no deployment is blamed. Without a window incidents are put down to whatever came last, however many months before.
 */
export function linkIncident<D extends Pick<Deployment, "key" | "commit" | "finishedAt" | "result">>(
  incident: Pick<Incident, "openedAt" | "causedBy">,
  deployments: readonly D[],
  windowMs: number | undefined,
): IncidentLink<D> | undefined {
  const { causedBy, openedAt } = incident;
  if (causedBy !== undefined) {
    const said = deployments.find(({ key }) => key === causedBy);
    if (said !== undefined) return { deployment: said, by: "said" };
    const before = latest(
      deployments.filter(({ commit, finishedAt }) => commit !== undefined && isSame(commit, causedBy) && finishedAt <= openedAt),
    );
    if (before !== undefined) return { deployment: before, by: "commit" };
  }
  const before = latest(deployments.filter(({ result, finishedAt }) => result !== "failure" && finishedAt <= openedAt));
  if (before === undefined || (windowMs !== undefined && openedAt - before.finishedAt > windowMs)) return undefined;
  return { deployment: before, by: "time" };
}

/** A short name of a commit is the beginning of its long one. */
function isSame(one: string, other: string): boolean {
  return Math.min(one.length, other.length) >= 7 ? one.startsWith(other) || other.startsWith(one) : one === other;
}

function latest<D extends { readonly finishedAt: number }>(deployments: readonly D[]): D | undefined {
  return deployments.reduce<D | undefined>(
    (last, one) => (last === undefined || one.finishedAt >= last.finishedAt ? one : last),
    undefined,
  );
}
