import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import { writeGitops } from "../internal-operations.ts";
import { createRepository } from "../repository/create-repository.ts";
import { findRepository } from "../repository/repository-store.ts";
import type { Target } from "./render.ts";

/** The repository from which everything that delivery knows can be read again. */
export const GITOPS_REPOSITORY = "platform-delivery";
export const PLATFORM_AUTHOR = { name: "Roadbed", email: "delivery@roadbed.invalid" };
export const ENV_BRANCH = "env/";
/** Of an environment that is promoted to by pull request: below `env/<environment>-next/` stands what waits to be merged. */
export const NEXT = "-next";

const README = `# platform-delivery

Written by Roadbed. What each environment is to have stands on its branch \`env/<environment>\`: one folder per component, one file per
object. What was released and what came of each promotion stands on \`main\`, below \`apps/\`.

On \`main\`, \`environments/<name>.yaml\` is what an environment asks for, and \`workloads/<environment>/<name>.yaml\` which release it is to
have of a component, and what is different there. Change these two and push: it becomes a change, or a promotion through the gates. What cannot be
used is put back by a commit that says why.

Where releases come by pull request, \`env/<environment>-next/…\` is what waits to be merged into it.

A commit that somebody else makes on a branch \`env/…\` is replaced by what was promoted.
`;

export function branchOf(environment: string): string {
  return `${ENV_BRANCH}${environment}`;
}

/** The branch of what is proposed for an environment: of one component, or of what was asked for together. */
export function nextBranchOf(environment: string, what: string): string {
  return `${branchOf(environment)}${NEXT}/${what}`;
}

/** The environment that a branch is of, and whether it only holds what is proposed for it; undefined for other branches. */
export function environmentOf(branch: string): { readonly environment: string; readonly proposed: boolean } | undefined {
  const found = /^env\/([a-z][a-z0-9-]*?)(-next\/.+)?$/.exec(branch);
  return found === null ? undefined : { environment: found[1]!, proposed: found[2] !== undefined };
}

/** Where a release goes, as it is rendered. */
export function targetOf(
  { publicUrl }: Pick<DeliveryDeps, "publicUrl">,
  { name, kubernetes }: Pick<EnvironmentRecord, "name" | "kubernetes">,
): Target {
  return { name, kubernetes, repository: kubernetes?.repository ?? `${publicUrl}/git/${GITOPS_REPOSITORY}.git` };
}

/** Makes the repository unless it is there. */
export async function ensureGitops(deps: DeliveryDeps): Promise<void> {
  const there = await deps.runtime.read(systemOf(deps), ({ sql }) => findRepository(sql, GITOPS_REPOSITORY));
  if (there !== undefined && (await deps.repositories.exists(GITOPS_REPOSITORY))) return;
  await deps.runtime.write(systemOf(deps), writeGitops, { branch: "main" }, undefined, (ctx) => make(deps, ctx));
}

export function systemOf({ runtime }: Pick<DeliveryDeps, "runtime">): ReturnType<DeliveryDeps["runtime"]["system"]> {
  return runtime.system("delivery.gitops");
}

/** Who writes a branch comes one after the other, in whichever server. */
export async function lockBranch(ctx: Ctx, branch: string): Promise<void> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.gitops'), hashtext($1))", [branch]);
}

async function make(deps: DeliveryDeps, ctx: Ctx): Promise<void> {
  await createRepository(deps, ctx, {
    name: GITOPS_REPOSITORY,
    description: "What each environment is to have, what was released, and what came of each promotion",
    branch: "main",
    files: [{ path: "README.md", content: README }],
    message: "Begin the repository of what runs where",
    author: PLATFORM_AUTHOR,
    key: "delivery.gitops",
  });
  // A row whose folder was lost.
  await deps.repositories.init(GITOPS_REPOSITORY, { defaultBranch: "main" });
}
