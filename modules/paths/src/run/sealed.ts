import type { Sealer } from "@roadbed/postgres";

import type { Output } from "../action/action.ts";
import { hideSecrets } from "../template/form.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import type { RunRow, StepRow } from "./run-store.ts";

/** What a run needs to go on after a restart and nobody may read in the database. */
export interface Sealed {
  readonly values: Record<string, unknown>;
  readonly secrets: Record<string, string>;
  /** By step, what it made that is secret. */
  readonly outputs?: Readonly<Record<string, Output>>;
}

/** What stands in the open in place of a secret. */
const HIDDEN = "***";

/** A run that has succeeded keeps none: what is left is what may be shown. */
export async function openSealed(sealer: Sealer, run: Pick<RunRow, "id" | "sealed" | "shown_values">): Promise<Sealed> {
  return run.sealed === null ? { values: run.shown_values, secrets: {} } : sealer.open<Sealed>(run.sealed, run.id);
}

/** Keeps out of what people read all that is secret so far. */
export function redactorOf(run: Pick<RunRow, "path">, { values, secrets, outputs = {} }: Sealed): Redactor {
  const made = Object.values(outputs).flatMap((output) => Object.values(output).flat());
  const texts = made.filter((value) => typeof value === "string");
  return createRedactor([...Object.values(secrets), ...hideSecrets(run.path, values).secrets, ...texts]);
}

/** What the steps that are done put out, as expressions of later ones see it. */
export function outputsOf(steps: readonly StepRow[], { outputs = {} }: Sealed): Record<string, { output: Output }> {
  return Object.fromEntries(
    steps.filter(({ status }) => status === "completed").map(({ id, output }) => [id, { output: { ...output, ...outputs[id] } }]),
  );
}

/** The output as it is kept in the open, and what of it is to be sealed. */
export function partOutput(output: Output, secret: readonly string[] = []): { readonly shown: Output; readonly hidden: Output } {
  const isSecret = ([name]: readonly [string, unknown]): boolean => secret.includes(name);
  const hidden = Object.fromEntries(Object.entries(output).filter(isSecret));
  const shown = Object.fromEntries(Object.entries(output).map(([name, value]) => [name, secret.includes(name) ? HIDDEN : value]));
  return { shown, hidden };
}
