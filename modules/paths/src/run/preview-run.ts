import type { Preview } from "@roadbed/contracts/paths";
import type { Resource } from "@roadbed/contracts/standards";
import { InvalidError, type Call, type Ctx, type Problem } from "@roadbed/core";
import { blobHash } from "@roadbed/git";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

import type { Action, ActionContext, Effect, Output } from "../action/action.ts";
import type { Actions } from "../action/actions.ts";
import { describeAction, runAction } from "../action/run-action.ts";
import { refsIn } from "../action/catalog.ts";
import type { Catalog, Judgement, Standards } from "../deps.ts";
import type { Renderer } from "../render/renderer.ts";
import { fieldsOf, valueAt } from "../template/form.ts";
import { totalOf } from "../resource/cost.ts";
import { evaluatePlan, together } from "../resource/judged.ts";
import type { Path } from "../template/template.ts";
import { collectResources, type Collected } from "../workspace/collect-resources.ts";
import { listFiles, readText } from "../workspace/workspace.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import { gatherOutputs, planStep, type Scope } from "./step-context.ts";

export interface PreviewDeps {
  readonly actions: Actions;
  readonly renderer: Renderer;
  readonly standards: Standards;
  readonly catalog: Catalog;
  readonly dataDir: string;
}

export interface PreviewInput {
  readonly path: Path;
  readonly scope: Omit<Scope, "steps" | "path" | "taskId">;
  /** Texts to keep out of the log. */
  readonly secrets: readonly string[];
  /** Told of the scratch folder as the steps left it, before it is gone. */
  readonly inspect?: (workspace: string) => Promise<void>;
}

export interface Previewed {
  readonly preview: Preview;
  /** What the steps put out, or would: for the path's own output. */
  readonly outputs: Scope["steps"];
  /** What policies were asked about. */
  readonly resources: readonly Resource[];
  /** Terraform plans that they were asked about. */
  readonly plans: readonly unknown[];
}

/**
 * Follows a path in a scratch folder: local steps are done, others are described, policies are asked. Nothing is made
 * outside, and the folder is gone at the end. Throws `InvalidError` for what would stop a run before it makes anything.
 */
export async function previewRun(deps: PreviewDeps, ctx: Ctx, input: PreviewInput): Promise<Previewed> {
  await mkdir(join(deps.dataDir, "previews"), { recursive: true });
  const workspace = await mkdtemp(join(deps.dataDir, "previews", "p-"));
  try {
    return await follow(deps, ctx, input, workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function follow(
  deps: PreviewDeps,
  ctx: Ctx,
  { path, scope: given, secrets, inspect }: PreviewInput,
  workspace: string,
): Promise<Previewed> {
  const redactor = createRedactor([...Object.values(given.secrets), ...secrets]);
  const log: string[] = [];
  const steps: Preview["steps"] = [];
  const effects: Effect[] = [];
  const making: { readonly step: string; readonly effect: Effect }[] = [];
  const outputs: Record<string, { output: Output }> = {};
  let judged: { collected: Collected; judgement: Judgement } | undefined;

  for (const step of path.steps) {
    const scope: Scope = { ...given, path, taskId: "preview", steps: outputs };
    const plan = await planStep(step, scope, false, deps.actions, deps.renderer);
    redactor.add(plan.derived);
    for (const warning of plan.warnings) log.push(redactor.text(`[${step.id}] warning: ${warning}`));
    if (plan.run && plan.action.reach === "outside") judged ??= await judge();
    const context = contextFor(deps, ctx, { path, scope, workspace, stepId: step.id, log, redactor });
    const done: Turn[] = [];
    for (const one of plan.inputs) done.push(await tryAction(plan.action, context, one));
    effects.push(...done.map(({ effect }) => effect));
    if (MAKES_REPOSITORY.has(step.action)) making.push(...done.map(({ effect }) => ({ step: step.id, effect })));
    if (plan.run)
      outputs[step.id] = {
        output: gatherOutputs(
          done.map(({ output }) => output),
          plan.repeated,
        ),
      };
    steps.push({
      id: step.id,
      name: step.name,
      action: step.action,
      effect: redactor.text(plan.run ? done.map(({ effect }) => effect.words).join(" ") : "Not done with these values."),
      skipped: !plan.run,
    });
  }
  judged ??= await judge();
  const asked = effects.flatMap(({ judged: more }) => more ?? []);
  if (asked.length > 0) judged = await judge(asked);
  const plans = effects.flatMap(({ plans: more }) => more ?? []);
  for (const plan of plans) {
    judged = { ...judged, judgement: together([judged.judgement, await evaluatePlan(deps, ctx, plan)]) };
  }
  const priced = effects.flatMap(({ priced: more }) => more ?? []);
  const monthlyCost = totalOf(priced);
  refuseProblems(path, given.parameters, effects);
  refuseTwice(making);
  if (path.steps.some(({ action }, index) => action === "catalog:register" && steps[index]?.skipped === false)) {
    await refuseBadDescriptors(deps.catalog, ctx, judged.collected);
  }
  for (const unreadable of judged.collected.unreadable)
    log.push(redactor.text(`warning: ${unreadable}: could not be read, policies were not asked about it`));
  const files = await readFiles(workspace);
  await inspect?.(workspace);
  return {
    outputs,
    resources: judged.collected.resources,
    plans,
    preview: {
      digest: digestOf(files),
      verdict: judged.judgement.verdict,
      findings: [...judged.judgement.findings],
      files,
      entities: judged.collected.descriptors.flatMap(({ yaml }) => entitiesIn(yaml)),
      resources: effects.flatMap(({ resources }) => resources ?? []),
      steps,
      approvals: [],
      ...(monthlyCost === undefined ? {} : { monthlyCost }),
      ...(priced.length === 0 ? {} : { costs: priced.map((item) => ({ ...item })) }),
      log,
    },
  };

  async function judge(more: readonly Resource[] = []): Promise<{ collected: Collected; judgement: Judgement }> {
    const inWorkspace = judged?.collected ?? (await collectResources(workspace));
    const collected = { ...inWorkspace, resources: [...inWorkspace.resources, ...more] };
    return { collected, judgement: await deps.standards.evaluate(ctx, collected.resources) };
  }
}

interface Turn {
  readonly effect: Effect;
  readonly output: Output;
}

/** Does it where that changes nothing but the scratch folder, else only says what it would do. */
async function tryAction(action: Action, context: ActionContext, input: unknown): Promise<Turn> {
  const effect = await describeAction(action, context, input);
  const runs = action.reach === "local" && action.supportsPreview !== false;
  return { effect, output: runs ? await runAction(action, context, input) : (effect.output ?? {}) };
}

interface ContextInput {
  readonly path: Path;
  readonly scope: Scope;
  readonly workspace: string;
  readonly stepId: string;
  readonly log: string[];
  readonly redactor: Redactor;
}

function contextFor(deps: PreviewDeps, ctx: Ctx, { path, scope, workspace, stepId, log, redactor }: ContextInput): ActionContext {
  return {
    workspace,
    template: path,
    taskId: scope.taskId,
    user: scope.user,
    key: `preview:${stepId}`,
    signal: ctx.signal,
    renderer: deps.renderer,
    call: ctx as Call,
    asStarter: ctx as Call,
    log: async (level, message) => void log.push(redactor.text(`[${stepId}] ${level === "info" ? "" : `${level}: `}${message}`)),
    read: (work) => work(ctx),
    once: () => Promise.reject(new Error("a preview remembers nothing")),
    write: () => Promise.reject(new Error("a preview changes nothing")),
  };
}

function refuseProblems(path: Path, values: Readonly<Record<string, unknown>>, effects: readonly Effect[]): void {
  const problems: Problem[] = effects
    .flatMap(({ problems: found }) => found ?? [])
    .map(({ about, reason, mend }) => ({ at: fieldThatSays(path, values, about), reason, ...(mend === undefined ? {} : { mend }) }));
  if (problems.length > 0) throw new InvalidError(problems.map(({ reason }) => reason).join("; "), { problems });
}

const MAKES_REPOSITORY = new Set(["publish:git", "publish:github", "publish:gitlab", "github:repo:create"]);

/** The second would find what the first had made, and stop the run halfway. */
function refuseTwice(making: readonly { readonly step: string; readonly effect: Effect }[]): void {
  const made = making.flatMap(({ step, effect }) =>
    (effect.resources ?? []).flatMap(({ kind, name, summary }) =>
      // The same name at another host is another repository.
      kind === "Repository"
        ? [{ step, name: name.toLowerCase(), place: `${name.toLowerCase()} ${/ at \S+$/.exec(summary)?.[0] ?? ""}` }]
        : [],
    ),
  );
  for (const steps of Map.groupBy(made, (one) => one.place).values()) {
    if (steps.length < 2) continue;
    const { name } = steps[0]!;
    const ids = [...new Set(steps.map(({ step }) => step))];
    throw new InvalidError(`The repository ${name} would be made twice, by ${ids.join(" and ")}.`, {
      mend: "Give one of them another name, or propose to what is there by publish:change.",
      problems: ids.map((id) => ({ at: `steps.${id}`, reason: `makes the repository ${name}, which is made already` })),
    });
  }
}

/** The form's field in which somebody typed this. */
function fieldThatSays(path: Path, values: Readonly<Record<string, unknown>>, about: string): string {
  const says = (value: unknown): boolean => typeof value === "string" && (value === about || value.includes(`repo=${about}`));
  return fieldsOf(path).find((field) => says(valueAt(values, field.path)))?.path ?? "";
}

async function refuseBadDescriptors(catalog: Catalog, ctx: Ctx, { descriptors }: Collected): Promise<void> {
  const problems: Problem[] = [];
  for (const { file, yaml } of descriptors) {
    for (const { at, reason, mend } of await catalog.validate(ctx, yaml)) {
      problems.push({ at: [file, at].filter(Boolean).join(" "), reason, ...(mend === undefined ? {} : { mend }) });
    }
  }
  if (problems.length === 0) return;
  throw new InvalidError(`What this path would register does not fit: ${problems.map(({ at, reason }) => `${at}: ${reason}`).join("; ")}`, {
    problems,
  });
}

const LONGEST_TEXT = 100_000;

async function readFiles(workspace: string): Promise<Preview["files"]> {
  const files = await listFiles(workspace);
  return Promise.all(
    files.map(async ({ path, bytes, executable }) => {
      const text = bytes <= LONGEST_TEXT ? await readText(join(workspace, path), bytes) : undefined;
      const hash = blobHash(text ?? (await readFile(join(workspace, path))));
      return { path, bytes, executable, hash, ...(text === undefined ? {} : { text }) };
    }),
  );
}

function digestOf(files: Preview["files"]): string {
  const lines = files.map(({ path, hash, executable }) => [path, hash, executable]);
  return createHash("sha256").update(JSON.stringify(lines)).digest("hex");
}

function entitiesIn(yaml: string): Preview["entities"] {
  return parseAllDocuments(yaml, { logLevel: "silent" }).flatMap((document) => {
    const text = String(document).replace(/^---\n/, "");
    const [ref] = document.errors.length > 0 ? [] : refsIn(text);
    return ref === undefined ? [] : [{ ref, yaml: text }];
  });
}
