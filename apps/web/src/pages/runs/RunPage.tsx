import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { cancelRun, getRun, getRunLogs, retryRun, type Run } from "@roadbed/contracts/paths";
import { client } from "../../api/client.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { toYaml } from "../../format/yaml.ts";
import { formatMs } from "../../format/number.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { useActorName } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { LogView } from "../../ui/LogView.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { beginWith } from "../create/use-path-form.ts";
import { ApprovalCard } from "./Approvals.tsx";
import { LifetimeOf } from "./LifetimeOf.tsx";
import { Outcome } from "./Outcome.tsx";
import { waitWords } from "./people.ts";
import { RunSteps } from "./RunSteps.tsx";
import { UndoButton, UndoSection } from "./UndoSection.tsx";
import { sentenceOf } from "./sentence.ts";
import classes from "./runs.module.css";

const route = getRouteApi("/app/runs/$id");
/** Events tell of each step; this catches what a lost connection missed. */
const POLL_MS = 2_000;

/** One run: how far it is, what it made, what it printed. Safe to leave. */
export function RunPage(): ReactNode {
  const { id } = route.useParams();
  const [source, setSource] = useState<string | undefined>();
  const actorName = useActorName();
  const run = useOperation(getRun, { id }, { every: POLL_MS });
  if (run.data === undefined) {
    return (
      <Page title="Run" trail={<Link to="/runs">Runs</Link>}>
        {run.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={run.error} retry={() => void run.refetch()} />}
      </Page>
    );
  }
  const { pathTitle, status, values, error } = run.data;
  return (
    <Page
      title={
        <span className={classes.title}>
          {pathTitle}
          {typeof values["name"] === "string" && `: ${values["name"]}`} <StateBadge word={status} />
        </span>
      }
      tabTitle={`${pathTitle}, run`}
      trail={<Link to="/runs">Runs</Link>}
      state={sentenceOf(run.data, actorName(run.data.actor))}
      act={<RunActs run={run.data} />}
    >
      {error !== undefined && <ErrorState error={new Error(error)} />}
      {(run.data.approvals ?? []).length > 0 && (
        <Section title="Approvals">
          {run.data.approvals?.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} />
          ))}
        </Section>
      )}
      <UndoSection run={run.data} />
      {run.data.undo?.state !== "done" && <Outcome run={run.data} />}
      <LifetimeOf run={run.data} />
      <div className={classes.columns}>
        <Section title="Steps">
          <RunSteps steps={run.data.steps} selected={source} onSelect={(step) => setSource(step === source ? undefined : step)} />
        </Section>
        <div>
          <LogView
            title={source === undefined ? "Log" : `Log of ${run.data.steps.find((step) => step.id === source)?.name ?? source}`}
            queryKey={["run.logs", id]}
            height={420}
            source={source}
            read={async (after, signal) => {
              const { items, next, done } = await client.call(getRunLogs, { id, after, waitMs: after === 0 ? 0 : 25_000 }, { signal });
              return {
                lines: items.map(({ seq, at, message, level, stepId }) => ({
                  seq,
                  at,
                  message,
                  tone: level === "info" ? undefined : level,
                  source: stepId,
                })),
                next,
                done,
              };
            }}
          />
        </div>
      </div>
      <Evidence run={run.data} />
      <Section title="Answers">
        <CodeBlock code={toYaml(values)} lang="yaml" label="The answers it was started with" />
      </Section>
    </Page>
  );
}

/** What an auditor asks: who, when, by which version, shown what before, allowed by what, and what came of it. */
function Evidence({ run }: { readonly run: Run }): ReactNode {
  const {
    actorName,
    createdAt,
    startedAt,
    endedAt,
    version,
    previewDigest,
    decisionId,
    made = [],
    resources = [],
    monthlyCost,
    handOffs,
  } = run;
  return (
    <Section title="Evidence">
      <Facts
        of={[
          ["Asked by", actorName],
          ["Asked at", <When key="asked" at={createdAt} />],
          ["Took", startedAt === undefined || endedAt === undefined ? undefined : formatMs(Date.parse(endedAt) - Date.parse(startedAt))],
          ["Waited for people", waitWords(run)],
          ["Changes of hands", handOffs === undefined || handOffs === 0 ? undefined : String(handOffs)],
          ["Version of the path", version],
          [
            "Preview",
            previewDigest === undefined ? undefined : <CopyText key="digest" text={previewDigest} what="digest of the preview" />,
          ],
          [
            "Policy decision",
            decisionId === undefined ? undefined : (
              <Link key="decision" to="/standards/decisions/$id" params={{ id: decisionId }}>
                {decisionId}
              </Link>
            ),
          ],
          ...made.map(
            ({ thing, repository, commit }) =>
              [
                "Repository",
                <Link key={thing} to="/ledger/$id" params={{ id: thing }}>
                  {repository} at {commit.slice(0, 12)}
                </Link>,
              ] as const,
          ),
          ...resources.map(
            ({ id, type, class: of, name, environment, state, cost }) =>
              [
                "Resource",
                <span key={id}>
                  <Link to="/resources/$id" params={{ id }}>
                    {type}/{of} {name}
                  </Link>{" "}
                  in {environment}, {state}, {cost === undefined ? "no price is known" : `${cost.amount} ${cost.currency} a month`}
                </span>,
              ] as const,
          ),
          [
            "Costs a month",
            monthlyCost === undefined ? undefined : (
              <span key="cost">
                {monthlyCost.amount} {monthlyCost.currency} <span className="rb-dim">({monthlyCost.basis})</span>
              </span>
            ),
          ],
        ]}
      />
    </Section>
  );
}

function RunActs({ run }: { readonly run: Run }): ReactNode {
  const { id, status, decisionId, path, values, undo, startedAt } = run;
  const cancel = useAct(cancelRun);
  const retry = useAct(retryRun);
  const navigate = route.useNavigate();
  const name = path.replace(/^.*\//, "");
  const going = status === "queued" || status === "running" || status === "waiting";
  const error = cancel.error ?? retry.error;
  return (
    <>
      {decisionId !== undefined && (
        <Link to="/standards/decisions/$id" params={{ id: decisionId }}>
          Policy decision
        </Link>
      )}
      {going && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ id })}>
          Cancel
        </Button>
      )}
      {(going ? status !== "queued" && startedAt !== undefined : undo === undefined && startedAt !== undefined) && <UndoButton run={run} />}
      {!going && (
        <Link to="/runs/$id/compare" params={{ id }}>
          Compare
        </Link>
      )}
      {!going && (
        <Button
          variant="default"
          onClick={() => {
            beginWith(name, values);
            void navigate({ to: "/create/$path", params: { path: name } });
          }}
        >
          Follow it again with these answers
        </Button>
      )}
      {(status === "failed" || status === "cancelled") && undo === undefined && startedAt !== undefined && (
        <Button loading={retry.isPending} onClick={() => retry.mutate({ id })}>
          Retry from where it stopped
        </Button>
      )}
      {error !== null && <ErrorState error={error} />}
    </>
  );
}
