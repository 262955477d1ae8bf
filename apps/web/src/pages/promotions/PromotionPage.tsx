import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { cancelPromotion, getPromotion, type Promotion } from "@roadbed/contracts/delivery/promotions";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { useActorName } from "../../ui/Actor.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { ReleaseLink } from "../releases/words.tsx";
import { Decide } from "./Decide.tsx";
import { GateCard } from "./GateCard.tsx";
import { RollBack } from "./RollBack.tsx";
import classes from "./promotions.module.css";
import { PromotionBadge, standingInTheWay } from "./words.tsx";

const route = getRouteApi("/app/promotions/$id");
/** Gates are looked at again and again; what moved is told by an event, the rest by the clock. */
const LOOK_MS = 10_000;
type Detail = OutputOf<typeof getPromotion>;

/** A release on its way: where it stands, and what every gate says. */
export function PromotionPage(): ReactNode {
  const { id } = route.useParams();
  const query = useOperation(getPromotion, { id }, { every: LOOK_MS });
  const trail = (
    <Link to="/releases" search={{ tab: "promotions" }}>
      Promotions
    </Link>
  );
  if (query.data === undefined) {
    return (
      <Page title="Promotion" trail={trail}>
        {query.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  const promotion = query.data;
  const { entityRef, environment, release, kind, state, gates, error } = promotion;
  const title = `${shortRef(entityRef)} ${release.number} ${kind === "rollback" ? "back in" : "to"} ${environment}`;
  const open = state === "waiting";
  return (
    <Page
      title={
        <>
          {title} <PromotionBadge state={state} />
        </>
      }
      tabTitle={title}
      trail={trail}
      state={<State of={promotion} />}
      act={<Acts of={promotion} />}
    >
      <Way of={promotion} />
      {error !== undefined && <pre className={classes.error}>{error}</pre>}
      {(open || promotion.votes.length > 0) && <Decide promotion={promotion} />}
      {gates.length > 0 ? (
        <Section
          title="Gates"
          count={`${gates.filter(({ verdict, overridden }) => verdict === "passed" || overridden).length} of ${gates.length} let it through`}
        >
          <div className={classes.gates}>
            {inOrder(gates).map((gate) => (
              <GateCard key={gate.name} gate={gate} promotionId={promotion.id} open={open} />
            ))}
          </div>
        </Section>
      ) : (
        <p className="rb-dim">
          {open
            ? "Its gates are being looked at."
            : kind === "rollback"
              ? "No gate stands in the way of going back."
              : "It was healthy there before it was written down, so no gate was asked."}
        </p>
      )}
      <Section title="What is known of it">
        <Known of={promotion} />
      </Section>
    </Page>
  );
}

function State({ of }: { readonly of: Detail }): ReactNode {
  const nameOf = useActorName();
  const { entityRef, release, requestedBy, automatic, createdAt, reason, hotfix } = of;
  return (
    <>
      {release.title}. <EntityLink entityRef={entityRef} tab="deploys" />, {automatic ? "by itself" : `asked for by ${nameOf(requestedBy)}`}{" "}
      <When at={createdAt} />
      {hotfix && ", as a hotfix"}
      {reason !== undefined && `: ${reason}`}. {of.state === "waiting" && standingInTheWay(of)}
    </>
  );
}

/** The steps that a promotion goes, as a picture. */
function Way({ of: { state, createdAt, admittedAt, endedAt, gitCommit, kind } }: { readonly of: Detail }): ReactNode {
  const steps: readonly (readonly [string, ReactNode, boolean])[] = [
    [
      kind === "rollback" ? "Asked for" : "Gates",
      admittedAt === undefined ? since(createdAt) : <When at={admittedAt} />,
      state === "waiting",
    ],
    ["Git", gitCommit === undefined ? "not written yet" : <code className="rb-mono">{gitCommit.slice(0, 8)}</code>, state === "writing"],
    [
      "Deployment",
      state === "deploying" ? "under way" : endedAt === undefined || gitCommit === undefined ? "not begun" : "done",
      state === "deploying" || state === "held",
    ],
    [state === "promoted" ? "There" : "End", endedAt === undefined ? "–" : <When at={endedAt} />, endedAt !== undefined],
  ];
  return (
    <ol className={classes.way} aria-label="How far it is">
      {steps.map(([name, value, now]) => (
        <li key={name} data-now={now} {...(now && { "aria-current": "step" as const })}>
          <b>{name}</b>
          <span className="rb-dim">{value}</span>
        </li>
      ))}
    </ol>
  );
}

function since(at: string): ReactNode {
  return (
    <>
      since <When at={at} />
    </>
  );
}

function Acts({ of: { id, state, entityRef, environment } }: { readonly of: Promotion }): ReactNode {
  const cancel = useAct(cancelPromotion);
  return (
    <div className={classes.acts}>
      {state === "waiting" && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ id })}>
          Cancel
        </Button>
      )}
      {(state === "promoted" || state === "deploying" || state === "held") && <RollBack entityRef={entityRef} environment={environment} />}
      {cancel.error !== null && <ErrorState error={cancel.error} />}
    </div>
  );
}

function Known({ of }: { readonly of: Detail }): ReactNode {
  const { release, from, entityRef, environment, kind, createdAt, endedAt, state, gitCommit, deploymentId, changeId, batch, lookedAt } = of;
  return (
    <Facts
      of={[
        ["Release", <ReleaseLink key="to" release={{ ...release, entityRef }} />],
        ["Instead of", from && <ReleaseLink key="from" release={{ ...from, entityRef }} />],
        [
          "What it changes",
          <Link key="compare" to="/releases/$release" params={{ release: release.id }} search={{ with: from?.id ?? `in:${environment}` }}>
            Compare
          </Link>,
        ],
        [
          "Pull request",
          changeId && (
            <Link key="change" to="/delivery/changes/$id" params={{ id: changeId }}>
              {state === "waiting" ? "Read and merge it" : "Read it"}
            </Link>
          ),
        ],
        ["In Git", gitCommit && <code className="rb-mono">{`platform-delivery, env/${environment}, ${gitCommit.slice(0, 12)}`}</code>],
        [
          "Restored",
          kind === "rollback" && state === "promoted" && endedAt !== undefined && (
            <>
              {((Date.parse(endedAt) - Date.parse(createdAt)) / 1_000).toFixed(1)} s after it was asked for, all requests were with release{" "}
              {release.number}
            </>
          ),
        ],
        ["Deployment", deploymentId && <code className="rb-mono">{deploymentId}</code>],
        ["Together with", batch && <code className="rb-mono">{batch}</code>],
        ["Looked at", lookedAt && <When at={lookedAt} />],
      ]}
    />
  );
}

/** What stands in the way comes first. */
function inOrder(gates: Detail["gates"]): Detail["gates"] {
  const rank = { blocked: 0, unknown: 1, waiting: 2, passed: 3 };
  return gates.toSorted((a, b) => rank[a.verdict] - rank[b.verdict]);
}
