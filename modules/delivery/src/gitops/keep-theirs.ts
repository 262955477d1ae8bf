import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { GITOPS_REPOSITORY } from "./gitops-repository.ts";

/** What somebody wrote that does not stand where they wrote it. */
export const KEPT_BRANCH = "kept/";
const NOTHING = "0".repeat(40);

/**
 * Keeps somebody's commit under a branch of its own before another one takes its place: nobody's work is lost by being put back. Doing it twice is doing it
 * once. Answers the branch.
 */
export async function keepTheirs(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  { now }: Pick<Ctx, "now">,
  { branch, theirs }: { readonly branch: string; readonly theirs: string },
): Promise<string> {
  const kept = `${KEPT_BRANCH}${now().toISOString().slice(0, 10)}/${branch}-${theirs.slice(0, 8)}`;
  await repositories.moveBranch(GITOPS_REPOSITORY, kept, NOTHING, theirs);
  return kept;
}
