import { Link } from "@tanstack/react-router";

import type { PipelineRun, TestCounts } from "@roadbed/contracts/delivery/pipelines";
import { formatMs } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

export const HOSTS: Readonly<Record<PipelineRun["host"], string>> = { roadbed: "here", github: "GitHub", gitlab: "GitLab" };

/** What a list of runs shows. */
export const COLUMNS: readonly Column<PipelineRun>[] = [
  {
    id: "commit",
    header: "Commit",
    value: ({ message }) => message,
    cell: ({ id, commit, message }) => (
      <Link to="/pipelines/$id" params={{ id }}>
        <span className="rb-mono">{commit.slice(0, 8)}</span> {message.split("\n")[0]}
      </Link>
    ),
  },
  {
    id: "repository",
    header: "Repository",
    width: "18%",
    value: ({ repository }) => repository,
    cell: ({ repository, entityRef, host }) => (
      <>
        {entityRef === undefined ? repository : <EntityLink entityRef={entityRef} tab="deploys" />}
        {host !== "roadbed" && <span className="rb-dim"> at {HOSTS[host]}</span>}
      </>
    ),
  },
  { id: "branch", header: "Branch", width: "140px", value: ({ branch }) => branch, cell: ({ branch }) => branch },
  {
    id: "state",
    header: "State",
    width: "160px",
    value: ({ state }) => state,
    cell: ({ state, flaky, error }) => (
      <StateBadge
        plain
        word={state}
        {...(flaky && state === "succeeded" && { state: "warn" as const })}
        label={flaky ? `${state}, flaky` : state}
        title={flaky ? "The same commit both failed and succeeded" : error?.split("\n")[0]}
      />
    ),
  },
  {
    id: "tests",
    header: "Tests",
    width: "120px",
    value: ({ tests }) => tests?.total ?? -1,
    cell: ({ tests }) => (tests === undefined ? <span className="rb-dim">none told</span> : testWords(tests)),
  },
  {
    id: "took",
    header: "Took",
    width: "90px",
    value: ({ seconds }) => seconds ?? -1,
    cell: ({ seconds }) => (seconds === undefined ? "" : formatMs(seconds * 1_000)),
  },
  { id: "at", header: "When", width: "110px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

export function testWords({ total, failed, skipped }: TestCounts): string {
  const rest = [failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(Boolean).join(", ");
  return rest === "" ? String(total) : `${total}, ${rest}`;
}
