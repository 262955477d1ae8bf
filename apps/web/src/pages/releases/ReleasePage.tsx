import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getRelease, type PartStanding } from "@roadbed/contracts/delivery/releases";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { SupplyChain } from "../pipelines/SupplyChain.tsx";
import { EvaluationTable } from "../evaluations/EvaluationTable.tsx";
import { Commits } from "./Commits.tsx";
import { Comparison } from "./Comparison.tsx";
import { Promote } from "./Promote.tsx";
import classes from "./releases.module.css";
import { HOW_WORDS, KIND_WORDS, Places, Version } from "./words.tsx";

const route = getRouteApi("/app/releases/$release");

const PARTS: readonly Column<PartStanding>[] = [
  { id: "kind", header: "What", width: "120px", value: ({ kind }) => kind, cell: ({ kind }) => KIND_WORDS[kind] },
  { id: "name", header: "Name", value: ({ name }) => name, cell: ({ name }) => name },
  { id: "version", header: "Version", width: "34%", value: ({ version }) => version, cell: (part) => <Version part={part} /> },
  {
    id: "standing",
    header: "Still there",
    width: "140px",
    value: ({ standing }) => standing,
    cell: ({ standing, why }) => (
      <StateBadge
        plain
        word={standing}
        state={standing === "present" ? "ok" : standing === "gone" ? "fail" : "unknown"}
        label={standing === "unchecked" ? "not asked" : standing}
        title={why}
      />
    ),
  },
];

/** One release: what it holds, where it is, what is new in it, and what it would change elsewhere. */
export function ReleasePage(): ReactNode {
  const { release: given } = route.useParams();
  const query = useOperation(getRelease, { release: given });
  if (query.data === undefined) {
    return (
      <Page title="Release" trail={<Trail />}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const release = query.data;
  const title = `${shortRef(release.entityRef)} ${release.number}`;
  return (
    <Page
      title={title}
      trail={<Trail entity={release.entityRef} />}
      state={<State release={release} />}
      act={<Promote release={release} />}
    >
      {release.gone && (
        <p className={classes.warning} data-state="fail">
          Something that it holds is gone, so it cannot be built again:{" "}
          {release.parts.flatMap(({ why, standing }) => (standing === "gone" ? (why ?? []) : [])).join(" ")}
        </p>
      )}
      {release.irreversible !== undefined && (
        <p className={classes.warning} data-state="warn">
          What it does to data cannot be taken back: {release.irreversible}
        </p>
      )}
      <div className={classes.split}>
        <Section title="Holds" count={release.parts.length}>
          <DataTable label="Parts" columns={PARTS} rows={release.parts} rowKey={({ kind, name }) => `${kind} ${name}`} empty={null} />
        </Section>
        <Section
          title={release.previous === undefined ? "Newest commits" : `New since ${release.previous.number}`}
          count={countOf(release)}
        >
          <Commits of={release.commits} more={release.moreCommits} />
        </Section>
      </div>
      <SupplyChain release={release.id} />
      {release.parts.some(({ kind }) => kind === "model" || kind === "prompt" || kind === "agent") && (
        <Section title="Evaluations">
          <EvaluationTable release={release.id} />
        </Section>
      )}
      <Comparison release={release} />
    </Page>
  );
}

function State({ release }: { readonly release: OutputOf<typeof getRelease> }): ReactNode {
  const nameOf = useActorName();
  const { title, entityRef, how, madeBy, createdAt, author } = release;
  return (
    <>
      {title}. <EntityLink entityRef={entityRef} tab="deploys" />, {HOW_WORDS[how]}
      {how === "hand" ? ` by ${nameOf(madeBy)}` : author !== undefined && ` of ${author}`} <When at={createdAt} />. Runs in:{" "}
      <Places of={release.in} />
    </>
  );
}

function countOf({ commits, moreCommits }: OutputOf<typeof getRelease>): string {
  return `${commits.length}${moreCommits ? "+" : ""}`;
}

function Trail({ entity }: { readonly entity?: string }): ReactNode {
  return (
    <Link to="/releases" search={entity === undefined ? {} : { entity }}>
      Releases
    </Link>
  );
}
