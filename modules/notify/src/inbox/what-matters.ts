import { entityChanged, entityRegistered, entityRemoved } from "@roadbed/contracts/catalog";
import { apiChanged } from "@roadbed/contracts/catalog/docs";
import { handedOver, handOverUndone } from "@roadbed/contracts/catalog/ownership";
import { announcementPublished, type Weight } from "@roadbed/contracts/notify";
import { approvalRuleChanged } from "@roadbed/contracts/paths/approval-rules";
import { approvalDecided, approvalReminded, approvalRequested } from "@roadbed/contracts/paths/approvals";
import { deviationChanged, deviationExpired, deviationExpiring } from "@roadbed/contracts/paths/deviations";
import { lifetimeEnded, lifetimeEnding } from "@roadbed/contracts/paths/lifetimes";
import { noticeSent } from "@roadbed/contracts/paths/notices";
import { ledgerChanged } from "@roadbed/contracts/paths/ledger";
import { campaignClosed, campaignReminded } from "@roadbed/contracts/standards/campaigns";
import { scoreChanged } from "@roadbed/contracts/standards/scores";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import type { DomainEvent } from "@roadbed/core";

import { DELIVERY_RULES } from "./delivery-matters.ts";
import { askedOf, NOBODY, pageOf, rule, type Rule, type Tidings } from "./tidings.ts";

export type { Tidings };

/** How somebody is asked, after the title of what it is about: an entity, those who may, or the path where both are unknown. */
function askWords(o: {
  readonly entityRef: string | undefined;
  readonly pathTitle: string;
  readonly approvers: readonly string[];
  readonly requestedByName: string;
}): string {
  if (o.entityRef === undefined && o.approvers.length > 0) return `is asked to approve ${o.pathTitle} for ${o.requestedByName}`;
  return `waits for you to approve ${o.entityRef === undefined ? "a run" : o.pathTitle} for ${o.requestedByName}`;
}

const WEIGHTS = { low: "info", normal: "info", high: "important", critical: "urgent" } as const;

const RULES: readonly Rule[] = [
  rule(entityRegistered, ({ ref }) => ({ ref, weight: "info", what: "is in the catalogue", link: pageOf(ref) })),
  rule(entityChanged, ({ ref }) => ({ ref, weight: "info", what: "changed", link: `${pageOf(ref)}?tab=history` })),
  rule(entityRemoved, ({ ref }) => ({
    ref,
    weight: "important",
    what: "was removed",
    detail: "It can be restored for 30 days.",
    link: pageOf(ref),
  })),
  rule(apiChanged, ({ ref, breaking, risky, consumers }) => ({
    ref,
    weight: breaking > 0 ? "important" : "info",
    what: breaking > 0 ? `changed and breaks those who call it` : "changed its definition",
    detail: `${breaking} breaking, ${risky} risky ${breaking + risky === 1 ? "change" : "changes"}.`,
    link: `${pageOf(ref)}?tab=api&page=versions`,
    dependants: breaking > 0 ? consumers : [],
  })),
  rule(handedOver, ({ from, to, things, reason }) => ({
    ref: to,
    weight: "important",
    what: `was given ${things} ${things === 1 ? "thing" : "things"}${from === undefined ? "" : ` of ${from.slice(from.indexOf("/") + 1)}`}`,
    ...(reason === undefined ? {} : { detail: reason }),
    link: `/ownership?view=owned&ref=${encodeURIComponent(to)}`,
  })),
  rule(handOverUndone, ({ to, things, reason }) => ({
    ref: to,
    weight: "important",
    what: `no longer has ${things} ${things === 1 ? "thing" : "things"}: a hand-over was taken back`,
    ...(reason === undefined ? {} : { detail: reason }),
    link: "/ownership?view=history",
  })),
  ...DELIVERY_RULES,
  rule(scoreChanged, ({ ref, title, before, after, rose, fell, rules }) =>
    rose || fell
      ? {
          ref,
          weight: fell ? "important" : "info",
          what: fell ? `fell in ${title}: from ${before} to ${after ?? "below the lowest level"}` : `rose to ${after} in ${title}`,
          detail: rules.map((one) => one.title).join("; "),
          link: `${pageOf(ref)}?tab=standards`,
        }
      : undefined,
  ),
  rule(ledgerChanged, ({ entityRef, thing, drifted, author }) =>
    entityRef === undefined || drifted === 0
      ? undefined
      : {
          ref: entityRef,
          weight: "info",
          what: `differs from its golden path in ${drifted} ${drifted === 1 ? "file" : "files"}`,
          ...(author === undefined ? {} : { detail: `The newest change is by ${author}.` }),
          link: `/ledger/${thing}`,
        },
  ),
  rule(approvalRequested, ({ entityRef, path, pathTitle, approvers, requestedByName, expiresAt, because, runId }) => ({
    ref: entityRef ?? approvers[0] ?? path,
    weight: "important",
    what: askWords({ entityRef, pathTitle, approvers, requestedByName }),
    detail: `${because} It can be given until ${expiresAt.slice(0, 16).replace("T", " ")} UTC.${approvers.length === 0 ? NOBODY : ""}`,
    link: `/runs/${runId}`,
    ...askedOf(approvers, "paths:admin"),
    ownWords: true,
  })),
  rule(noticeSent, ({ entityRef, recipients, starter, title, info, link, severity, runId }) => ({
    ref: entityRef,
    weight: WEIGHTS[severity],
    what: `is told: ${title}`,
    ...(info === undefined ? {} : { detail: info }),
    // Only ways within Roadbed: an inbox leads nowhere else unasked.
    link: link?.startsWith("/") === true && !link.startsWith("//") ? link : `/runs/${runId}`,
    asked: recipients,
    ...(starter === undefined ? {} : { askers: [starter] }),
    ownWords: true,
    toThemselves: true,
  })),
  rule(approvalReminded, ({ entityRef, path, pathTitle, approvers, requestedByName, expiresAt, runId }) => ({
    ref: entityRef ?? approvers[0] ?? path,
    weight: "important",
    what: `still ${askWords({ entityRef, pathTitle, approvers, requestedByName })}`,
    detail: `It ends by itself at ${expiresAt.slice(0, 16).replace("T", " ")} UTC.${approvers.length === 0 ? NOBODY : ""}`,
    link: `/runs/${runId}`,
    ...askedOf(approvers, "paths:admin"),
    ownWords: true,
  })),
  rule(approvalDecided, ({ entityRef, path, pathTitle, state, reason, requester, runId }) =>
    requester === undefined
      ? undefined
      : {
          ref: entityRef ?? path,
          weight: "important",
          what:
            entityRef === undefined
              ? `was followed by you: its approval is ${state}`
              : `has news of your run of ${pathTitle}: the approval is ${state}`,
          ...(reason === undefined ? {} : { detail: reason }),
          link: `/runs/${runId}`,
          askers: [requester],
          ownWords: true,
        },
  ),
  rule(lifetimeEnding, ({ name, path, entityRef, runId, requester, endsAt }) => ({
    ref: entityRef ?? path,
    weight: "important",
    what: `${entityRef === undefined ? `made ${name}, which ends` : "ends by itself"} at ${endsAt.slice(0, 16).replace("T", " ")} UTC`,
    detail: "It is taken back then. Extend it with a reason if it is still needed.",
    link: `/runs/${runId}`,
    askers: requester === undefined ? [] : [requester],
    ownWords: entityRef === undefined,
  })),
  rule(lifetimeEnded, ({ name, path, entityRef, runId, requester }) => ({
    ref: entityRef ?? path,
    weight: "important",
    what: entityRef === undefined ? `made ${name}, whose time is over` : "has come to the end of its time",
    detail: "What the run made is being taken back.",
    link: `/runs/${runId}`,
    askers: requester === undefined ? [] : [requester],
    ownWords: entityRef === undefined,
  })),
  rule(approvalRuleChanged, ({ path, pathTitle, name, role, state }) =>
    state !== "proposed"
      ? undefined
      : {
          ref: role === "administrator" ? path : role,
          weight: "important",
          what: `may do without an approval: ${name} of ${pathTitle} was granted ten times in a row`,
          detail: "See the ten, then accept or refuse a rule that grants it by itself.",
          link: "/inbox?view=approvals",
          ...askedOf(role === "administrator" ? [] : [role], "paths:admin"),
          ownWords: true,
        },
  ),
  rule(deviationChanged, ({ entityRef, thing, status, to }) =>
    entityRef === undefined
      ? undefined
      : {
          ref: entityRef,
          weight: status === "requested" ? "important" : "info",
          what: status === "requested" ? "wants to deviate from its golden path" : `deviates from its golden path: ${status}`,
          link: `/ledger/${thing}`,
          dependants: to === undefined ? [] : [to],
        },
  ),
  rule(deviationExpiring, ({ entityRef, thing, expiresAt }) =>
    entityRef === undefined
      ? undefined
      : {
          ref: entityRef,
          weight: "important",
          what: "deviates from its golden path until soon",
          detail: `The deviation ends on ${expiresAt.slice(0, 10)}; what differs then is drift.`,
          link: `/ledger/${thing}`,
        },
  ),
  rule(deviationExpired, ({ entityRef, thing, files }) =>
    entityRef === undefined
      ? undefined
      : {
          ref: entityRef,
          weight: "important",
          what: `drifted: its deviation has ended, and ${files} ${files === 1 ? "file differs" : "files differ"}`,
          link: `/ledger/${thing}`,
        },
  ),
  rule(campaignReminded, ({ ref, campaign, title, open, deadline, daysLeft }) => ({
    ref,
    weight: "important",
    what: `has ${open} ${open === 1 ? "thing" : "things"} to do in ${title}, until ${deadline}`,
    detail: daysLeft === 0 ? "Today is the last day." : `${daysLeft} ${daysLeft === 1 ? "day is" : "days are"} left.`,
    link: `/campaigns/${campaign}`,
  })),
  rule(campaignClosed, ({ owner, campaign, title, state, things, done }) =>
    owner === undefined
      ? undefined
      : {
          ref: owner,
          weight: "important",
          what: `ran ${title}, which is ${state}: ${done} of ${things} are done`,
          link: `/campaigns/${campaign}`,
        },
  ),
  rule(incidentOpened, ({ service, severity, title, entityRef, onCall = [], link }) => ({
    ref: entityRef ?? refOfService(service),
    // What can wait for the day wakes nobody.
    weight: severity === "low" ? "important" : "urgent",
    what: `has a ${severity} incident`,
    ...(title === undefined ? {} : { detail: title }),
    link: link ?? "/incidents?state=open",
    asked: onCall,
  })),
  rule(incidentClosed, ({ service, entityRef }) => ({
    ref: entityRef ?? refOfService(service),
    weight: "important",
    what: "is well again: its incident ended",
    link: "/incidents",
  })),
  rule(announcementPublished, ({ ref, title, weight, owners }) => ({
    ref,
    weight,
    what: `announces: ${title}`,
    link: "/inbox?view=announcements",
    dependants: owners,
    ownWords: true,
  })),
];

/** The events that people may be told of. */
export const EVENTS: readonly string[] = RULES.map(({ event }) => event.name);

/** Undefined when an event matters to nobody. */
export function tidingsOf(event: Pick<DomainEvent, "name" | "payload">): Tidings | undefined {
  const found = RULES.find((candidate) => candidate.event.name === event.name);
  const told = found?.tell(found.event.payload.parse(event.payload));
  return told && { dependants: [], ...told };
}

/** As the telemetry names a service, so a component is called. */
function refOfService(service: string): string {
  return `component:default/${service}`.toLowerCase();
}

const RANKS: Readonly<Record<Weight, number>> = { info: 0, important: 1, urgent: 2 };

/** Whether something of this weight is told to somebody who asked for at least `least`. */
export function isEnough(weight: Weight, least: Weight): boolean {
  return RANKS[weight] >= RANKS[least];
}
