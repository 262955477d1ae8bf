import type { ReactNode } from "react";

import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import { formatMs } from "../../format/number.ts";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./rollouts.module.css";
import { wordsOf } from "./words.ts";

/** Every step, with the one that lasts and how long it has. */
export function Steps({ of }: { readonly of: Rollout }): ReactNode {
  const { steps, step: at, state, stepSeconds, analysis } = of;
  const over = state === "promoted" || state === "rolled-back" || state === "rolling-back";
  return (
    <ol className={classes.steps}>
      {steps.map((step, index) => {
        const isNow = index === at && state !== "starting";
        const done = state !== "starting" && index < at;
        const seconds =
          step.kind === "pause" ? step.seconds : step.kind === "analysis" ? (step.deadlineSeconds ?? analysis?.deadlineSeconds) : undefined;
        const word = done ? "done" : isNow ? state : "never";
        return (
          <li key={index} data-now={isNow && !over ? "" : undefined} aria-current={isNow && !over ? "step" : undefined}>
            <StateIcon word={word} size={16} />
            <span>{wordsOf(step)}</span>
            {isNow && !over && (
              <span className="rb-dim">
                {formatMs(Math.round(stepSeconds) * 1_000)}
                {seconds !== undefined && state !== "held" && ` of ${formatMs(seconds * 1_000)}`}
              </span>
            )}
            {isNow && state === "rolled-back" && <span className="rb-dim">rolled back here</span>}
          </li>
        );
      })}
      <li data-now={state === "promoting" ? "" : undefined}>
        <StateIcon word={state === "promoted" ? "promoted" : state === "promoting" ? "promoting" : "never"} size={16} />
        <span>All requests; the release before ends</span>
      </li>
    </ol>
  );
}
