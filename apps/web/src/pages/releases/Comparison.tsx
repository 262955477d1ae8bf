import { Select } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { compareReleases, listReleases, type Release } from "@roadbed/contracts/delivery/releases";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Diff } from "../../ui/Diff.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Commits } from "./Commits.tsx";
import { Scores } from "./Scores.tsx";
import classes from "./releases.module.css";
import { KIND_WORDS, ReleaseLink } from "./words.tsx";

const route = getRouteApi("/app/releases/$release");
type Compared = OutputOf<typeof compareReleases>;
type Difference = Compared["parts"][number];

/** What this release would change in an environment, or what is different from another release. */
export function Comparison({ release }: { readonly release: Release }): ReactNode {
  const { with: base } = route.useSearch();
  const navigate = route.useNavigate();
  const environments = useOperation(listEnvironments, { limit: 100 });
  const releases = useOperation(listReleases, { entityRef: release.entityRef, limit: 50 });
  const environment = base?.startsWith("in:") === true ? base.slice(3) : undefined;
  const against = base?.startsWith("in:") === true ? undefined : base;
  const compared = useOperation(
    compareReleases,
    { release: release.id, ...(environment !== undefined && { environment }), ...(against !== undefined && { against }) },
    { keep: true },
  );
  return (
    <Section title="What it would change">
      <div className={classes.against}>
        <Select
          size="xs"
          w={260}
          aria-label="Compare with"
          placeholder="The release before"
          clearable
          value={base ?? null}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, with: value ?? undefined }), replace: true })}
          data={[
            {
              group: "What runs in",
              items: (environments.data?.items ?? []).map(({ name, title }) => ({ value: `in:${name}`, label: title })),
            },
            {
              group: "Releases",
              items: (releases.data?.items ?? [])
                .filter(({ id }) => id !== release.id)
                .map(({ id, number, title }) => ({ value: id, label: `${number}: ${title}` })),
            },
          ]}
        />
      </div>
      <Loaded query={compared} skeleton={<SkeletonRows rows={4} />}>
        {(found) => <Found of={found} environment={environment} isOther={base !== undefined} />}
      </Loaded>
    </Section>
  );
}

const COLUMNS: readonly Column<Difference>[] = [
  { id: "kind", header: "What", width: "120px", value: ({ kind }) => kind, cell: ({ kind }) => KIND_WORDS[kind] },
  { id: "name", header: "Name", value: ({ name }) => name, cell: ({ name }) => name },
  { id: "from", header: "From", width: "24%", value: ({ from }) => from ?? "", cell: ({ kind, from }) => shown(kind, from) },
  { id: "to", header: "To", width: "24%", value: ({ to }) => to ?? "", cell: ({ kind, to }) => shown(kind, to) },
  {
    id: "change",
    header: "Change",
    width: "110px",
    value: ({ change }) => change,
    cell: ({ change }) => <StateBadge plain word={change} state={change === "same" ? "unknown" : change === "removed" ? "warn" : "ok"} />,
  },
];

function Found({
  of,
  environment,
  isOther,
}: {
  readonly of: Compared;
  readonly environment: string | undefined;
  /** Compared with another one than the release before, whose commits stand above. */
  readonly isOther: boolean;
}): ReactNode {
  return (
    <>
      <p>
        <Sentence of={of} environment={environment} />
      </p>
      {of.irreversible.map(({ number, why }) => (
        <p key={number} className={classes.warning} data-state="warn">
          Release {number} declares that what it does to data cannot be taken back: {why}
        </p>
      ))}
      {of.missing.map((why) => (
        <p key={why} className={classes.warning} data-state="warn">
          {why}
        </p>
      ))}
      {of.direction !== "same" && (
        <>
          <DataTable
            label="Parts that differ"
            columns={COLUMNS}
            rows={of.parts}
            rowKey={({ kind, name }) => `${kind} ${name}`}
            empty={null}
          />
          {of.evaluations.length > 0 && (
            <>
              <h3>Scores</h3>
              <Scores of={of.evaluations} />
            </>
          )}
          {isOther && of.commits.length > 0 && (
            <>
              <h3>{of.direction === "back" ? "Commits that it takes away" : "Commits that it brings"}</h3>
              <Commits of={of.commits} more={of.moreCommits} />
            </>
          )}
          {of.rendered.length > 0 && (
            <>
              <h3>{environment === undefined ? "Written to the environment's branch" : `Written to env/${environment}`}</h3>
              <Diff files={of.rendered} />
            </>
          )}
          {of.files.length > 0 && (
            <>
              <h3>{formatCount(of.files.length, "file")} of the repository</h3>
              <Diff files={of.files} />
            </>
          )}
        </>
      )}
    </>
  );
}

function Sentence({
  of: { direction, from },
  environment,
}: {
  readonly of: Compared;
  readonly environment: string | undefined;
}): ReactNode {
  const where = environment === undefined ? null : ` in ${environment}`;
  if (from === undefined)
    return environment === undefined ? "It is the first release: everything is new." : `Nothing of it runs in ${environment} yet.`;
  if (direction === "same") return `It is what runs${where ?? ""}: nothing would change.`;
  return (
    <>
      Compared with <ReleaseLink release={from} />
      {where}, it is {direction === "forward" ? "newer" : direction === "back" ? "older" : "of another line: neither holds the other"}.
    </>
  );
}

function shown(kind: Difference["kind"], version: string | undefined): ReactNode {
  if (version === undefined) return <span className="rb-dim">–</span>;
  const short = kind === "commit" ? version.slice(0, 8) : version.replace(/@sha256:([0-9a-f]{12}).*$/, " $1");
  return (
    <code className="rb-mono" title={version}>
      {short}
    </code>
  );
}
