import { Run, runPath, runRequested } from "@roadbed/contracts/paths";
import { stopsTheAct } from "@roadbed/contracts/standards";
import { formatActor, handle, InvalidError, newId, type Call, type Ctx, type Handler, type Problem } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import type { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import type { Sources } from "../ledger/source-store.ts";
import type { CheckValues, Checked } from "../template/check-values.ts";
import { checkBound } from "../template/day-two.ts";
import { hideSecrets, secretsIn } from "../template/form.ts";
import { wholeOf } from "../tag/guard-library.ts";
import type { Library } from "../template/library.ts";
import type { Path } from "../template/template.ts";
import { keepPreview } from "../undo/undo-handlers.ts";
import { judgeRun } from "./internal-operations.ts";
import { aboutOf } from "../approval/approvers.ts";
import { askApprovals } from "../approval/ask-approvals.ts";
import { planDigest, requiredApprovals, type Needed } from "../approval/required-approvals.ts";
import { deniedBy } from "./perform-step.ts";
import { previewRun, type PreviewDeps, type Previewed } from "./preview-run.ts";
import { insertRun, readRun, readSteps, toRun } from "./run-store.ts";
import { assertRunnable } from "./step-context.ts";
import { userOf, type RunUser } from "./user.ts";

export interface StartDeps extends PreviewDeps, Pick<PathsDeps, "runtime" | "catalog" | "standards" | "people" | "conditions"> {
  readonly library: Library;
  readonly checkValues: CheckValues;
  readonly sealer: Sealer;
  readonly sources: Sources;
}

/** Starts a run, after everything has been checked that can be checked before anything is made. */
export function makeRunPath(deps: StartDeps): Handler {
  return handle(runPath, async (ctx, { path: name, values: given, secrets: handed = {} }): Promise<z.input<typeof Run>> => {
    const path = await deps.library.get(ctx, name);
    const { values, secrets, user, previewed, needed } = await rehearse(deps, ctx, path, given, handed);
    if (stopsTheAct(previewed.preview.verdict)) throw await storeDenial(deps, ctx, path, previewed);
    const id = newId("run", ctx.now().getTime());
    const bound = aboutOf(path, values).entityRef;
    const about = [...(bound === undefined ? [] : [bound]), ...previewed.preview.entities.map(({ ref }) => ref)];
    await insertRun(ctx.sql, {
      id,
      path,
      actor: formatActor(ctx.actor),
      actorDetail: { actor: ctx.actor, user, scopes: [...ctx.scopes] },
      shownValues: hideSecrets(path, values).shown,
      sealed: await deps.sealer.seal({ values, secrets }, id),
      previewDigest: previewed.preview.digest,
      about,
      sourceDigest: await deps.sources.keep(ctx.sql, wholeOf(path)),
      at: ctx.now(),
    });
    await keepPreview(ctx.sql, id, previewed.preview);
    const asked = { id, path, userName: user.entity.metadata.title ?? user.entity.metadata.name, digest: planDigest(previewed.preview) };
    // What waits for somebody is begun by whoever gives the last approval; until then its rows alone say so, whatever is killed.
    if (await askApprovals(ctx, asked, needed)) await ctx.sql.query("update paths.run set status = 'waiting' where id = $1", [id]);
    else ctx.emit(runRequested, id, { runId: id, path: path.ref, about });
    return toRun(await readRun(ctx.sql, id), await readSteps(ctx.sql, [id]));
  });
}

/** Everything before the first effect: known actions, right values, a dry run. Throws `InvalidError`. */
export async function rehearse(
  deps: Omit<StartDeps, "sealer" | "runtime" | "library" | "sources">,
  ctx: Ctx,
  path: Path,
  given: Record<string, unknown>,
  handed: Record<string, string>,
  inspect?: (workspace: string) => Promise<void>,
): Promise<{
  readonly values: Record<string, unknown>;
  readonly secrets: Record<string, string>;
  readonly user: RunUser;
  readonly previewed: Previewed;
  readonly needed: readonly Needed[];
}> {
  assertRunnable(path, deps.actions);
  const checked = await deps.checkValues(ctx, path, given);
  refuse(checked);
  await checkBound(deps, ctx, path, checked.values);
  const user = await userOf(deps, ctx);
  const secrets = { ...secretsIn(path, checked.values), ...handed };
  const previewed = await previewRun(deps, ctx, {
    path,
    scope: { parameters: checked.values, secrets, user },
    secrets: hideSecrets(path, checked.values).secrets,
    ...(inspect === undefined ? {} : { inspect }),
  });
  const needed = await requiredApprovals(deps, ctx, { path, values: checked.values, user, preview: previewed.preview });
  const preview = { ...previewed.preview, approvals: needed.map(({ required }) => required) };
  return { values: checked.values, secrets, user, previewed: { ...previewed, preview }, needed };
}

function refuse({ problems }: Checked): void {
  if (problems.length === 0) return;
  const listed: Problem[] = problems.map(({ field, reason, mend }) => ({ at: field, reason, ...(mend === undefined ? {} : { mend }) }));
  throw new InvalidError(problems.map(({ field, reason }) => `${field} ${reason}`.trim()).join("; "), { problems: listed });
}

/** In a transaction of its own, since the call's own is undone by the error that follows. */
async function storeDenial(deps: StartDeps, ctx: Ctx, path: Path, { resources, plans }: Previewed): Promise<Error> {
  const { idempotencyKey: _used, ...call }: Call = ctx;
  const judgement = await deps.runtime.write(call, judgeRun, { runId: "", step: path.ref }, { kind: "path", id: path.ref }, async (own) => {
    const subject = `paths.path.run ${path.name}`;
    const first = await deps.standards.judge(own, { subject, resources });
    if (stopsTheAct(first.verdict)) return first;
    // Then it was what Terraform would do that they said no to.
    for (const plan of plans) {
      const answer = await deps.standards.judgePlan?.(own, { subject, plan });
      if (answer !== undefined && stopsTheAct(answer.verdict)) return answer;
    }
    return first;
  });
  return deniedBy(judgement);
}
