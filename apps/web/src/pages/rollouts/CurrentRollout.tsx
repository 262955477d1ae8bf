import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listRollouts } from "@roadbed/contracts/delivery/rollouts";
import { useOperation } from "../../api/use-operation.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./rollouts.module.css";
import { sentenceOf } from "./words.ts";

/** The rollout of a workload that goes on, where there is one. */
export function CurrentRollout({ entityRef, environment }: { readonly entityRef: string; readonly environment: string }): ReactNode {
  const { data } = useOperation(listRollouts, { entityRef, environment, active: true, limit: 1 });
  const [rollout] = data?.items ?? [];
  if (rollout === undefined) return null;
  return (
    <p className={classes.current}>
      <StateBadge word={rollout.state} label={`Rollout of ${rollout.commit.slice(0, 8)}: ${rollout.state}`} />
      <span>{sentenceOf(rollout)}</span>
      <Link to="/rollouts/$id" params={{ id: rollout.id }}>
        See the evidence
      </Link>
    </p>
  );
}
