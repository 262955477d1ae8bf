import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { RotateCw, Square } from "lucide-react";
import { useState, type ReactNode } from "react";

import { getRepository, getWorkloadLogs, restartWorkload, stopWorkload, type Workload } from "@roadbed/contracts/delivery";
import { client } from "../../api/client.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { ToldOf } from "../cdevents/ToldOf.tsx";
import { CredentialTable } from "../delivery/CredentialTable.tsx";
import { DeploymentTable } from "../delivery/DeploymentTable.tsx";
import { ExecutionTable } from "../delivery/ExecutionTable.tsx";
import { DriftNote, useOpenDrift } from "../drift/DriftOf.tsx";
import { PromotionsOf } from "../promotions/PromotionsOf.tsx";
import { CurrentRollout } from "../rollouts/CurrentRollout.tsx";
import { RunsOf } from "../pipelines/RunsOf.tsx";
import { RolloutsOf } from "../rollouts/RolloutsOf.tsx";
import { isServed, Served } from "./Served.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { LogView } from "../../ui/LogView.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import type { KnownEntity } from "./use-entity.ts";

/** What runs and what it prints, then what was deployed. */
export function DeploysTab({ known }: { readonly known: KnownEntity }): ReactNode {
  return (
    <>
      {known.workloads.map((workload) => (
        <WorkloadSection key={workload.environment} workload={workload} />
      ))}
      <CredentialTable entityRef={known.ref} />
      <PromotionsOf entityRef={known.ref} />
      <RunsOf entityRef={known.ref} />
      <RolloutsOf entityRef={known.ref} />
      <ToldOf entityRef={known.ref} />
      <Section
        title="Deployments"
        count={known.deployments.length}
        act={
          <Link to="/insights" search={{ about: known.ref }}>
            How often, how fast, how safe
          </Link>
        }
      >
        <DeploymentTable deployments={known.deployments} withEntity={false} />
      </Section>
      {known.repository !== undefined && <Commits name={known.repository.name} cloneUrl={known.repository.cloneUrl} />}
    </>
  );
}

function WorkloadSection({ workload }: { readonly workload: Workload }): ReactNode {
  const { entityRef, environment, kind, health, detail, url, commit, restarts, startedAt, desired, schedule, replicas, cluster } = workload;
  const key = { entityRef, environment };
  const restart = useAct(restartWorkload);
  const stop = useAct(stopWorkload);
  const [asking, setAsking] = useState(false);
  const drifts = useOpenDrift(entityRef);
  const error = restart.error ?? stop.error;
  return (
    <Section
      title={`In ${environment}`}
      act={
        <Group gap="xs">
          {(kind !== "job" || desired === "stopped") && (
            <Button
              variant="default"
              leftSection={<RotateCw size={14} aria-hidden />}
              loading={restart.isPending}
              onClick={() => restart.mutate(key)}
            >
              {desired === "stopped" ? "Start" : "Restart"}
            </Button>
          )}
          {desired === "running" && cluster === undefined && (
            <Button
              variant="default"
              leftSection={<Square size={13} aria-hidden />}
              loading={stop.isPending}
              onClick={() => setAsking(true)}
            >
              Stop
            </Button>
          )}
        </Group>
      }
    >
      {error !== null && <ErrorState error={error} />}
      <CurrentRollout {...key} />
      <DriftNote drifts={drifts} {...key} />
      <Facts
        of={[
          ["State", <StateBadge key="state" word={health} label={detail === undefined ? health : `${health}: ${detail}`} />],
          [
            "Address",
            url === undefined ? undefined : (
              <a key="url" href={url} target="_blank" rel="noreferrer">
                {url}
              </a>
            ),
          ],
          ["Schedule", schedule === undefined ? undefined : `${schedule.cron} (${schedule.timeZone})`],
          ["Next time", schedule?.next === undefined ? undefined : <When key="next" at={schedule.next} />],
          ["Last time", schedule?.last === undefined ? undefined : <When key="last" at={schedule.last.dueAt} />],
          ["Commit", commit === undefined ? undefined : <CopyText key="commit" text={commit.slice(0, 12)} what="commit" />],
          [isServed(kind) ? "There since" : "Up since", startedAt === undefined ? undefined : <When key="since" at={startedAt} />],
          ["Restarts", kind === "job" || isServed(kind) ? undefined : restarts],
          ["Cluster", cluster === undefined ? undefined : <InCluster key="cluster" cluster={cluster} />],
          [
            cluster === undefined ? "Processes" : "Pods",
            replicas === undefined || (replicas.length < 2 && cluster === undefined) ? undefined : (
              <Processes key="processes" replicas={replicas} />
            ),
          ],
        ]}
      />
      {kind === "job" && <ExecutionTable workload={workload} />}
      {isServed(kind) && commit !== undefined && desired === "running" && <Served {...key} />}
      <LogView
        title="Output"
        height={260}
        queryKey={["workload.logs", entityRef, environment]}
        read={async (after, signal) => {
          const { items, next, done } = await client.call(getWorkloadLogs, { ...key, after, waitMs: after === 0 ? 0 : 25_000 }, { signal });
          return {
            lines: items.map(({ seq, at, stream, message }) => ({
              seq,
              at,
              message,
              tone: stream === "stderr" ? ("warn" as const) : undefined,
              source: stream,
            })),
            next,
            done,
          };
        }}
      />
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Stop ${entityRef} in ${environment}`}
        what="The process ends. It stays stopped until it is started again or a commit is deployed. Requests to it fail meanwhile."
        word={entityRef.replace(/^.*\//, "")}
        act="Stop it"
        onConfirm={() => stop.mutate(key)}
      />
    </Section>
  );
}

/** Each process, where there are several. */
function Processes({ replicas }: { readonly replicas: NonNullable<Workload["replicas"]> }): ReactNode {
  return (
    <Group gap="xs">
      {replicas.map(({ name, release, health, detail, pid, restarts }, at) => (
        <StateBadge
          key={name ?? pid ?? `none-${at}`}
          word={health}
          label={[
            name ?? pid ?? "none",
            release !== undefined && `release ${release}`,
            restarts > 0 && `started again ${formatCount(restarts, "time")}`,
          ]
            .filter(Boolean)
            .join(", ")}
          title={detail ?? health}
        />
      ))}
    </Group>
  );
}

/** What the cluster and the engine that applies say; Git says the rest. */
function InCluster({ cluster }: { readonly cluster: NonNullable<Workload["cluster"]> }): ReactNode {
  const { namespace, actual, ready, wanted, sync, said, problem, seenAt } = cluster;
  const releases = actual.length === 0 ? "no release is ready" : `${actual.length === 1 ? "release" : "releases"} ${actual.join(" and ")}`;
  return (
    <>
      {cluster.cluster}, namespace {namespace}: {releases}
      {wanted > 0 && `, ${ready} of ${wanted} pods`}
      {sync !== undefined && `, ${sync}`}
      {said !== undefined && <div className="rb-dim">{said}</div>}
      {problem !== undefined && (
        <div className="rb-dim">
          {problem}{" "}
          {seenAt !== undefined && (
            <>
              Seen last <When at={seenAt} />.
            </>
          )}
        </div>
      )}
    </>
  );
}

function Commits({ name, cloneUrl }: { readonly name: string; readonly cloneUrl: string }): ReactNode {
  const { data } = useOperation(getRepository, { name });
  return (
    <Section title="Commits" act={<CopyText text={cloneUrl} what="clone URL" />}>
      <ul style={{ listStyle: "none", padding: 0, margin: 0 }}>
        {data?.commits.map(({ hash, message, author, at }) => (
          <li key={hash} style={{ display: "flex", gap: 12, padding: "4px 0", fontSize: 13 }}>
            <code className="rb-mono">{hash.slice(0, 7)}</code>
            <span className="rb-truncate" style={{ flex: 1 }}>
              {message.split("\n")[0]}
            </span>
            <span className="rb-dim">
              {author}, <When at={at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
