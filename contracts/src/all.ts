import type { Operation } from "@roadbed/core";

import { operations as catalog } from "./catalog.ts";
import { operations as connections } from "./catalog/connections.ts";
import { operations as docs } from "./catalog/docs.ts";
import { operations as facts } from "./catalog/facts.ts";
import { operations as graph } from "./catalog/graph.ts";
import { operations as imports } from "./catalog/imports.ts";
import { operations as kinds } from "./catalog/kinds.ts";
import { operations as ownership } from "./catalog/ownership.ts";
import { operations as proposals } from "./catalog/proposals.ts";
import { operations as query } from "./catalog/query.ts";
import { operations as time } from "./catalog/time.ts";
import { operations as visibility } from "./catalog/visibility.ts";
import { operations as cost } from "./cost.ts";
import { operations as delivery } from "./delivery.ts";
import { operations as archive } from "./delivery/archive.ts";
import { operations as attestations } from "./delivery/attestations.ts";
import { operations as calendar } from "./delivery/calendar.ts";
import { operations as cdevents } from "./delivery/cdevents.ts";
import { operations as changes } from "./delivery/changes.ts";
import { operations as configurations } from "./delivery/configurations.ts";
import { operations as credentials } from "./delivery/credentials.ts";
import { operations as workloadDrift } from "./delivery/drift.ts";
import { operations as environments } from "./delivery/environments.ts";
import { operations as evaluations } from "./delivery/evaluations.ts";
import { operations as executions } from "./delivery/executions.ts";
import { operations as fleet } from "./delivery/fleet.ts";
import { operations as gitops } from "./delivery/gitops.ts";
import { operations as mirror } from "./delivery/mirror.ts";
import { operations as pipelines } from "./delivery/pipelines.ts";
import { operations as releasePromotions } from "./delivery/promotions.ts";
import { operations as releases } from "./delivery/releases.ts";
import { operations as rollouts } from "./delivery/rollouts.ts";
import { operations as deliverySource } from "./delivery/source.ts";
import { operations as identity } from "./identity.ts";
import { operations as notify } from "./notify.ts";
import { operations as paths } from "./paths.ts";
import { operations as approvalRules } from "./paths/approval-rules.ts";
import { operations as approvals } from "./paths/approvals.ts";
import { operations as authoring } from "./paths/authoring.ts";
import { operations as pathConnections } from "./paths/connections.ts";
import { operations as deviations } from "./paths/deviations.ts";
import { operations as lifetimes } from "./paths/lifetimes.ts";
import { operations as undo } from "./paths/undo.ts";
import { operations as ledger } from "./paths/ledger.ts";
import { operations as resourceClasses } from "./paths/resource-classes.ts";
import { operations as resources } from "./paths/resources.ts";
import { operations as tagRules } from "./paths/tag-rules.ts";
import { operations as upgrades } from "./paths/upgrades.ts";
import { operations as productRecords } from "./product.ts";
import { operations as adoption } from "./product/adoption.ts";
import { operations as measures } from "./product/measures.ts";
import { operations as value } from "./product/value.ts";
import { operations as standards } from "./standards.ts";
import { operations as checks } from "./standards/checks.ts";
import { operations as files } from "./standards/files.ts";
import { operations as campaigns } from "./standards/campaigns.ts";
import { operations as policyAudit } from "./standards/audit.ts";
import { operations as plans } from "./standards/plans.ts";
import { operations as mends } from "./standards/mends.ts";
import { operations as promotions } from "./standards/promotions.ts";
import { operations as scorecards } from "./standards/scorecards.ts";
import { operations as scores } from "./standards/scores.ts";
import { operations as stages } from "./standards/stages.ts";
import { operations as waivers } from "./standards/waivers.ts";
import { operations as workbench } from "./standards/workbench.ts";
import { operations as policyWriting } from "./standards/writing.ts";
import { operations as telemetry } from "./telemetry.ts";
import { operations as telemetryAi } from "./telemetry/ai.ts";
import { operations as alertmanager } from "./telemetry/alertmanager.ts";
import { operations as promql } from "./telemetry/promql.ts";
import { operations as aiScores } from "./telemetry/scores.ts";
import { operations as senders } from "./telemetry/senders.ts";
import { operations as slos } from "./telemetry/slos.ts";

/** Everything the platform can do: each face is made from this one list. */
export const allOperations: readonly Operation[] = [
  ...identity,
  ...catalog,
  ...query,
  ...facts,
  ...kinds,
  ...time,
  ...proposals,
  ...connections,
  ...graph,
  ...visibility,
  ...docs,
  ...ownership,
  ...imports,
  ...standards,
  ...files,
  ...campaigns,
  ...plans,
  ...promotions,
  ...policyAudit,
  ...mends,
  ...checks,
  ...scorecards,
  ...scores,
  ...stages,
  ...waivers,
  ...workbench,
  ...policyWriting,
  ...paths,
  ...approvals,
  ...approvalRules,
  ...authoring,
  ...pathConnections,
  ...tagRules,
  ...ledger,
  ...lifetimes,
  ...undo,
  ...deviations,
  ...resources,
  ...resourceClasses,
  ...upgrades,
  ...delivery,
  ...configurations,
  ...credentials,
  ...workloadDrift,
  ...environments,
  ...calendar,
  ...evaluations,
  ...executions,
  ...rollouts,
  ...deliverySource,
  ...archive,
  ...cdevents,
  ...changes,
  ...pipelines,
  ...attestations,
  ...releases,
  ...releasePromotions,
  ...fleet,
  ...gitops,
  ...mirror,
  ...cost,
  ...productRecords,
  ...measures,
  ...adoption,
  ...value,
  ...telemetry,
  ...telemetryAi,
  ...senders,
  ...promql,
  ...aiScores,
  ...alertmanager,
  ...slos,
  ...notify,
];
