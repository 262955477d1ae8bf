import type { ReactNode } from "react";

import type { PipelineStep } from "@roadbed/contracts/delivery/pipelines";
import { formatMs } from "../../format/number.ts";
import { CardMap } from "../../ui/CardMap.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { CARD, layOut } from "../../ui/map-layout.ts";
import classes from "./pipelines.module.css";

interface Props {
  readonly steps: readonly PipelineStep[];
  readonly selected: string | undefined;
  readonly onSelect: (name: string) => void;
}

const HEIGHT = 64;

/** Steps as a picture: each to the right of those that it needs. */
export function StepMap({ steps, selected, onSelect }: Props): ReactNode {
  const layout = layOut(
    inOrder(steps).map(({ name, needs }) => ({ name, upstream: needs })),
    HEIGHT,
  );
  const byName = new Map(steps.map((step) => [step.name, step]));
  return (
    <CardMap layout={layout} selected={selected} label="Steps">
      {layout.cards.map(({ name, x, y }) => {
        const step = byName.get(name)!;
        return (
          <button
            key={name}
            type="button"
            className={classes.card}
            aria-pressed={selected === name}
            onClick={() => onSelect(name)}
            style={{ left: x, top: y, width: CARD.width, height: HEIGHT }}
          >
            <b>{name}</b>
            <span className={classes.foot}>
              <StateBadge plain word={step.state} {...(step.state === "timed-out" && { state: "fail" as const })} />
              <span className="rb-dim">{tookOf(step)}</span>
            </span>
          </button>
        );
      })}
    </CardMap>
  );
}

/** What is needed before what needs it. */
function inOrder(steps: readonly PipelineStep[]): PipelineStep[] {
  const placed: PipelineStep[] = [];
  const names = new Set<string>();
  for (let left = [...steps]; left.length > 0;) {
    const next = left.filter(({ needs }) => needs.every((need) => names.has(need)));
    if (next.length === 0) return [...placed, ...left];
    for (const step of next) names.add(step.name);
    placed.push(...next);
    left = left.filter(({ name }) => !names.has(name));
  }
  return placed;
}

function tookOf({ startedAt, endedAt }: PipelineStep): string {
  return startedAt === undefined || endedAt === undefined ? "" : formatMs(Date.parse(endedAt) - Date.parse(startedAt));
}
