import { Button, Group } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { RotateCw, Square } from "lucide-react";
import type { ReactNode } from "react";

import { cancelPipeline, getPipelineLogs, getPipelineRun, runPipeline, type PipelineStep } from "@roadbed/contracts/delivery/pipelines";
import type { OutputOf } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { LogView } from "../../ui/LogView.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { Artefacts } from "./Artefacts.tsx";
import { HOSTS, testWords } from "./columns.tsx";
import classes from "./pipelines.module.css";
import { StepMap } from "./StepMap.tsx";

type Run = OutputOf<typeof getPipelineRun>;

const route = getRouteApi("/app/pipelines/$id");
const LOOK_MS = 2_000;

/** One run: its steps as a picture, what the chosen one printed, tests and artefacts. */
export function PipelineRunPage(): ReactNode {
  const { id } = route.useParams();
  const { step: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useOperation(getPipelineRun, { id }, { every: LOOK_MS });
  if (query.data === undefined) {
    return (
      <Page title="Pipeline" trail={<Link to="/pipelines">Pipelines</Link>}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const run = query.data;
  const step = run.steps.find(({ name }) => name === chosen) ?? mostTelling(run.steps);
  return (
    <Page
      title={`${run.repository} ${run.commit.slice(0, 8)}`}
      trail={
        <Link to="/pipelines" search={run.entityRef === undefined ? {} : { entity: run.entityRef }}>
          Pipelines
        </Link>
      }
      state={run.message.split("\n")[0]}
      act={<Acts run={run} />}
    >
      <Facts
        of={[
          [
            "State",
            <StateBadge key="state" word={run.state} label={run.flaky ? `${run.state}; the same commit also did otherwise` : run.state} />,
          ],
          ["Component", run.entityRef === undefined ? undefined : <EntityLink key="entity" entityRef={run.entityRef} tab="deploys" />],
          ["Branch", run.branch],
          ["Commit", <CopyText key="commit" text={run.commit} what="commit" />],
          ["By", run.author],
          ["Ran", run.address === undefined ? HOSTS[run.host] : <a key="at" href={run.address}>{`${run.name} at ${HOSTS[run.host]}`}</a>],
          ["Began", <When key="began" at={run.startedAt ?? run.createdAt} />],
          ["Took", run.seconds === undefined ? undefined : formatMs(run.seconds * 1_000)],
          ["Tests", run.tests === undefined ? undefined : testWords(run.tests)],
          [
            "Change",
            run.changeId === undefined ? undefined : (
              <Link key="change" to="/delivery/changes/$id" params={{ id: run.changeId }}>
                {run.changeId}
              </Link>
            ),
          ],
        ]}
      />
      {run.error !== undefined && run.steps.every(({ error }) => error === undefined) && <p className={classes.fault}>{run.error}</p>}
      {run.steps.length > 0 && (
        <Section title="Steps" count={run.steps.length}>
          <StepMap
            steps={run.steps}
            selected={step?.name}
            onSelect={(name) => void navigate({ search: (old) => ({ ...old, step: name }), replace: true, resetScroll: false })}
          />
        </Section>
      )}
      {step !== undefined && <StepDetail key={step.name} run={run} step={step} />}
      {run.artefacts.length > 0 && <Artefacts run={run} />}
    </Page>
  );
}

/** What failed, else what works now, else the last one that did something. */
function mostTelling(steps: readonly PipelineStep[]): PipelineStep | undefined {
  const first = (...states: PipelineStep["state"][]): PipelineStep | undefined => steps.find(({ state }) => states.includes(state));
  return first("failed", "timed-out") ?? first("running") ?? steps.findLast(({ startedAt }) => startedAt !== undefined) ?? steps[0];
}

function Acts({ run }: { readonly run: Run }): ReactNode {
  const navigate = route.useNavigate();
  const again = useAct(runPipeline, { onDone: ({ id }) => void navigate({ to: "/pipelines/$id", params: { id }, search: {} }) });
  const cancel = useAct(cancelPipeline);
  const error = again.error ?? cancel.error;
  if (run.host !== "roadbed") return null;
  const { id, repository, branch, commit, endedAt } = run;
  return (
    <Group gap="xs">
      {error !== null && <ErrorState error={error} />}
      {endedAt === undefined ? (
        <Button
          variant="default"
          leftSection={<Square size={13} aria-hidden />}
          loading={cancel.isPending}
          onClick={() => cancel.mutate({ id })}
        >
          End it
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={<RotateCw size={14} aria-hidden />}
          loading={again.isPending}
          onClick={() => again.mutate({ repository, branch, commit })}
        >
          Run again
        </Button>
      )}
    </Group>
  );
}

function StepDetail({ run, step }: { readonly run: Run; readonly step: PipelineStep }): ReactNode {
  const { name, commands, needs, error, begun, cache, tests, failedTests, address } = step;
  return (
    <Section title={`Step ${name}`}>
      <Facts
        of={[
          [
            "Runs",
            <code key="runs" className={classes.commands}>
              {commands.join("\n")}
            </code>,
          ],
          ["After", needs.length === 0 ? undefined : needs.join(", ")],
          ["Cache", cache],
          ["Tests", tests === undefined ? undefined : testWords(tests)],
          ["Begun", begun > 1 ? `${begun} times: the server was restarted in the middle` : undefined],
          [
            "Shown at",
            address === undefined ? undefined : (
              <a key="at" href={address}>
                {HOSTS[run.host]}
              </a>
            ),
          ],
        ]}
      />
      {error !== undefined && <p className={classes.fault}>{error.split("\n")[0]}</p>}
      {failedTests.length > 0 && (
        <ul className={classes.failed} aria-label="Tests that failed">
          {failedTests.map((test) => (
            <li key={`${test.suite} ${test.name}`}>
              <b>{test.name}</b> <span className="rb-dim">{test.suite}</span>
              <pre tabIndex={0}>{test.message}</pre>
            </li>
          ))}
        </ul>
      )}
      {run.host === "roadbed" && !run.swept && (
        <LogView
          title={`Output of ${name}`}
          height={340}
          queryKey={["pipeline.logs", run.id, name, String(begun)]}
          read={async (after, signal) => {
            const input = { id: run.id, step: name, after, waitMs: after === 0 ? 0 : 20_000 };
            const { items, next, done } = await client.call(getPipelineLogs, input, { signal });
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
      )}
      {run.swept && <p className="rb-dim">What it printed was removed because the run is old.</p>}
    </Section>
  );
}
