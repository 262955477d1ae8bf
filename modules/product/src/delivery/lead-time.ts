import type { Change, Deployment } from "./records.ts";

/** How a change came to users: how long it took, or why that cannot be said. */
export type LeadTime<D> =
  | {
      readonly state: "deployed";
      readonly deployment: D;
      readonly ms: number;
      readonly from: "first commit" | "opening";
      readonly by: "commits" | "commit" | "order";
    }
  /** Merged, and nobody has it yet. */
  | { readonly state: "waiting"; readonly since: number; readonly from: "first commit" | "opening" }
  /** In the first deployment of all: there is no telling since when it could have been there. */
  | { readonly state: "unbased"; readonly deployment: D }
  /** Something of it ends before it begins. */
  | { readonly state: "inconsistent"; readonly what: string }
  /** Nobody told when it began. */
  | { readonly state: "unstarted" };

type Shipped = Pick<Deployment, "id" | "commit" | "carries" | "startedAt" | "finishedAt" | "result">;

/**
 * From the first commit to the first successful deployment that holds the change. Which one holds it is told by its commits, else by being the
 * same commit, else by order: the first that began after the merge. `deployments`: of its component to production, in order.
 */
export function leadTimeOf<D extends Shipped>(
  change: Pick<Change, "commit" | "firstCommitAt" | "openedAt" | "firstReviewAt" | "mergedAt">,
  deployments: readonly D[],
  hasPrevious: (deployment: D) => boolean,
): LeadTime<D> {
  const { firstCommitAt, openedAt, mergedAt } = change;
  const since = firstCommitAt ?? openedAt;
  if (since === undefined) return { state: "unstarted" };
  const from = firstCommitAt === undefined ? "opening" : "first commit";
  const found = firstHolding(change, deployments);
  const what = contradictionOf(change, found?.deployment.finishedAt);
  if (what !== undefined) return { state: "inconsistent", what };
  if (found === undefined) return { state: "waiting", since, from };
  if (!hasPrevious(found.deployment)) return { state: "unbased", deployment: found.deployment };
  return { state: "deployed", ...found, ms: found.deployment.finishedAt - since, from };

  function contradictionOf({ firstReviewAt }: typeof change, deployedAt: number | undefined): string | undefined {
    if (firstCommitAt !== undefined && firstCommitAt > mergedAt) return "its first commit is younger than its merge";
    if (firstCommitAt !== undefined && openedAt !== undefined && firstCommitAt > openedAt)
      return "its first commit is younger than its opening";
    if (openedAt !== undefined && openedAt > mergedAt) return "it was merged before it was opened";
    if (firstReviewAt !== undefined && openedAt !== undefined && firstReviewAt < openedAt) return "it was reviewed before it was opened";
    return deployedAt !== undefined && deployedAt < mergedAt ? "it was deployed before it was merged" : undefined;
  }
}

function firstHolding<D extends Shipped>(
  { commit, mergedAt }: Pick<Change, "commit" | "mergedAt">,
  deployments: readonly D[],
): { readonly deployment: D; readonly by: "commits" | "commit" | "order" } | undefined {
  for (const deployment of deployments) {
    if (deployment.result === "failure") continue;
    if (commit !== undefined && deployment.carries?.includes(commit) === true) return { deployment, by: "commits" };
    if (commit !== undefined && deployment.commit === commit) return { deployment, by: "commit" };
    // Where its commits are told they are believed: what is not among them is not in it.
    if (deployment.carries === undefined && (deployment.startedAt ?? deployment.finishedAt) >= mergedAt) return { deployment, by: "order" };
  }
  return undefined;
}
