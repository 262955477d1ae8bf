import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { decidePolicy } from "@roadbed/contracts/standards/promotions";
import type { Decision, PolicyMoment, Resource } from "@roadbed/contracts/standards";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { Judgement } from "../policy/evaluate-policies.ts";
import { requireEntity, type Entities } from "../waiver/parts.ts";
import type { Act } from "./judge.ts";

/** A release that is to go to an environment. */
export interface PromotionAct {
  /** A full reference. */
  readonly entity: string;
  readonly point?: PolicyMoment;
  readonly from?: string | undefined;
  readonly to: string;
  readonly release?: Readonly<Record<string, unknown>>;
  /** The manifests as they would stand there. */
  readonly resources?: readonly Resource[];
  /** Packs and names of the policies that are asked; none: all. Throws `NotFoundError` for one that there is not. */
  readonly only?: readonly string[];
}

type Judged = Judgement & { readonly decisionId: string; readonly decision: Decision };
export type DecidePromotion = (ctx: Ctx, act: PromotionAct) => Promise<Judged>;

interface Parts {
  readonly judge: (ctx: Ctx, act: Act) => Promise<Judged>;
  readonly entities?: Entities | undefined;
}

/**
 * Policies see the promotion itself (`roadbed.dev/v1`, kind `Promotion`), the entity as the catalogue has it, and the manifests. Throws
 * `NotFoundError` for an entity that the caller may not see.
 */
export function makeDecidePromotion({ judge, entities }: Parts): DecidePromotion {
  return async (ctx, { entity, point = "promotion", from, to, release = {}, resources = [], only = [] }) => {
    const document = (await requireEntity(ctx, entities, entity)) as Readonly<Record<string, unknown>> | undefined;
    const { name } = parseRef(entity);
    const promotion: Resource = {
      object: {
        apiVersion: "roadbed.dev/v1",
        kind: "Promotion",
        metadata: { name },
        spec: { entity, from: from ?? "", to, release },
      },
    };
    const own: Resource[] = document === undefined ? [] : [{ object: { ...document }, operation: "UPDATE", oldObject: { ...document } }];
    const details = { ...(from === undefined ? {} : { from }), to };
    return judge(ctx, {
      moment: point,
      subject: `promote ${entity} to ${to}`,
      resources: [promotion, ...own, ...resources],
      entity,
      details,
      only,
    });
  };
}

export function makeDecidePolicy(decide: DecidePromotion): Handler {
  return handle(decidePolicy, async (ctx, { entity, ...act }) => {
    const { verdict, findings, evaluated, decisionId } = await decide(ctx, { ...act, entity: formatRef(parseRef(entity)) });
    return { verdict, findings: [...findings], evaluated, decisionId };
  });
}
