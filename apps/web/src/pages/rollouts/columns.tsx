import { Link } from "@tanstack/react-router";

import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { STRATEGY_WORDS } from "./words.ts";

type Listed = Omit<Rollout, "analysis" | "tripwires" | "mirrored">;

/** What a list of rollouts shows. */
export const COLUMNS: readonly Column<Listed>[] = [
  {
    id: "commit",
    header: "Release",
    width: "120px",
    value: ({ commit }) => commit,
    cell: ({ id, commit }) => (
      <Link to="/rollouts/$id" params={{ id }} className="rb-mono">
        {commit.slice(0, 8)}
      </Link>
    ),
  },
  {
    id: "entity",
    header: "Component",
    value: ({ entityRef }) => entityRef,
    cell: ({ entityRef }) => <EntityLink entityRef={entityRef} tab="deploys" />,
  },
  { id: "environment", header: "In", width: "110px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
  { id: "strategy", header: "How", width: "120px", value: ({ strategy }) => strategy, cell: ({ strategy }) => STRATEGY_WORDS[strategy] },
  {
    id: "state",
    header: "State",
    width: "150px",
    value: ({ state }) => state,
    cell: ({ state, reason }) => <StateBadge plain word={state} title={reason} />,
  },
  { id: "weight", header: "Requests", width: "100px", value: ({ weight }) => weight, cell: ({ weight }) => `${weight} %` },
  { id: "at", header: "Began", width: "120px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];
