import type { ReactNode } from "react";

import { approvePromotion, refusePromotion, type getPromotion } from "@roadbed/contracts/delivery/promotions";
import type { OutputOf } from "@roadbed/core";
import { useAct } from "../../api/use-operation.ts";
import { DecideForm } from "../../ui/DecideForm.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./promotions.module.css";

const WORDS = {
  owner: "the owner",
  "on-call": "who is on call",
  "team-lead": "the team's lead",
  platform: "who answers for the environment",
  named: "those named",
};

/** Whose word is needed, what was said, and the way to say it. */
export function Decide({ promotion }: { readonly promotion: OutputOf<typeof getPromotion> }): ReactNode {
  const { id, approvals, votes, mayApprove, whyNot, state } = promotion;
  const approve = useAct(approvePromotion);
  const refuse = useAct(refusePromotion);
  if (approvals.length === 0 && votes.length === 0) return null;
  return (
    <Section title="Approvals">
      <ul className={classes.votes}>
        {approvals.map(({ by, count, granted, approvers }, index) => (
          <li key={index}>
            {Math.min(granted, count)} of {count} of {WORDS[by]}:{" "}
            {approvers.length === 0
              ? "nobody in the catalogue, so an administrator may"
              : approvers.map(({ ref }, n) => (
                  <span key={ref}>
                    {n > 0 && ", "}
                    <EntityLink entityRef={ref} icon={false} />
                  </span>
                ))}
          </li>
        ))}
        {votes.map(({ by, name, verdict, at, reason: said, counts }) => (
          <li key={by}>
            <b>{name}</b> {verdict === "granted" ? "approved" : "refused"} <When at={at} />
            {!counts && ", which does not count any more"}
            {said !== undefined && `: ${said}`}
          </li>
        ))}
      </ul>
      {state === "waiting" &&
        (mayApprove ? (
          <div className={classes.decide}>
            <DecideForm
              onApprove={(reason) => approve.mutate({ id, ...(reason !== undefined && { reason }) })}
              onRefuse={(reason) => refuse.mutate({ id, reason })}
              approving={approve.isPending}
              refusing={refuse.isPending}
              error={approve.error ?? refuse.error}
              maxLength={1_000}
            />
          </div>
        ) : (
          <p className="rb-dim">{whyNot}</p>
        ))}
    </Section>
  );
}
