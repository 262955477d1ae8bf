import { DomainError, type Call } from "@roadbed/core";

import { previewRun } from "../run/preview-run.ts";
import type { StepDeps } from "../run/perform-step.ts";
import type { RunRow } from "../run/run-store.ts";
import { openSealed } from "../run/sealed.ts";
import { hideSecrets } from "../template/form.ts";
import { approvalsOfRun } from "./approval-store.ts";
import { planDigest } from "./required-approvals.ts";

/**
 * What was approved is what runs: the path is followed once more without effects, from the kept version and the sealed answers, and must
 * come out as what approvers were shown. Answers why it does not; undefined when it does, or when nobody had to approve.
 */
export async function differsFromApproved(deps: StepDeps, run: RunRow): Promise<string | undefined> {
  const approvals = await approvalsOfRun(deps.db, run.id);
  if (approvals.length === 0) return undefined;
  const { values, secrets } = await openSealed(deps.sealer, run);
  const home = run.source_digest === null ? run.path : await deps.sources.open(deps.db, run.source_digest);
  const path = { ...run.path, folder: home.folder, root: home.root };
  const { actor, scopes = [], user } = run.actor_detail;
  const call: Call = { ...deps.runtime.system("paths.run"), actor, scopes: new Set(scopes) };
  try {
    const { preview } = await deps.runtime.read(call, (ctx) =>
      previewRun(deps, ctx, { path, scope: { parameters: values, secrets, user }, secrets: hideSecrets(path, values).secrets }),
    );
    const digest = planDigest(preview);
    if (approvals.every((approval) => approval.digest === digest)) return undefined;
    return "What would be done now is not what was approved, so nothing was done. Follow the path again with these answers.";
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "UNAVAILABLE" || error.code === "CANCELLED") throw error;
    return `What was approved cannot be done any more: ${error.message}`;
  }
}
