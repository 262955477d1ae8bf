import { Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { getEvaluation } from "@roadbed/contracts/delivery/evaluations";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount, formatMs } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { State } from "./EvaluationTable.tsx";
import classes from "./evaluations.module.css";
import { change, figure, IntervalPicture } from "./IntervalPicture.tsx";

const route = getRouteApi("/app/evaluations/$id");
type Shown = OutputOf<typeof getEvaluation>;
type Case = Shown["worst"][number];

/** One evaluation: how good it is, where it fails, and whether it is better than what is there. */
export function EvaluationPage(): ReactNode {
  const { id } = route.useParams();
  const { with: environment } = route.useSearch();
  const query = useOperation(getEvaluation, { id, ...(environment !== undefined && { environment }) }, { keep: true });
  const shown = query.data;
  if (shown === undefined) {
    return (
      <Page title="Evaluation" trail={<Trail />}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const { entityRef, release, set, grader, score, scored, missing, state, error, log } = shown;
  return (
    <Page
      title={`Evaluation of ${shortRef(entityRef)} ${release.number}`}
      trail={<Trail entity={entityRef} />}
      state={<Sentence of={shown} />}
      act={<With value={environment} />}
    >
      {state === "failed" && (
        <Section title="Why it failed">
          <p data-state="fail">{error}</p>
          {log !== undefined && <pre className="rb-mono">{log.join("\n")}</pre>}
        </Section>
      )}
      <div className={classes.split}>
        <Section title="What was evaluated">
          <Facts
            of={[
              ["Release", <ReleaseTo key="release" id={release.id} words={`${shortRef(entityRef)} ${release.number}: ${release.title}`} />],
              ["Component", <EntityLink key="entity" entityRef={entityRef} tab="deploys" />],
              ["Cases", `${set.name} version ${set.version}, ${formatCount(set.cases, "case")}`],
              ["Scored", missing === 0 ? scored : `${scored}; ${missing} are missing and count as 0`],
              ["Grader", `${grader.name} ${grader.version}`],
              ["Tokens a case", shown.tokensPerCase === undefined ? undefined : Math.round(shown.tokensPerCase)],
              ["Cost a case", shown.costPerCase],
              ["Time a case", shown.latencyMsPerCase === undefined ? undefined : formatMs(shown.latencyMsPerCase)],
            ]}
          />
        </Section>
        {score !== undefined && (
          <Section title="Score">
            <p>
              {figure(score.estimate)}, between {figure(score.lower)} and {figure(score.upper)} with a confidence of{" "}
              {Math.round(score.confidence * 1_000) / 10} %
            </p>
            <IntervalPicture {...score} from={0} to={1} label="Score" />
            <Histogram of={shown.histogram} />
          </Section>
        )}
      </div>
      {shown.against !== undefined && <Against of={shown.against} cost={shown.costPerCase} />}
      {state === "recorded" && (
        <Section title={shown.against === undefined ? "Worst cases" : "What lost most"} count={shown.worst.length}>
          <DataTable
            label="Cases"
            columns={shown.against === undefined ? PLAIN : CASES}
            rows={shown.worst}
            rowKey={(one) => one.case}
            empty={null}
          />
        </Section>
      )}
    </Page>
  );
}

const CASES: readonly Column<Case>[] = [
  { id: "case", header: "Case", width: "26%", value: (one) => one.case, cell: (one) => <code className="rb-mono">{one.case}</code> },
  {
    id: "score",
    header: "Score",
    width: "100px",
    value: ({ score }) => score ?? 0,
    cell: ({ score }) => (score === undefined ? "missing" : figure(score)),
  },
  {
    id: "before",
    header: "Before",
    width: "100px",
    value: ({ before }) => before ?? 0,
    cell: ({ before }) => (before === undefined ? "–" : figure(before)),
  },
  { id: "note", header: "What the grader noted", value: ({ note }) => note ?? "", cell: ({ note }) => note ?? "" },
];
const PLAIN = CASES.filter(({ id }) => id !== "before");

function Sentence({ of: { state, score, against, createdAt, madeBy, how } }: { readonly of: Shown }): ReactNode {
  const nameOf = useActorName();
  if (state !== "recorded" || score === undefined) {
    return (
      <>
        <State state={state} /> <When at={createdAt} />
      </>
    );
  }
  const { lower = 0, upper = 0 } = against?.difference ?? {};
  const than =
    against === undefined
      ? ""
      : ` than release ${against.with.release}${against.with.environment === undefined ? "" : `, which ${against.with.environment} has`}`;
  const verdict =
    against === undefined
      ? ""
      : lower > 0
        ? `Better${than}. `
        : upper < 0
          ? `Worse${than}. `
          : `Cannot tell whether it is better or worse${than}. `;
  return (
    <>
      {verdict}Scores {figure(score.estimate)} of 1, {how === "run" ? "run by itself" : `recorded by ${nameOf(madeBy)}`}{" "}
      <When at={createdAt} />
    </>
  );
}

function Against({ of, cost }: { readonly of: NonNullable<Shown["against"]>; readonly cost: string | undefined }): ReactNode {
  const { difference, better, worse, same, with: other } = of;
  return (
    <Section title={`Against release ${other.release}`}>
      <p>
        {change(difference.estimate)} on the same cases, between {change(difference.lower)} and {change(difference.upper)}: {better} better,{" "}
        {worse} worse, {same} the same.{" "}
        {cost !== undefined && of.costPerCase !== undefined && (
          <>
            A case costs {cost} instead of {of.costPerCase}.{" "}
          </>
        )}
        <Link to="/evaluations/$id" params={{ id: other.id }}>
          See that one
        </Link>
      </p>
      <IntervalPicture {...difference} mark={0} from={-1} to={1} label="Difference" />
    </Section>
  );
}

function Histogram({ of }: { readonly of: Shown["histogram"] }): ReactNode {
  const most = Math.max(1, ...of.map(({ count }) => count));
  return (
    <ul className={classes.bars} aria-label="How many cases have which score">
      {of.map(({ from, to, count }) => (
        <li key={from} title={`${formatCount(count, "case")} from ${from} to ${to}`}>
          {count > 0 && <span>{count}</span>}
          <i style={{ height: `${(count / most) * 92}px` }} />
          <span className="rb-dim">{from}</span>
        </li>
      ))}
    </ul>
  );
}

function With({ value }: { readonly value: string | undefined }): ReactNode {
  const navigate = route.useNavigate();
  const environments = useOperation(listEnvironments, { limit: 100 });
  return (
    <Select
      size="xs"
      w={220}
      aria-label="Compare with"
      placeholder="The evaluation before"
      clearable
      value={value ?? null}
      onChange={(name) => void navigate({ search: (old) => ({ ...old, with: name ?? undefined }), replace: true })}
      data={(environments.data?.items ?? []).map(({ name, title }) => ({ value: name, label: `What ${title} has` }))}
    />
  );
}

function ReleaseTo({ id, words }: { readonly id: string; readonly words: string }): ReactNode {
  return (
    <Link to="/releases/$release" params={{ release: id }}>
      {words}
    </Link>
  );
}

function Trail({ entity }: { readonly entity?: string }): ReactNode {
  return (
    <Link to="/evaluations" search={entity === undefined ? {} : { entity }}>
      Evaluations
    </Link>
  );
}
