import type { Slo, SloFigures } from "@roadbed/contracts/telemetry/slos";

import { minutesOf } from "./figures.ts";

const AFTER_MS = 3_600_000;

/** What a target allows, and what one more nine would leave of it. */
export function costOf(
  objective: Pick<Slo, "target" | "period">,
  { total, bad, allowed }: Pick<SloFigures, "total" | "bad" | "allowed">,
  now: Date,
) {
  const minutes = minutesOf(objective.period, now);
  const target = nextNine(objective.target);
  return {
    minutes: round(minutes * (1 - objective.target)),
    ...(allowed === undefined ? {} : { events: Math.floor(allowed + 1e-9) }),
    nextNine: {
      target,
      minutes: round(minutes * (1 - target)),
      ...(total === 0 ? {} : { remaining: 1 - bad / (total * (1 - target)) }),
    },
  };
}

/** A tenth of the failures: 99.9 % becomes 99.99 %, 99.5 % becomes 99.95 %. */
export function nextNine(target: number): number {
  return Number((1 - (1 - target) / 10).toFixed(12));
}

/** Splits the failures into those of the hour after a deployment and all others; a step counts whole. */
export function spentAfter(
  deployments: readonly Date[],
  steps: readonly { readonly at: number; readonly good: number; readonly total: number }[],
): { readonly afterDeployments: number; readonly otherwise: number } {
  let [afterDeployments, otherwise] = [0, 0];
  for (const { at, good, total } of steps) {
    const ms = at * 1_000;
    // The step in which it was deployed is its own.
    const near = deployments.some((deployed) => ms > deployed.getTime() - 300_000 && ms < deployed.getTime() + AFTER_MS);
    if (near) afterDeployments += total - good;
    else otherwise += total - good;
  }
  return { afterDeployments, otherwise };
}

function round(minutes: number): number {
  return Math.round(minutes * 10) / 10;
}
