import type { Entity } from "@roadbed/contracts/catalog";
import { examine, InvalidError, toProblem } from "@roadbed/core";

import type { Action, Output } from "../action/action.ts";
import type { Actions } from "../action/actions.ts";
import { providerOf } from "../action/providers.ts";
import type { Context } from "../render/engine.ts";
import { isFalsy } from "../render/render-value.ts";
import type { Renderer } from "../render/renderer.ts";
import { nearest } from "../template/nearest.ts";
import type { Path, Step } from "../template/template.ts";

/** What the expressions of a run can see. */
export interface Scope {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly user: { readonly ref: string; readonly entity: Entity };
  readonly taskId: string;
  readonly path: Pick<Path, "ref" | "entity">;
  /** Outputs of the steps done so far. */
  readonly steps: Readonly<Record<string, { readonly output: unknown }>>;
}

/** A step made ready: its action's inputs, one for each turn of `each`. */
export interface Plan {
  readonly action: Action;
  /** False: not one is to be done. */
  readonly run: boolean;
  readonly inputs: readonly unknown[];
  /** Whether the outputs are gathered in lists, because the step has `each`. */
  readonly repeated: boolean;
  readonly warnings: readonly string[];
  /** Texts in the inputs that were made with a secret; to be kept out of logs. */
  readonly derived: readonly string[];
}

/**
 * Decides whether a step is done, and with what. Secrets can be seen in inputs and in `each`, and in `if` only beside `each`.
 * Throws `InvalidError` when an input does not fit its action.
 */
export async function planStep(step: Step, scope: Scope, failed: boolean, actions: Actions, renderer: Renderer): Promise<Plan> {
  const action = actionOf(step, actions);
  const plain = contextOf(scope, false);
  const warnings: string[] = [];
  const idle: Plan = { action, run: false, inputs: [], repeated: step.each !== undefined, warnings, derived: [] };
  if (failed && !runsAfterFailure(step)) return idle;
  if (step.each === undefined && !(await holds(plain))) return idle;

  const turns = await turnsOf();
  const inputs: unknown[] = [];
  const derived = new Set<string>();
  for (const turn of turns) {
    const context = { ...contextOf(scope, true), ...turn };
    if (step.each !== undefined && !(await holds(context))) continue;
    const rendered = await renderer.renderValue(step.input, context, failed);
    warnings.push(...rendered.warnings);
    if (Object.keys(scope.secrets).length > 0) {
      const blank = await renderer.renderValue(step.input, { ...context, secrets: {} }, failed);
      collectDifferences(rendered.value, blank.value, derived);
    }
    inputs.push(parseActionInput(step, action, rendered.value));
  }
  return {
    action,
    run: inputs.length > 0,
    inputs,
    repeated: step.each !== undefined,
    warnings: [...new Set(warnings)],
    derived: [...derived],
  };

  async function holds(context: Context): Promise<boolean> {
    if (step.if === undefined) return true;
    const rendered = await renderer.renderValue(step.if, context, failed);
    warnings.push(...rendered.warnings);
    return !isFalsy(rendered.value);
  }

  async function turnsOf(): Promise<Record<string, unknown>[]> {
    if (step.each === undefined) return [{}];
    const { value } = await renderer.renderValue(step.each, contextOf(scope, true), failed);
    if (typeof value !== "object" || value === null) {
      throw new InvalidError(
        `The step ${step.id} wants to go over each of ${JSON.stringify(value) ?? "nothing"}, which is neither a list nor an object.`,
      );
    }
    return Object.entries(value).map(([key, item]) => ({ each: { key, value: item } }));
  }
}

/** One output of one turn, or lists of the outputs of all turns. */
export function gatherOutputs(outputs: readonly Output[], repeated: boolean): Output {
  if (!repeated) return outputs[0] ?? {};
  const names = new Set(outputs.flatMap((output) => Object.keys(output)));
  return Object.fromEntries([...names].map((name) => [name, outputs.map((output) => output[name] ?? null)]));
}

export function contextOf(scope: Scope, withSecrets: boolean): Context {
  const { namespace, name, title, description } = scope.path.entity.metadata;
  return {
    parameters: scope.parameters,
    steps: scope.steps,
    user: scope.user,
    context: { task: { id: scope.taskId } },
    templateInfo: { entityRef: scope.path.ref, entity: { metadata: { namespace, name, title, description } } },
    environment: { parameters: {}, secrets: {} },
    ...(withSecrets ? { secrets: scope.secrets } : {}),
  };
}

/** Throws `InvalidError` that names every action of the path that Roadbed does not have, and what provides it. */
export function assertRunnable(path: Path, actions: Actions): void {
  const missing = path.steps.filter(({ action }) => !actions.has(action));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(({ action }) => action))];
  const words = names.length === 1 ? `the action ${names[0]}` : `the actions ${names.join(", ")}`;
  const faults = missing.map(({ id, action }) => ({ at: `steps.${id}`, ...missingAction(action, actions) }));
  throw new InvalidError(`This path needs ${words}, which Roadbed does not have.`, {
    mend: [...new Set(faults.map(({ mend }) => mend))].join(" "),
    problems: faults,
  });
}

/** What is said of an action that is not here: who provides it, and what to use instead. */
export function missingAction(action: string, actions: Actions): { readonly reason: string; readonly mend: string } {
  const provider = providerOf(action);
  const near = nearest(action, [...actions.keys()]);
  const instead = provider?.instead ?? near;
  return {
    reason: `needs the action ${action}, which Roadbed does not have${provider === undefined ? "" : `; in Backstage it comes from ${provider.from}`}`,
    mend: instead === undefined ? "Change the step to an action of: roadbed action list" : `Use ${instead} in place of ${action}.`,
  };
}

function actionOf(step: Step, actions: Actions): Action {
  const action = actions.get(step.action);
  if (action) return action;
  throw new InvalidError(`This path needs the action ${step.action}, which Roadbed does not have.`);
}

function parseActionInput(step: Step, action: Action, value: unknown): unknown {
  const { value: input, faults } = examine(action.input, value);
  if (faults === undefined) return input;
  const problems = faults.map((fault) => toProblem({ ...fault, path: ["steps", step.id, "input", ...fault.path] }));
  throw new InvalidError(
    `The step "${step.name}" gives ${action.id} an input that does not fit: ${problems.map(({ at, reason }) => `${at.split(".").slice(3).join(".")} ${reason}`.trim()).join("; ")}.`,
    { problems },
  );
}

function runsAfterFailure({ if: condition }: Step): boolean {
  return typeof condition === "string" && /\b(always|failure)\s*\(\s*\)/.test(condition);
}

/** Collects the strings of `real` that are different in `blank`. */
function collectDifferences(real: unknown, blank: unknown, into: Set<string>): void {
  if (typeof real === "string") {
    if (real !== blank) into.add(real);
    return;
  }
  if (typeof real !== "object" || real === null) return;
  for (const [key, value] of Object.entries(real)) {
    collectDifferences(value, typeof blank === "object" && blank !== null ? (blank as Record<string, unknown>)[key] : undefined, into);
  }
}
