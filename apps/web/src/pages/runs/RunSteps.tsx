import type { ReactNode } from "react";

import type { Run } from "@roadbed/contracts/paths";
import { formatMs } from "../../format/number.ts";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./runs.module.css";

interface Props {
  readonly steps: Run["steps"];
  readonly selected: string | undefined;
  readonly onSelect: (step: string) => void;
}

/** The steps with state and time; one selects its part of the log. */
export function RunSteps({ steps, selected, onSelect }: Props): ReactNode {
  return (
    <ol className={classes.steps}>
      {steps.map(({ id, name, action, status, startedAt, endedAt, error }) => (
        <li key={id}>
          <button type="button" onClick={() => onSelect(id)} aria-pressed={selected === id}>
            <StateIcon word={status} state={status === "open" ? "unknown" : undefined} />
            <span className={classes.stepText}>
              <span data-open={status === "open"}>{name}</span>
              <span className="rb-dim rb-mono">{action}</span>
              {error !== undefined && <span data-state="fail">{error}</span>}
            </span>
            <span className={classes.stepTime}>{timeOf(status, startedAt, endedAt)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function timeOf(status: string, startedAt: string | undefined, endedAt: string | undefined): string {
  if (status === "skipped" || status === "cancelled") return status;
  if (startedAt === undefined) return "";
  return formatMs(Math.max(0, (endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt)));
}
