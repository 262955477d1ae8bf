import { entityChanged, entityRegistered, entityRemoved } from "@roadbed/contracts/catalog";
import { apiChanged } from "@roadbed/contracts/catalog/docs";
import { handedOver, handOverUndone } from "@roadbed/contracts/catalog/ownership";
import { deploymentFinished, workloadChanged } from "@roadbed/contracts/delivery";
import { promotionFinished, promotionRequested } from "@roadbed/contracts/delivery/promotions";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { mirrorChanged } from "@roadbed/contracts/delivery/mirror";
import { driftFound } from "@roadbed/contracts/delivery/drift";
import { rolloutChanged } from "@roadbed/contracts/delivery/rollouts";
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
import type { DomainEvent, EventType } from "@roadbed/core";

/** What an event means for those who care about an entity. */
export interface Tidings {
  /** What it is about: who follows or owns it is told. */
  readonly ref: string;
  readonly weight: Weight;
  /** `what` is put after the title of the entity. */
  readonly what: string;
  readonly detail?: string;
  readonly link: string;
  /** References of those who depend on it and are told too, whatever they follow. */
  readonly dependants: readonly string[];
  /** References of those who are asked to decide something. */
  readonly asked?: readonly string[];
  /** The scope of those who are asked where the catalogue knows nobody. */
  readonly askedWith?: string;
  /** Accounts that asked for something: they are told what came of it. */
  readonly askers?: readonly string[];
  /** True where owners need not be told: they said it themselves. */
  readonly ownWords?: boolean;
  /** True where also who did it is told: they wanted to be. */
  readonly toThemselves?: boolean;
}

/** One line per event that people are told of: the whole list of what matters. */
interface Rule<P = any> {
  readonly event: EventType<P>;
  readonly tell: (payload: P) => (Omit<Tidings, "dependants"> & { readonly dependants?: readonly string[] }) | undefined;
}

/** Said to administrators, so that they can mend it. */
const NOBODY = " The catalogue knows nobody else who may.";

/** Those whom the catalogue knows, or else who administrates. */
function askedOf(approvers: readonly string[], scope: string): Pick<Tidings, "asked" | "askedWith"> {
  return approvers.length > 0 ? { asked: approvers } : { askedWith: scope };
}

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

function rule<P>(event: EventType<P>, tell: Rule<P>["tell"]): Rule<P> {
  return { event, tell };
}

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

function pageOf(ref: string): string {
  const [, kind = "", namespace = "", name = ""] = /^([^:]+):([^/]+)\/(.+)$/.exec(ref) ?? [];
  return `/entities/${[kind, namespace, name].map(encodeURIComponent).join("/")}`;
}

const RANKS: Readonly<Record<Weight, number>> = { info: 0, important: 1, urgent: 2 };

/** Whether something of this weight is told to somebody who asked for at least `least`. */
export function isEnough(weight: Weight, least: Weight): boolean {
  return RANKS[weight] >= RANKS[least];
}
