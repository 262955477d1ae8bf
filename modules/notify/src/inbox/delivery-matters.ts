import { deploymentFinished, workloadChanged } from "@roadbed/contracts/delivery";
import { requestChanged } from "@roadbed/contracts/delivery/changes";
import { driftFound } from "@roadbed/contracts/delivery/drift";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { mirrorChanged } from "@roadbed/contracts/delivery/mirror";
import { promotionFinished, promotionRequested } from "@roadbed/contracts/delivery/promotions";
import { sourceEdited } from "@roadbed/contracts/delivery/source";
import { rolloutChanged } from "@roadbed/contracts/delivery/rollouts";

import { askedOf, NOBODY, pageOf, rule, type Rule } from "./tidings.ts";

/** What of delivery people are told of. */
export const DELIVERY_RULES: readonly Rule[] = [
  rule(deploymentFinished, ({ entityRef, environment, status, commit }) => ({
    ref: entityRef,
    weight: status === "failed" || status === "rolled-back" ? "important" : "info",
    what: `was deployed to ${environment}: ${status}`,
    detail: `Commit ${commit.slice(0, 12)}.`,
    link: `${pageOf(entityRef)}?tab=deploys`,
  })),
  rule(promotionRequested, ({ entityRef, environment, number, title, approvers, requestedBy, promotionId }) => ({
    ref: entityRef,
    weight: "important",
    what: `waits for you to approve release ${number} for ${environment}`,
    detail: `${title}. Asked for by ${requestedBy}.${approvers.length === 0 ? NOBODY : ""}`,
    link: `/promotions/${promotionId}`,
    ...askedOf(approvers, "delivery:admin"),
    ownWords: true,
  })),
  rule(promotionFinished, ({ entityRef, environment, number, kind, state, error, promotionId }) =>
    state === "superseded" || state === "cancelled"
      ? undefined
      : {
          ref: entityRef,
          weight: state === "promoted" && kind === "promote" ? "info" : "important",
          what:
            kind === "rollback"
              ? `went back to release ${number} in ${environment}: ${state}`
              : `release ${number} for ${environment}: ${state}`,
          ...(error === undefined ? {} : { detail: error.split("\n")[0]!.slice(0, 300) }),
          link: `/promotions/${promotionId}`,
        },
  ),
  rule(rolloutChanged, ({ rolloutId, entityRef, environment, state, reason }) =>
    state === "held"
      ? {
          ref: entityRef,
          weight: "urgent",
          what: `waits for you in ${environment}: its rollout is held`,
          ...(reason === undefined ? {} : { detail: reason }),
          link: `/rollouts/${rolloutId}`,
        }
      : undefined,
  ),
  rule(mirrorChanged, ({ repository, change, remote, detail }) =>
    change !== "failing" && change !== "written-by-others"
      ? undefined
      : {
          ref: `component:default/${repository}`,
          weight: "important",
          what: change === "failing" ? `cannot be written to its mirror ${remote}` : `was written by somebody else at its mirror ${remote}`,
          ...(detail === undefined ? {} : { detail }),
          link: "/environments",
          askedWith: "delivery:admin",
        },
  ),
  rule(sourceEdited, ({ path, state, outcome, account, entityRef, owner, pushedBy, reasons }) =>
    state !== "refused"
      ? undefined
      : {
          ref: entityRef ?? owner ?? "component:default/platform-delivery",
          weight: "important",
          what: `has an edit in Git that was refused: ${path}`,
          detail: [...reasons, outcome, `It was pushed by ${pushedBy}.`].join(" ").slice(0, 1_000),
          link: "/environments",
          ...(entityRef === undefined && owner === undefined ? { askedWith: "delivery:admin" } : {}),
          // Who pushed is told, too: Git itself took the push.
          ...(account === undefined ? {} : { askers: [account], toThemselves: true }),
        },
  ),
  rule(requestChanged, ({ changeId, about, place, change, by, detail }) =>
    change !== "refused" && change !== "failing"
      ? undefined
      : {
          ref: about[0] ?? "component:default/platform-delivery",
          weight: "important",
          what:
            change === "refused" ? `was merged at ${place} by ${by ?? "somebody"}, which does not count` : `cannot be proposed at ${place}`,
          ...(detail === undefined ? {} : { detail }),
          link: `/delivery/changes/${changeId}`,
          ...(change === "failing" ? { askedWith: "delivery:admin" } : {}),
        },
  ),
  rule(driftFound, ({ entityRef, environment, fields, policy }) => ({
    ref: entityRef,
    weight: policy === "ask" ? "important" : "info",
    what:
      policy === "ask" ? `waits for you in ${environment}: what runs is not what Git says` : `runs in ${environment} as Git does not say`,
    detail: `${fields.slice(0, 5).join(", ")}.`,
    link: `/drift?entity=${encodeURIComponent(entityRef)}`,
  })),
  rule(workloadChanged, ({ entityRef, environment, health }) =>
    health === "crashed"
      ? { ref: entityRef, weight: "important", what: `crashed in ${environment}`, link: `${pageOf(entityRef)}?tab=deploys` }
      : undefined,
  ),
  rule(environmentChanged, ({ environment, title, change, owner, expiresAt, reason }) =>
    change !== "ending" && change !== "ended"
      ? undefined
      : {
          // One that nobody owns is told to administrators.
          ...(owner === undefined
            ? { ref: `environment:default/${environment}`, askedWith: "delivery:admin", ownWords: true }
            : { ref: owner }),
          weight: "important",
          what:
            owner === undefined
              ? change === "ended"
                ? "has ended"
                : `ends at ${expiresAt?.slice(0, 16).replace("T", " ")} UTC, and nobody owns it`
              : change === "ended"
                ? `has an environment less: ${title}`
                : `has an environment, ${title}, that ends at ${expiresAt?.slice(0, 16).replace("T", " ")} UTC`,
          detail:
            change === "ended"
              ? (reason ?? "What ran there was stopped.")
              : "What runs there is stopped then. Extend it with a reason if it is still needed.",
          link: "/environments",
        },
  ),
];
