import { cdEventReceived } from "@roadbed/contracts/delivery/cdevents";
import { changeMerged } from "@roadbed/contracts/delivery/changes";
import { promotionFinished } from "@roadbed/contracts/delivery/promotions";
import { deploymentFinished, deploymentRequested } from "@roadbed/contracts/delivery";
import { sampleRemoved } from "@roadbed/contracts/catalog";
import { recordsTold, type DeliveryRecord } from "@roadbed/contracts/product";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import type { Ctx, DomainEvent, Subscription } from "@roadbed/core";

import type { Deliveries, ProductDeps, ToldEvent } from "../deps.ts";
import { forgetSample, saveRecord } from "./record-store.ts";

const OWN = "roadbed";
const RESULTS: Readonly<Record<string, "success" | "failure" | "rolled-back">> = {
  healthy: "success",
  failed: "failure",
  "rolled-back": "rolled-back",
};

/** Hears what is delivered and what goes wrong, here and elsewhere. Hearing it twice, or in another order, gives the same records. */
export function makeHearDeliveries({ deliveries }: Pick<ProductDeps, "deliveries">): readonly Subscription[] {
  return [
    {
      name: "product.hear-deliveries",
      events: [
        deploymentRequested,
        deploymentFinished,
        promotionFinished,
        changeMerged,
        cdEventReceived,
        incidentOpened,
        incidentClosed,
      ].map(({ name }) => name),
      async receive(ctx, event) {
        const told = await recordOf(deliveries, ctx, event);
        if (told === undefined) return;
        const outcome = await saveRecord(ctx, told.record, { source: told.source, sample: told.sample === true });
        const [made, changed] = [outcome === "made" ? 1 : 0, outcome === "changed" ? 1 : 0];
        if (made + changed > 0) ctx.emit(recordsTold, told.source, { source: told.source, made, changed });
      },
    },
    {
      name: "product.forget-sample",
      events: [sampleRemoved.name],
      receive: (ctx) => forgetSample(ctx.sql),
    },
  ];
}

interface Heard {
  readonly source: string;
  readonly record: DeliveryRecord;
  readonly sample?: boolean | undefined;
}

async function recordOf(deliveries: Deliveries, ctx: Ctx, event: DomainEvent): Promise<Heard | undefined> {
  const at = event.time.toISOString();
  switch (event.name) {
    case deploymentRequested.name: {
      const { deploymentId: key, entityRef, environment } = deploymentRequested.payload.parse(event.payload);
      return { source: OWN, record: { kind: "deployment", key, entityRef, environment, startedAt: at } };
    }
    case deploymentFinished.name: {
      const { deploymentId: key, entityRef, environment, status, commit } = deploymentFinished.payload.parse(event.payload);
      const result = RESULTS[status];
      // One that a newer one overtook came to nobody and did not fail.
      if (result === undefined) return undefined;
      return {
        source: OWN,
        record: { kind: "deployment", key, entityRef, environment, finishedAt: at, result, ...(commit === "" ? {} : { commit }) },
      };
    }
    case promotionFinished.name: {
      const { promotionId, entityRef, environment } = promotionFinished.payload.parse(event.payload);
      const promotion = await deliveries.promotion(ctx, promotionId);
      if (promotion?.deploymentId === undefined) return undefined;
      const { deploymentId: key, rollback, hotfix } = promotion;
      return { source: OWN, record: { kind: "deployment", key, entityRef, environment, rollback, rework: rollback || hotfix } };
    }
    case changeMerged.name: {
      const { changeId: key, commit } = changeMerged.payload.parse(event.payload);
      const change = await deliveries.change(ctx, key);
      if (change?.entityRef === undefined) return undefined;
      const { entityRef, openedAt, firstCommitAt, bot } = change;
      return {
        source: OWN,
        record: {
          kind: "change",
          key,
          entityRef,
          openedAt,
          mergedAt: at,
          bot,
          commit,
          ...(firstCommitAt === undefined ? {} : { firstCommitAt }),
        },
      };
    }
    case incidentOpened.name: {
      const { incidentId: key, entityRef, title, openedAt, sample } = incidentOpened.payload.parse(event.payload);
      return {
        source: OWN,
        sample,
        record: {
          kind: "incident",
          key,
          openedAt: openedAt ?? at,
          ...(entityRef === undefined ? {} : { entityRef }),
          ...(title === undefined ? {} : { title }),
        },
      };
    }
    case incidentClosed.name: {
      const { incidentId: key, entityRef, closedAt } = incidentClosed.payload.parse(event.payload);
      return {
        source: OWN,
        record: { kind: "incident", key, resolvedAt: closedAt ?? at, ...(entityRef === undefined ? {} : { entityRef }) },
      };
    }
    default: {
      const told = await deliveries.cdEvent(ctx, event.subject);
      const record = told && ofCdEvent(told);
      return record && { source: `cdevents ${told.source}`.slice(0, 100), record };
    }
  }
}

/** What of CDEvents' words is a delivery; all others mean nothing here, and are kept where they came in. */
function ofCdEvent(told: ToldEvent): DeliveryRecord | undefined {
  const [, , subject, predicate] = told.type.split(".");
  const { entityRef, environment, at } = told;
  if (subject === "incident") {
    const about = entityRef === undefined ? {} : { entityRef };
    return { kind: "incident", key: told.subject, ...about, ...(predicate === "resolved" ? { resolvedAt: at } : { openedAt: at }) };
  }
  if (subject !== "service" || entityRef === undefined || environment === undefined) return undefined;
  if (predicate !== "deployed" && predicate !== "upgraded" && predicate !== "rolledback") return undefined;
  const rollback = predicate === "rolledback";
  const commit = /@(?:sha256%3A|sha256:)?([\w.-]{7,80})$/.exec(told.artefact ?? "")?.[1];
  return {
    kind: "deployment",
    key: told.eventId,
    entityRef,
    environment,
    finishedAt: at,
    result: "success",
    ...(rollback ? { rollback, rework: true } : {}),
    ...(commit === undefined ? {} : { commit }),
  };
}
