import { Link } from "@tanstack/react-router";
import { useId, type ReactNode } from "react";

import type { Approval, RequiredApproval } from "@roadbed/contracts/paths";
import { grantApproval, refuseApproval } from "@roadbed/contracts/paths/approvals";
import { useAct } from "../../api/use-operation.ts";
import { DecideForm } from "../../ui/DecideForm.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { When } from "../../ui/When.tsx";
import classes from "./runs.module.css";

const TONES: Readonly<Record<Approval["state"], State>> = {
  waiting: "busy",
  granted: "ok",
  refused: "fail",
  expired: "fail",
  withdrawn: "unknown",
};
const ROLES: Readonly<Record<RequiredApproval["approvers"][number]["as"], string>> = {
  owner: "owner",
  "on-call": "on call",
  "team-lead": "team lead",
  platform: "platform team",
  named: "named by the path",
};

/** One approval: what is asked, why, of whom and until when, what was said, and the way to decide it. `named`: says of which run. */
export function ApprovalCard({ approval, named = false }: { readonly approval: Approval; readonly named?: boolean }): ReactNode {
  const { rule, because, state, count, votes, expiresAt, decidedAt, runId, pathTitle, requestedByName, entityRef, automatic } = approval;
  const heading = useId();
  return (
    <article className={classes.approval} aria-labelledby={heading}>
      <h3 id={heading}>
        <StateBadge plain word={state} state={TONES[state]} />{" "}
        {named ? (
          <Link to="/runs/$id" params={{ id: runId }}>
            {pathTitle} for {requestedByName}
          </Link>
        ) : (
          rule
        )}
      </h3>
      <p>
        {because}
        {entityRef !== undefined && (
          <>
            {" "}
            It is about <EntityLink entityRef={entityRef} />.
          </>
        )}
      </p>
      {automatic === undefined ? (
        <p className="rb-dim">
          {count > 1 && `${count} of these: `}
          <Approvers of={approval.approvers} />
          {state === "waiting" ? (
            <>
              ; it ends <When at={expiresAt} />
            </>
          ) : (
            decidedAt !== undefined && (
              <>
                ; decided <When at={decidedAt} />
              </>
            )
          )}
        </p>
      ) : (
        <p className="rb-dim">
          Granted by a rule that was learned and accepted:{" "}
          <Link to="/inbox" search={{ view: "approvals" }}>
            {automatic}
          </Link>
        </p>
      )}
      {votes.length > 0 && (
        <ul className={classes.votes}>
          {votes.map(({ by, name, verdict, as, reason, at }) => (
            <li key={by}>
              <b>{name}</b> {verdict === "granted" ? "approved" : "refused"} as{" "}
              {as === "administrator" ? "an administrator" : <EntityLink entityRef={as} icon={false} />}, <When at={at} />
              {reason !== undefined && <q>{reason}</q>}
            </li>
          ))}
        </ul>
      )}
      {state === "waiting" && <Decide approval={approval} />}
    </article>
  );
}

/** Who may, each with what makes it one. */
export function Approvers({ of }: { readonly of: RequiredApproval["approvers"] }): ReactNode {
  if (of.length === 0) return <>an administrator, as nobody in the catalogue is asked</>;
  return of.map(({ ref, as }, index) => (
    <span key={ref}>
      {index > 0 && ", "}
      <EntityLink entityRef={ref} icon={false} /> ({ROLES[as]})
    </span>
  ));
}

function Decide({ approval: { id, digest, mayDecide, whyNot } }: { readonly approval: Approval }): ReactNode {
  const grant = useAct(grantApproval);
  const refuse = useAct(refuseApproval);
  if (!mayDecide) return <p className="rb-dim">{whyNot ?? "You cannot decide this."}</p>;
  return (
    <DecideForm
      onApprove={(reason) => grant.mutate({ id, digest, ...(reason !== undefined && { reason }) })}
      onRefuse={(reason) => refuse.mutate({ id, reason })}
      approving={grant.isPending}
      refusing={refuse.isPending}
      error={grant.error ?? refuse.error}
      maxLength={2_000}
    />
  );
}
