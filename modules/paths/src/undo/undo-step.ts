import type { Output, Undone } from "../action/action.ts";
import { contextFor, load, type StepDeps, type Work } from "../run/perform-step.ts";
import { planStep } from "../run/step-context.ts";

/**
 * Takes back what one step of a run made, as its action knows how. May be called again after a crash: actions take back what is there and
 * count what is gone as done. Throws what the host says.
 */
export async function undoStep(deps: StepDeps, runId: string, n: number): Promise<Undone> {
  const work = await load(deps, runId, n);
  const action = deps.actions.get(work.step.action);
  if (action?.undo === undefined) {
    return { done: false, words: `What "${work.step.name}" (${work.step.action}) did stays: the action cannot be taken back.` };
  }
  const turns = await turnsOf(deps, work);
  const all: Undone[] = [];
  for (const [turn, made] of turns.entries()) {
    const c = contextFor(deps, work, "", turn, new AbortController().signal);
    all.push(await action.undo(c, made));
  }
  const words = all.map((one) => one.words).join(" ");
  return { done: all.every(({ done }) => done), words: work.redactor.text(words === "" ? "It had made nothing." : words) };
}

/** What the step was given and put out, once for each turn of `each`. What cannot be made ready again is left out. */
async function turnsOf(deps: StepDeps, work: Work): Promise<{ input: unknown; output: Output }[]> {
  const spec = work.run.path.steps[work.step.n];
  const output = work.step.output ?? {};
  const inputs = await inputsOf(deps, work);
  if (spec?.each === undefined) return [{ input: inputs[0], output }];
  const lists = Object.entries(output).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  const count = Math.max(inputs.length, ...lists.map(([, values]) => values.length), 0);
  return Array.from({ length: count }, (_, turn) => ({
    input: inputs[turn],
    output: Object.fromEntries(lists.map(([name, values]) => [name, values[turn]])),
  })).reverse();
}

async function inputsOf(deps: StepDeps, work: Work): Promise<readonly unknown[]> {
  const spec = work.run.path.steps[work.step.n];
  if (spec === undefined) return [];
  try {
    // Whether it was to be done is over; with what it was done counts.
    const { if: _over, ...always } = spec;
    return (await planStep(always, work.scope, false, deps.actions, deps.renderer)).inputs;
  } catch {
    // Secrets are forgotten when a run has succeeded: what needs one is taken back by what it put out.
    return [];
  }
}
