import { ActionIcon, Tooltip } from "@mantine/core";
import { Play, Rocket, RotateCw, Square } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import type { Workload } from "@roadbed/contracts/delivery";
import type { Drift } from "@roadbed/contracts/delivery/drift";
import type { Column } from "../../table/column.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { DriftNote, useOpenDrift } from "../drift/DriftOf.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";
import classes from "./delivery.module.css";
import { WorkloadAct, type Asked } from "./WorkloadAct.tsx";

/** What runs where, with the two acts on it. */
export function WorkloadTable({ workloads, footer }: { readonly workloads: readonly Workload[]; readonly footer: ReactNode }): ReactNode {
  const [asked, ask] = useState<Asked | undefined>();
  const drifts = useOpenDrift();
  const columns = useMemo(() => columnsOf(ask, drifts), [drifts]);
  return (
    <>
      <FittingTable
        phone={["entity", "health", "acts"]}
        half={["entity", "health", "url", "since", "acts"]}
        label="Workloads"
        columns={columns}
        rows={workloads}
        rowKey={({ entityRef, environment }) => `${entityRef} ${environment}`}
        empty={<NothingRuns />}
        footer={footer}
      />
      <WorkloadAct asked={asked} onClose={() => ask(undefined)} />
    </>
  );
}

function columnsOf(ask: (asked: Asked) => void, drifts: readonly Drift[]): readonly Column<Workload>[] {
  return [
    {
      id: "entity",
      header: "Component",
      width: "18%",
      value: ({ entityRef }) => shortRef(entityRef),
      cell: ({ entityRef }) => <EntityLink entityRef={entityRef} tab="deploys" />,
    },
    { id: "environment", header: "In", width: "72px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
    {
      id: "health",
      header: "Health",
      value: ({ health }) => health,
      cell: (workload) => (
        <>
          <Health workload={workload} /> <DriftNote drifts={drifts} entityRef={workload.entityRef} environment={workload.environment} />
        </>
      ),
    },
    {
      id: "commit",
      header: "Commit",
      width: "90px",
      value: ({ commit }) => commit,
      cell: ({ commit }) =>
        commit === undefined ? (
          <Nothing />
        ) : (
          <code className="rb-mono" title={commit}>
            {commit.slice(0, 7)}
          </code>
        ),
    },
    {
      id: "url",
      header: "Address",
      width: "26%",
      value: ({ url }) => url,
      cell: ({ url }) =>
        url === undefined ? (
          <Nothing />
        ) : (
          <a href={url} target="_blank" rel="noreferrer">
            {url.replace(/^https?:\/\//, "")}
          </a>
        ),
    },
    {
      id: "restarts",
      header: "Restarts",
      width: "84px",
      align: "right",
      value: ({ restarts }) => restarts,
      cell: ({ restarts }) => restarts,
      hint: "How often it had to be started again by itself",
    },
    {
      id: "since",
      header: "Up since",
      width: "108px",
      value: ({ startedAt }) => startedAt,
      cell: ({ startedAt }) => <When at={startedAt} />,
    },
    { id: "acts", header: "", width: "82px", align: "right", cell: (workload) => <Acts workload={workload} ask={ask} /> },
  ];
}

function Health({ workload: { health, detail, desired } }: { readonly workload: Workload }): ReactNode {
  // Between the wish and its end.
  if (desired === "stopped" && health !== "stopped" && health !== "crashed") return <StateBadge plain word="stopping" state="busy" />;
  const label = desired === "stopped" ? "stopped on purpose" : health;
  return (
    <span title={detail}>
      <StateBadge plain word={health} label={label} />{" "}
      {detail !== undefined && health !== "healthy" && <span className="rb-dim">{detail}</span>}
    </span>
  );
}

function Acts({ workload, ask }: { readonly workload: Workload; readonly ask: (asked: Asked) => void }): ReactNode {
  const name = shortRef(workload.entityRef);
  const starts = workload.desired === "stopped";
  return (
    <span className={classes.acts}>
      <Tooltip label={starts ? "Start" : "Restart"}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`${starts ? "Start" : "Restart"} ${name} in ${workload.environment}`}
          onClick={() => ask({ act: starts ? "start" : "restart", workload })}
        >
          {starts ? <Play size={15} /> : <RotateCw size={15} />}
        </ActionIcon>
      </Tooltip>
      {!starts && (
        <Tooltip label="Stop">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Stop ${name} in ${workload.environment}`}
            onClick={() => ask({ act: "stop", workload })}
          >
            <Square size={14} />
          </ActionIcon>
        </Tooltip>
      )}
    </span>
  );
}

function Nothing(): ReactNode {
  return <span className="rb-dim">–</span>;
}

function NothingRuns(): ReactNode {
  return (
    <EmptyState icon={Rocket} title="Nothing runs here yet" act={<LinkButton to="/create">Choose a golden path</LinkButton>}>
      <p>A workload is a component that runs in an environment: a service, a worker or a site, at one commit, with its health.</p>
      <p>
        A golden path makes one in about a minute: a repository, a catalogue entry and a first deployment. After that, each push to its main
        branch deploys it again.
      </p>
    </EmptyState>
  );
}
