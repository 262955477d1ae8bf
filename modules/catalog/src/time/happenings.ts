import { credentialChanged } from "@roadbed/contracts/delivery/credentials";
import {
  deploymentFinished,
  deploymentRequested,
  repositoryCreated,
  repositoryPushed,
  workloadChanged,
  workloadCommanded,
} from "@roadbed/contracts/delivery";
import { environmentChanged, freezeChanged } from "@roadbed/contracts/delivery/environments";
import { driftEnded, driftFound } from "@roadbed/contracts/delivery/drift";
import { cdEventReceived, sinkChanged } from "@roadbed/contracts/delivery/cdevents";
import { mirrorChanged } from "@roadbed/contracts/delivery/mirror";
import { evaluationRecorded } from "@roadbed/contracts/delivery/evaluations";
import { rolloutChanged } from "@roadbed/contracts/delivery/rollouts";
import { repositoryArchived } from "@roadbed/contracts/delivery/archive";
import { holdChanged, promotionFinished } from "@roadbed/contracts/delivery/promotions";
import { releaseMade } from "@roadbed/contracts/delivery/releases";
import { runFinished, runRequested } from "@roadbed/contracts/paths";
import { approvalRuleChanged } from "@roadbed/contracts/paths/approval-rules";
import { approvalDecided } from "@roadbed/contracts/paths/approvals";
import { lifetimeEnded, lifetimeExtended } from "@roadbed/contracts/paths/lifetimes";
import { runUndone } from "@roadbed/contracts/paths/undo";
import { resourceChanged } from "@roadbed/contracts/paths/resources";
import { decisionMade } from "@roadbed/contracts/standards";
import { campaignClosed, campaignSaved } from "@roadbed/contracts/standards/campaigns";
import { scorecardSaved } from "@roadbed/contracts/standards/scorecards";
import { scoreChanged } from "@roadbed/contracts/standards/scores";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import { sloChanged } from "@roadbed/contracts/telemetry/slos";
import type { DomainEvent } from "@roadbed/core";

import { CATALOG_TELLERS } from "./happenings-of-catalog.ts";
import { STANDARDS_TELLERS } from "./happenings-of-standards.ts";
import { teller, type Teller, type Told } from "./teller.ts";

const MIRROR_WORDS = {
  set: "it was set",
  removed: "it is kept no more",
  failing: "it cannot be written",
  "in-sync": "it is in sync",
  "written-by-others": "somebody else wrote to it",
} as const;
const DRIFT_ENDS = { healed: "healed", accepted: "accepted into Git", gone: "gone by itself" } as const;

function some(fields: readonly string[]): string {
  return fields.length > 4 ? `${fields.slice(0, 3).join(", ")} and ${fields.length - 3} more` : fields.join(", ");
}

/** Of each event, in words. To hear of more, add a line; who did it and when stands beside it. */
const TELLERS: readonly Teller[] = [
  ...CATALOG_TELLERS,
  ...STANDARDS_TELLERS,
  teller(deploymentRequested, ({ entityRef, environment }) => ({
    sort: "deployment",
    text: `A deployment to ${environment} was asked for`,
    about: { ref: entityRef },
    link: DEPLOYMENTS,
  })),
  teller(deploymentFinished, ({ entityRef, environment, status, commit }) => ({
    sort: "deployment",
    text: `The deployment of ${commit.slice(0, 8)} to ${environment} ended: ${status}`,
    about: { ref: entityRef },
    link: DEPLOYMENTS,
  })),
  teller(rolloutChanged, ({ rolloutId, entityRef, environment, commit, state, weight, reason }) => ({
    sort: "deployment",
    text: [`The rollout of ${commit.slice(0, 8)} in ${environment} is ${state}, with ${weight} % of the requests.`, reason]
      .filter(Boolean)
      .join(" "),
    about: { ref: entityRef },
    link: `/rollouts/${rolloutId}`,
  })),
  teller(workloadChanged, ({ entityRef, environment, health }) => ({
    sort: "workload",
    text: `In ${environment} it became ${health}`,
    about: { ref: entityRef },
    link: "/delivery",
  })),
  teller(workloadCommanded, ({ entityRef, environment, command }) => ({
    sort: "workload",
    text: `A ${command} in ${environment} was asked for`,
    about: { ref: entityRef },
    link: "/delivery",
  })),
  teller(releaseMade, ({ entityRef, number, title, releaseId }) => ({
    sort: "deployment",
    text: `Release ${number} was made: ${title}`,
    about: { ref: entityRef },
    link: `/releases/${releaseId}`,
  })),
  teller(evaluationRecorded, ({ entityRef, number, set, state, estimate, evaluationId }) => ({
    sort: "deployment",
    text:
      state === "failed"
        ? `The evaluation of release ${number} by ${set} failed`
        : `Release ${number} was evaluated by ${set}${estimate === undefined ? "" : `: ${estimate.toFixed(3)}`}`,
    about: { ref: entityRef },
    link: `/evaluations/${evaluationId}`,
  })),
  teller(promotionFinished, ({ entityRef, environment, number, state, kind, promotionId }) => ({
    sort: "deployment",
    text: `The ${kind === "rollback" ? `rollback of ${environment} to` : `promotion to ${environment} of`} release ${number} ended: ${state}`,
    about: { ref: entityRef },
    link: `/promotions/${promotionId}`,
  })),
  teller(holdChanged, ({ entityRef, environment, held, why }) => ({
    sort: "deployment",
    text: `Automatic promotion to ${environment} was ${held ? "held" : "let go on"}: ${why}`,
    about: { ref: entityRef },
    link: DEPLOYMENTS,
  })),
  teller(cdEventReceived, ({ type, subject, source, entityRef, environment }) => ({
    sort: "deployment",
    text: `${source} told: ${subject} ${type.split(".").slice(2, 4).join(" ")}${environment === undefined ? "" : ` in ${environment}`}`,
    ...(entityRef === undefined ? {} : { about: { ref: entityRef } }),
    link: "/cdevents",
  })),
  teller(sinkChanged, ({ title, target, change }) => ({
    sort: "deployment",
    text: change === "made" ? `${title} (${target}) is told of what happens here` : `${title} (${target}) is told no more`,
    link: "/cdevents",
  })),
  teller(mirrorChanged, ({ repository, remote, change, detail }) => ({
    sort: "push",
    text: [`The mirror of ${repository} at ${remote}: ${MIRROR_WORDS[change]}.`, detail].filter(Boolean).join(" "),
    about: { repository },
    link: "/environments",
  })),
  teller(driftFound, ({ entityRef, environment, fields }) => ({
    sort: "workload",
    text: `What runs in ${environment} is not what Git says: ${some(fields)}`,
    about: { ref: entityRef },
    link: "/drift",
  })),
  teller(driftEnded, ({ entityRef, environment, fields, state, why }) => ({
    sort: "workload",
    text: [`What ran in ${environment} and Git did not say was ${DRIFT_ENDS[state]}: ${some(fields)}.`, why].filter(Boolean).join(" "),
    about: { ref: entityRef },
    link: "/drift",
  })),
  teller(credentialChanged, ({ caller, callee, environment, change }) => ({
    sort: "workload",
    text: `Its credential for ${callee} in ${environment} was ${change}`,
    about: { ref: caller },
    link: "/delivery",
  })),
  teller(repositoryPushed, ({ repository, branch, message, after }) => ({
    sort: "push",
    text: `${after.slice(0, 8)} was pushed to ${repository} (${branch}): ${firstLine(message)}`,
    about: { repository },
  })),
  teller(repositoryCreated, ({ repository }) => ({ sort: "push", text: `The repository ${repository} was made`, about: { repository } })),
  teller(runRequested, ({ runId, path, about }) => ({
    sort: "run",
    text: `A run of ${path} was begun`,
    ...aboutFirst(about?.[0]),
    link: `/runs/${runId}`,
  })),
  teller(runFinished, ({ runId, path, status, about, entityRef }) => ({
    sort: "run",
    text: `The run of ${path} ended: ${status}`,
    ...aboutFirst(entityRef ?? about?.[0]),
    link: `/runs/${runId}`,
  })),
  teller(approvalDecided, ({ runId, pathTitle, state, entityRef }) => ({
    sort: "run",
    text: `The approval of ${pathTitle} is ${state}`,
    ...aboutFirst(entityRef),
    link: `/runs/${runId}`,
  })),
  teller(approvalRuleChanged, ({ pathTitle, name, state }) => ({
    sort: "policy",
    text: `A rule that gives the approval ${name} of ${pathTitle} by itself is ${state}`,
    link: "/inbox?view=approvals",
  })),
  teller(runUndone, ({ runId, path, state, entityRef }) => ({
    sort: "run",
    text: `What a run of ${path} made was taken back${state === "done" ? "" : ", but for what is listed"}`,
    ...aboutFirst(entityRef),
    link: `/runs/${runId}`,
  })),
  teller(lifetimeExtended, ({ name, runId, entityRef, endsAt }) => ({
    sort: "run",
    text: `${name} lives until ${endsAt.slice(0, 10)} now`,
    ...aboutFirst(entityRef),
    link: `/runs/${runId}`,
  })),
  teller(lifetimeEnded, ({ name, runId, entityRef }) => ({
    sort: "run",
    text: `The time of ${name} was over`,
    ...aboutFirst(entityRef),
    link: `/runs/${runId}`,
  })),
  teller(environmentChanged, ({ title, change, reason }) => ({
    sort: "workload",
    text: `The environment ${title} ${ENVIRONMENT_WORDS[change]}${reason === undefined ? "" : `: ${reason}`}`,
    link: "/environments",
  })),
  teller(freezeChanged, ({ title, environments, change, until, reason }) => ({
    sort: "deployment",
    text: `${title}: ${change === "announced" ? `${environments.join(", ") || "every environment"} is frozen until ${until.slice(0, 16).replace("T", " ")} UTC` : "the freeze was lifted"} (${reason})`,
    link: "/environments",
  })),
  teller(repositoryArchived, ({ repository, archived }) => ({
    sort: "push",
    text: archived ? `The repository ${repository} became read only` : `The repository ${repository} takes pushes again`,
    about: { repository },
  })),
  teller(decisionMade, ({ decisionId, subject, verdict }) => ({
    sort: "policy",
    text: `Policies answered ${verdict} to ${subject}`,
    ...(ENTITY.test(subject) ? { about: { ref: subject } } : {}),
    link: `/standards/decisions/${decisionId}`,
  })),
  teller(scorecardSaved, ({ scorecard, version, change }) => ({
    sort: "policy",
    text: `The scorecard ${scorecard} was ${change}${change === "removed" ? "" : ` (version ${version})`}`,
    link: `/scorecards/${scorecard}`,
  })),
  teller(campaignSaved, ({ campaign, title, change }) => ({
    sort: "policy",
    text: `The campaign ${title} was ${change}`,
    link: `/campaigns/${campaign}`,
  })),
  teller(campaignClosed, ({ campaign, title, state, things, done }) => ({
    sort: "policy",
    text: `The campaign ${title} is ${state}: ${done} of ${things} are done`,
    link: `/campaigns/${campaign}`,
  })),
  teller(scoreChanged, ({ ref, title, before, after, rose, fell, rules }) => ({
    sort: "policy",
    text:
      rose || fell
        ? `It ${rose ? "rose" : "fell"} from ${before ?? "below the lowest level"} to ${after ?? "below the lowest level"} in ${title}`
        : `In ${title} it is other than before: ${rules.map((rule) => `${rule.title} (${rule.after ?? "not asked"})`).join(", ")}`,
    about: { ref },
    link: pageOf(ref),
  })),
  teller(resourceChanged, ({ resource, entityRef, name, environment, state, reason }) => ({
    sort: "run",
    text: `${name} in ${environment} ${RESOURCE_WORDS[state]}${reason === undefined ? "" : `: ${reason}`}`,
    about: { ref: entityRef },
    link: `/resources/${resource}`,
  })),
  teller(sloChanged, ({ slo, title, entityRef, change, target }) => ({
    sort: "policy",
    text: `The objective ${title} (${Number((target * 100).toFixed(6))} %) was ${change}`,
    about: { ref: entityRef },
    link: change === "removed" ? "/slos" : `/slos/${slo}`,
  })),
  teller(incidentOpened, ({ service, severity }) => ({
    sort: "incident",
    text: `An incident (${severity}) of ${service} was declared`,
    about: { service },
    link: "/incidents",
  })),
  teller(incidentClosed, ({ service }) => ({
    sort: "incident",
    text: `The incident of ${service} ended`,
    about: { service },
    link: "/incidents",
  })),
];

const BY_NAME: ReadonlyMap<string, Teller> = new Map(TELLERS.map((one) => [one.type.name, one]));

/** Names of the events that are heard. */
export const HEARD: readonly string[] = [...BY_NAME.keys()];

/**
 * Events that are not written down as happenings, each with the reason. Every event of every contract is either told or stands here:
 * a test sees to it.
 */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "delivery.source.edited":
    "what came of it is told as a change of its environment or as a promotion, a refusal by the commit that puts it back",
  "product.record.told": "what was told is the deployments, changes and incidents themselves",
  "product.capability.saved": "it is about what the platform offers, not about a thing of the catalogue; its page says it",
  "product.mandate.recorded": "the register of mandates shows all of it",
  "product.team.followed": "what becomes of teams is told by the catalogue; this says only how figures follow",
  "product.usage.told": "use is counted by team and day, and shown as adoption",
  "product.measure.defined": "it is about a measure, whose page shows all its versions",
  "paths.notice.sent": "It is told to those whom it names, in their inbox.",
  "catalog.entity.registered": "history tells it, with who, why and in which run",
  "catalog.entity.changed": "history tells it, with the fields",
  "catalog.entity.removed": "history tells it",
  "catalog.source.synced": "what it changed is told entity by entity",
  "catalog.sample.removed": "its entities are told as removed",
  "catalog.property.changed": "a derived value follows from a change that is told itself",
  "catalog.properties.changed": "derived values follow from a change that is told itself",
  "catalog.question.asked": "asking changes nothing; the answer is told as a confirmation",
  "catalog.discovery.finished": "proposing changes nothing",
  "catalog.proposal.decided": "what was accepted is told as registered",
  "catalog.proposal.changed": "a proposal is not in the catalogue",
  "telemetry.slo.alerted": "its incident is told",
  "telemetry.slo.judged": "it stands at the objective; what burns is told by its incident",
  "notify.notice.arrived": "it tells somebody of what is told here",
  "identity.session.started": "signing in changes nothing",
  "catalog.build.told": "what a host built and tested is listed with the pipelines",
  "delivery.pipeline.requested": "building and testing a commit changes nothing",
  "delivery.pipeline.finished": "a run changes nothing by itself; the deployment that waited for it is told",
  "delivery.attestation.made": "a statement about a commit changes nothing; its release shows it",
  "delivery.evaluation.requested": "asking changes nothing; what came of it is told",
  "delivery.promotion.requested": "asking changes nothing; what came of it is told",
  "delivery.promotion.moved": "a gate that is seen otherwise changes nothing",
  "delivery.promotion.admitted": "what came of it is told when it ends",
  "delivery.execution.requested": "a job's times stand on its own page",
  "delivery.execution.finished": "a job's times stand on its own page; that it fails is told as its health",
  "delivery.request.changed": "a request at another host proposes; what came of it is told when the promotion ends",
  "delivery.change.opened": "proposing changes nothing",
  "delivery.change.moved": "a proposal changes nothing before it is merged",
  "delivery.change.closed": "a proposal that is closed has changed nothing",
  "paths.run.undo-requested": "what comes of it is told as taken back",
  "paths.lifetime.ending": "a reminder changes nothing",
  "paths.approval.requested": "asking changes nothing; what was said is told",
  "paths.approval.reminded": "a reminder changes nothing",
  "paths.deviation.expiring": "a reminder changes nothing",
  "paths.resource.requested": "what comes of it is told",
  "paths.upgrade.requested": "what comes of it is told as merged changes",
  "paths.upgrade.changed": "what comes of it is told as merged changes",
  "standards.findings.changed": "findings follow from a change that is told itself",
  "standards.waiver.ending": "a reminder changes nothing",
  "standards.campaign.reminded": "a reminder changes nothing",
  "catalog.change.proposed": "proposing changes nothing",
  "standards.check.changed": "a check changes nothing",
  "standards.scorecard.due": "what comes of it is told as a changed result",
  "standards.scorecards.computed": "a new scorecard's results are no news of the entities",
  "paths.run.progressed": "a run is told at its beginning and its end",
};

/** What an event means here; nothing for one that means nothing, or that is not as its contract says. */
export function tell(event: Pick<DomainEvent, "name" | "payload">): readonly Told[] {
  const found = BY_NAME.get(event.name);
  const payload = found?.type.payload.safeParse(event.payload);
  if (!found || !payload?.success) return [];
  const told = found.tell(payload.data);
  return Array.isArray(told) ? (told as readonly Told[]) : [told as Told];
}

const ENVIRONMENT_WORDS = {
  made: "was made",
  changed: "asks for something else now",
  extended: "lives longer",
  ending: "ends soon",
  ended: "has ended",
} as const;

const RESOURCE_WORDS = {
  ready: "is there",
  failed: "could not be made, changed or taken away",
  destroyed: "was taken away",
  drifted: "is otherwise than it was made",
  restored: "is as it was made again",
} as const;
const DEPLOYMENTS = "/delivery?tab=deployments";
const ENTITY = /^[a-z][a-z0-9]*:[a-z0-9-]+\/[^\s/:]+$/;

function pageOf(ref: string): string {
  return `/entities/${ref.split(/[:/]/).map(encodeURIComponent).join("/")}?tab=standards`;
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
}

function aboutFirst(ref: string | undefined): Pick<Told, "about"> {
  return ref === undefined ? {} : { about: { ref } };
}
