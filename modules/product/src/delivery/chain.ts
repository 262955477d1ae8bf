import type { Deployment } from "./records.ts";

/**
 * Deployments of one thing to one place, by the order in which they ended, each with the one that was there before it. What never answered
 * anybody is not in the chain: it changed nothing.
 */
export function chainDeployments<D extends Pick<Deployment, "finishedAt" | "result" | "id">>(
  deployments: readonly D[],
  placeOf: (deployment: D) => string,
): ReadonlyMap<string, { readonly previous: D | undefined; readonly next: D | undefined }> {
  const chain = new Map<string, { previous: D | undefined; next: D | undefined }>();
  for (const members of Map.groupBy(
    deployments.filter(({ result }) => result !== "failure"),
    placeOf,
  ).values()) {
    const ordered = members.toSorted((a, b) => a.finishedAt - b.finishedAt || (a.id < b.id ? -1 : 1));
    for (const [at, one] of ordered.entries()) chain.set(one.id, { previous: ordered[at - 1], next: ordered[at + 1] });
  }
  return chain;
}
