import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getRollout, type Rollout } from "@roadbed/contracts/delivery/rollouts";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount, formatMs } from "../../format/number.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { Evidence } from "./Evidence.tsx";
import { Metrics } from "./Metrics.tsx";
import { RolloutActs } from "./RolloutActs.tsx";
import { Steps } from "./Steps.tsx";
import { Weights } from "./Weights.tsx";
import classes from "./rollouts.module.css";
import { sentenceOf, STRATEGY_WORDS } from "./words.ts";

const route = getRouteApi("/app/rollouts/$id");
const LOOK_MS = 2_000;

/** One rollout: where it is, how requests are split, what is known of the new release, and what can be done about it. */
export function RolloutPage(): ReactNode {
  const { id } = route.useParams();
  const query = useOperation(getRollout, { id }, { every: LOOK_MS });
  if (query.data === undefined) {
    return (
      <Page title="Rollout" trail={<Link to="/rollouts">Rollouts</Link>}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const rollout = query.data;
  const { entityRef, environment, commit, reason, state, analysis, tripwires, metrics, mirrored } = rollout;
  return (
    <Page
      title={`${shortRef(entityRef)} ${commit.slice(0, 8)} in ${environment}`}
      trail={
        <Link to="/rollouts" search={{ entity: entityRef }}>
          Rollouts
        </Link>
      }
      state={sentenceOf(rollout)}
      act={<RolloutActs rollout={rollout} />}
    >
      {state === "held" && reason !== undefined && (
        <p className={classes.held} role="status">
          <StateBadge word="held" label="Held" /> {reason}
        </p>
      )}
      <div className={classes.split}>
        <Section title="Steps">
          <Steps of={rollout} />
        </Section>
        <Section title="Requests">
          <Weights of={rollout} />
          <About of={rollout} />
        </Section>
      </div>
      {analysis !== undefined && <Evidence of={analysis} over={rollout.endedAt !== undefined} />}
      {metrics !== undefined && metrics.length > 0 && <Metrics of={metrics} over={rollout.endedAt !== undefined} />}
      {mirrored !== undefined && (
        <Section title="Mirrored requests" count={mirrored.sent}>
          <Facts
            of={[
              ["Answered the same", String(mirrored.same)],
              ["Answered something else", String(mirrored.different)],
              ["Not answered", String(mirrored.failed)],
              [
                "Not copied",
                mirrored.skipped === 0 ? undefined : `${mirrored.skipped} (not safe to repeat, too large, or too many at once)`,
              ],
            ]}
          />
        </Section>
      )}
      {tripwires !== undefined && tripwires.length > 0 && (
        <Section title="Tripwires">
          <ul className={classes.wires}>
            {tripwires.map(({ name, limit, now, tripped }) => (
              <li key={name}>
                <StateBadge plain word={tripped ? "failed" : "ok"} label={name} />
                <span>{now}</span>
                <span className="rb-dim">rolls back at {limit}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </Page>
  );
}

function About({ of }: { readonly of: Rollout }): ReactNode {
  const nameOf = useActorName();
  const { entityRef, strategy, stableCommit, decidedBy, createdAt, endedAt, restoredMs, analysis } = of;
  const expected = analysis?.expectedSeconds;
  return (
    <Facts
      of={[
        ["Component", <EntityLink key="entity" entityRef={entityRef} tab="deploys" />],
        ["Strategy", STRATEGY_WORDS[strategy]],
        [
          "Release before",
          <code key="before" className="rb-mono">
            {stableCommit.slice(0, 8)}
          </code>,
        ],
        ["Began", <When key="began" at={createdAt} />],
        ["Ended", endedAt === undefined ? undefined : <When key="ended" at={endedAt} />],
        ["Decided by", decidedBy === undefined ? undefined : nameOf(decidedBy)],
        ["Requests restored", restoredMs === undefined ? undefined : `${formatMs(restoredMs)} after the decision`],
        ["Likely decided", endedAt !== undefined || expected === undefined ? undefined : `in about ${formatMs(expected * 1_000)}`],
        [
          "Compared for",
          analysis === undefined ? undefined : `${formatMs(analysis.seconds * 1_000)}, ${formatCount(analysis.looks.length, "look")} shown`,
        ],
        ["Who may act", endedAt === undefined ? "whoever may change delivery (delivery:write)" : undefined],
      ]}
    />
  );
}
