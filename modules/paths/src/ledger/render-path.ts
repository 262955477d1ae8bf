import { ConflictError, type Ctx } from "@roadbed/core";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { ActionContext } from "../action/action.ts";
import type { Actions } from "../action/actions.ts";
import { describeAction, runAction } from "../action/run-action.ts";
import type { RepositoryFile } from "../deps.ts";
import type { Renderer } from "../render/renderer.ts";
import { gatherOutputs, planStep, type Plan, type Scope } from "../run/step-context.ts";
import type { RunUser } from "../run/user.ts";
import type { Path } from "../template/template.ts";
import { listFiles, resolveInside } from "../workspace/workspace.ts";

export interface RenderDeps {
  readonly actions: Actions;
  readonly renderer: Renderer;
  /** A scratch folder below it is used, and gone at the end. */
  readonly dataDir: string;
}

/** What a version of a path is rendered with: what the run that first made the thing was given. */
export interface RenderInput {
  readonly taskId: string;
  readonly user: RunUser;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** The step that publishes, by its id; where the path has no such step, its first that publishes. */
  readonly step: string;
  /** Which turn of a repeated step; default the first. */
  readonly turn?: number;
}

/**
 * The files that a path's publishing step would be given, byte for byte those of a run with the same answers. Local steps are done in
 * a scratch folder; nothing is made outside. Throws `ConflictError` for a path that publishes nothing with these answers.
 */
export async function renderPath(deps: RenderDeps, ctx: Ctx, path: Path, input: RenderInput): Promise<RepositoryFile[]> {
  await mkdir(join(deps.dataDir, "previews"), { recursive: true });
  const workspace = await mkdtemp(join(deps.dataDir, "previews", "r-"));
  try {
    const publisher = path.steps.find(({ id, action }) => id === input.step && action.startsWith("publish:"))?.id;
    const outputs: Record<string, { output: unknown }> = {};
    for (const step of path.steps) {
      const scope: Scope = {
        parameters: input.answers,
        secrets: input.secrets,
        user: input.user,
        taskId: input.taskId,
        path,
        steps: outputs,
      };
      const plan = await planStep(step, scope, false, deps.actions, deps.renderer);
      if (!plan.run) continue;
      const isPublisher = publisher === undefined ? step.action.startsWith("publish:") : step.id === publisher;
      if (isPublisher) return await readFiles(workspace, plan, input.turn ?? 0);
      outputs[step.id] = { output: await doLocally(deps, ctx, { path, scope, plan, workspace, stepId: step.id }) };
    }
    throw new ConflictError(`${path.ref} publishes no repository with these answers any more.`, {
      mend: "Look at the path's steps, or leave this thing as it is.",
    });
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

interface Turn {
  readonly path: Path;
  readonly scope: Scope;
  readonly plan: Plan;
  readonly workspace: string;
  readonly stepId: string;
}

async function doLocally(deps: RenderDeps, ctx: Ctx, { path, scope, plan, workspace, stepId }: Turn): Promise<unknown> {
  const c: ActionContext = {
    workspace,
    template: path,
    taskId: scope.taskId,
    user: scope.user,
    key: `render:${stepId}`,
    signal: ctx.signal,
    renderer: deps.renderer,
    call: ctx,
    asStarter: ctx,
    log: async () => {},
    once: () => Promise.reject(new Error("nothing is remembered where files are rendered again")),
    read: (work) => work(ctx),
    write: () => Promise.reject(new Error("rendering changes nothing")),
  };
  const runs = plan.action.reach === "local" && plan.action.supportsPreview !== false;
  const outputs = [];
  for (const one of plan.inputs) {
    outputs.push(runs ? await runAction(plan.action, c, one) : ((await describeAction(plan.action, c, one)).output ?? {}));
  }
  return gatherOutputs(outputs, plan.repeated);
}

async function readFiles(workspace: string, plan: Plan, turn: number): Promise<RepositoryFile[]> {
  const given = (plan.inputs[turn] as { sourcePath?: unknown } | undefined)?.sourcePath;
  const folder = await resolveInside(workspace, typeof given === "string" ? given : ".", "sourcePath");
  const files = await listFiles(folder);
  return Promise.all(files.map(async ({ path, executable }) => ({ path, executable, content: await readFile(join(folder, path)) })));
}
