import { Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getRun, listRuns } from "@roadbed/contracts/paths";
import { compareRuns } from "@roadbed/contracts/paths/undo";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./runs.module.css";

type Comparison = OutputOf<typeof compareRuns>;
const route = getRouteApi("/app/runs/$id/compare");
const CHANGES = { "only-a": "only in the first", "only-b": "only in the second", differs: "differs" } as const;

/** One run beside another: in what they differ, and nothing else. */
export function CompareRunsPage(): ReactNode {
  const { id } = route.useParams();
  const { with: other } = route.useSearch();
  const navigate = route.useNavigate();
  const run = useOperation(getRun, { id });
  const others = useOperation(
    listRuns,
    { limit: 100, ...(run.data !== undefined && { path: run.data.path }) },
    { enabled: run.data !== undefined },
  );
  const compared = useOperation(compareRuns, { id, other: other ?? "" }, { enabled: other !== undefined });
  const choices = (others.data?.items ?? []).filter((one) => one.id !== id);
  return (
    <Page
      title="Compare runs"
      trail={
        <Link to="/runs/$id" params={{ id }}>
          {run.data?.pathTitle ?? "Run"}
        </Link>
      }
      state={
        run.data === undefined
          ? " "
          : `${run.data.pathTitle} of ${run.data.createdAt.slice(0, 16).replace("T", " ")} UTC, beside another run of it.`
      }
    >
      <Select
        label="With"
        placeholder="Choose a run"
        searchable
        maw={520}
        value={other ?? null}
        nothingFoundMessage="No other run of this path"
        onChange={(value) => void navigate({ search: value === null ? {} : { with: value } })}
        data={choices.map((one) => ({
          value: one.id,
          label: `${typeof one.values["name"] === "string" ? `${one.values["name"]}, ` : ""}${one.status}, ${one.createdAt.slice(0, 16).replace("T", " ")}`,
        }))}
      />
      {compared.error !== null && <ErrorState error={compared.error} retry={() => void compared.refetch()} />}
      {other !== undefined && compared.isPending && <SkeletonRows rows={6} />}
      {compared.data !== undefined && <Differences of={compared.data} />}
    </Page>
  );
}

function Differences({ of }: { readonly of: Comparison }): ReactNode {
  const { a, b, durationMs, verdict, answers, outputs, steps, files, filesKnown } = of;
  const facts = [
    ...(a.version === b.version
      ? []
      : [
          { at: "version of the path", ...(a.version !== undefined && { a: a.version }), ...(b.version !== undefined && { b: b.version }) },
        ]),
    ...(verdict === undefined ? [] : [verdict]),
    ...(a.status === b.status ? [] : [{ at: "state", a: a.status, b: b.status }]),
    {
      at: "took",
      ...(durationMs.a !== undefined && { a: formatMs(durationMs.a) }),
      ...(durationMs.b !== undefined && { b: formatMs(durationMs.b) }),
    },
  ];
  return (
    <>
      <Section title="Runs">
        <Table rows={facts} heads={[<Head key="a" side={a} />, <Head key="b" side={b} />]} label="Runs" />
      </Section>
      <Section title="Answers" count={answers.length}>
        {answers.length === 0 ? <p className="rb-dim">They are the same.</p> : <Table rows={answers} label="Answers that differ" />}
      </Section>
      <Section title="Files" count={files.length}>
        {!filesKnown ? (
          <p className="rb-dim">One of them made no files, or is older than this is kept.</p>
        ) : files.length === 0 ? (
          <p className="rb-dim">They are the same, byte for byte.</p>
        ) : (
          <ul className={classes.undone}>
            {files.map(({ path, change }) => (
              <li key={path}>
                <code className="rb-mono">{path}</code> <span className="rb-dim">{CHANGES[change]}</span>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {steps.length > 0 && (
        <Section title="Steps" count={steps.length}>
          <Table rows={steps} label="Steps that ended otherwise" />
        </Section>
      )}
      {outputs.length > 0 && (
        <Section title="Outputs" count={outputs.length}>
          <Table rows={outputs} label="Outputs that differ" />
        </Section>
      )}
    </>
  );
}

function Head({ side: { id, status, createdAt, actorName } }: { readonly side: Comparison["a"] }): ReactNode {
  return (
    <>
      <StateBadge plain word={status} />{" "}
      <Link to="/runs/$id" params={{ id }}>
        by {actorName}
      </Link>
      , <When at={createdAt} />
    </>
  );
}

function Table({
  rows,
  heads = ["First", "Second"],
  label,
}: {
  readonly rows: Comparison["answers"];
  readonly heads?: readonly ReactNode[];
  readonly label: string;
}): ReactNode {
  return (
    <div className={classes.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={classes.compare}>
        <thead>
          <tr>
            <th scope="col">
              <span className="rb-dim">What</span>
            </th>
            {heads.map((head, index) => (
              <th key={index} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, a, b }) => (
            <tr key={at}>
              <th scope="row">{at}</th>
              <td>{a ?? <span className="rb-dim">nothing</span>}</td>
              <td>{b ?? <span className="rb-dim">nothing</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
