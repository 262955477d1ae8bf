import { Button, Group, SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import {
  cancelUpgrade,
  goUpgrade,
  listUpgradeItems,
  pauseUpgrade,
  refreshUpgrade,
  resumeUpgrade,
  showUpgrade,
  type Upgrade,
  type UpgradeItem,
} from "@roadbed/contracts/paths/upgrades";
import { useAct, useOperation, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./upgrades.module.css";
import { ITEM_STATES, ItemBadge, progressWords, totalOf } from "./words.tsx";

const route = getRouteApi("/app/upgrades/$id");
/** Events tell of each change; this catches what a lost connection missed. */
const POLL_MS = 3_000;

/** One upgrade: how far it is, wave by wave, and what it met in each repository. */
export function UpgradePage(): ReactNode {
  const { id } = route.useParams();
  const { state } = route.useSearch();
  const navigate = route.useNavigate();
  const nameOf = useActorName();
  const upgrade = useOperation(showUpgrade, { id }, { every: POLL_MS });
  const items = usePages(listUpgradeItems, { id, limit: 100, ...(state !== undefined && { state }) }, { every: POLL_MS });
  const refresh = useAct(refreshUpgrade);
  if (upgrade.data === undefined) {
    return (
      <Page title="Upgrade" trail={<Link to="/upgrades">Upgrades</Link>}>
        {upgrade.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={upgrade.error} retry={() => void upgrade.refetch()} />}
      </Page>
    );
  }
  const { pathTitle, toVersion, counts, wave, waves, startedBy, startedAt, waitFor, state: stands } = upgrade.data;
  return (
    <Page
      title={
        <>
          {pathTitle} {toVersion !== undefined && `to ${toVersion}`} <StateBadge word={stands} />
        </>
      }
      tabTitle={`${pathTitle}, upgrade`}
      trail={<Link to="/upgrades">Upgrades</Link>}
      state={
        <>
          {progressWords(counts)}. Wave {wave} of {waves}
          {wave < waves && `; the next ${NEXT[waitFor]}`}. Begun by {nameOf(startedBy)} <When at={startedAt} />.
        </>
      }
      act={<Acts upgrade={upgrade.data} />}
    >
      <Progress counts={counts} />
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={state ?? "all"}
          onChange={(value) => void navigate({ search: { state: value === "all" ? undefined : (value as UpgradeItem["state"]) } })}
          data={[
            { value: "all", label: `All ${totalOf(counts)}` },
            ...ITEM_STATES.map((value) => ({ value, label: `${value} ${counts[value] ?? 0}` })),
          ]}
        />
      </div>
      {refresh.error !== null && <ErrorState error={refresh.error} />}
      {items.error !== null && items.rows.length === 0 ? (
        <ErrorState error={items.error} retry={items.retry} />
      ) : (
        <DataTable
          label="Repositories"
          columns={columnsOf((thing) => refresh.mutate({ id, thing }))}
          rows={items.rows}
          rowKey={({ thing }) => thing}
          loading={items.pending}
          stale={items.stale}
          empty={<EmptyState title="Nothing is in this state">Choose another state above.</EmptyState>}
          footer={<LoadMore shown={items.rows.length} total={items.total} more={items.more} loading={items.loadingMore} />}
        />
      )}
    </Page>
  );
}

const NEXT: Readonly<Record<Upgrade["waitFor"], string>> = {
  nothing: "follows at once",
  settled: "begins when this one is settled",
  go: "begins when somebody says so",
};

function Progress({ counts }: { readonly counts: Upgrade["counts"] }): ReactNode {
  const total = Math.max(1, totalOf(counts));
  return (
    <div className={classes.bar} role="img" aria-label={progressWords(counts)}>
      {(["merged", "closed", "refused", "conflicting", "open", "waiting"] as const).map((state) => (
        <span key={state} data-item={state} style={{ flexGrow: (counts[state] ?? 0) / total }} title={`${counts[state] ?? 0} ${state}`} />
      ))}
    </div>
  );
}

function Acts({ upgrade: { id, state, wave, waves, waitFor } }: { readonly upgrade: Upgrade }): ReactNode {
  const pause = useAct(pauseUpgrade);
  const resume = useAct(resumeUpgrade);
  const go = useAct(goUpgrade);
  const cancel = useAct(cancelUpgrade);
  const error = pause.error ?? resume.error ?? go.error ?? cancel.error;
  return (
    <Group gap="xs">
      {state === "running" && wave < waves && waitFor !== "nothing" && (
        <Button loading={go.isPending} onClick={() => go.mutate({ id })}>
          Begin the next wave
        </Button>
      )}
      {state === "running" && (
        <Button variant="default" loading={pause.isPending} onClick={() => pause.mutate({ id })}>
          Pause
        </Button>
      )}
      {state === "paused" && (
        <Button loading={resume.isPending} onClick={() => resume.mutate({ id })}>
          Go on
        </Button>
      )}
      {(state === "running" || state === "paused") && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ id })}>
          End it
        </Button>
      )}
      {error !== null && <ErrorState error={error} />}
    </Group>
  );
}

function columnsOf(onRefresh: (thing: string) => void): readonly Column<UpgradeItem>[] {
  return [
    {
      id: "repository",
      header: "Repository",
      width: "22%",
      value: ({ repository }) => repository,
      cell: ({ thing, repository }) => (
        <Link to="/ledger/$id" params={{ id: thing }}>
          {repository}
        </Link>
      ),
    },
    { id: "wave", header: "Wave", width: "70px", align: "right", value: ({ wave }) => wave, cell: ({ wave }) => wave },
    { id: "state", header: "State", width: "130px", value: ({ state }) => state, cell: ({ state }) => <ItemBadge state={state} /> },
    { id: "from", header: "From", width: "80px", value: ({ fromVersion }) => fromVersion ?? "", cell: ({ fromVersion }) => fromVersion },
    {
      id: "what",
      header: "What it met",
      cell: ({ reason, files }) => reason ?? filesWords(files),
    },
    {
      id: "change",
      header: "Change",
      width: "190px",
      cell: ({ change, state, thing }) => (
        <span className={classes.acts}>
          {change !== undefined && change.startsWith("http") && (
            <a href={change} target="_blank" rel="noreferrer">
              the request
            </a>
          )}
          {change !== undefined && !change.startsWith("http") && (
            <Link to="/delivery/changes/$id" params={{ id: change }}>
              {state === "conflicting" ? "Settle it" : state === "open" ? "Read and merge" : "Read it"}
            </Link>
          )}
          {(state === "refused" || state === "open") && (
            <button type="button" className={classes.again} onClick={() => onRefresh(thing)}>
              make anew
            </button>
          )}
        </span>
      ),
    },
    { id: "at", header: "Since", width: "110px", value: ({ updatedAt }) => updatedAt, cell: ({ updatedAt }) => <When at={updatedAt} /> },
  ];
}

function filesWords(files: UpgradeItem["files"]): string {
  const outcomes = ["conflict", "merged", "taken", "removed", "kept"] as const;
  const parts = outcomes.flatMap((outcome) => {
    const n = files.filter((file) => file.outcome === outcome).length;
    return n === 0 ? [] : [`${n} ${outcome === "conflict" ? "in conflict" : outcome}`];
  });
  return parts.join(", ");
}
