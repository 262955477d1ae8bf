import type { PromotionApproval, PromotionVote } from "@roadbed/contracts/delivery/promotions";
import { ForbiddenError, type Ctx } from "@roadbed/core";
import type { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { PromotionRow } from "./promotion-store.ts";

type Approval = z.infer<typeof PromotionApproval>;
type Vote = z.infer<typeof PromotionVote>;
type Deps = Pick<DeliveryDeps, "approvers">;

interface VoteRow extends Record<string, unknown> {
  readonly account: string;
  readonly actor: string;
  readonly name: string;
  readonly verdict: "granted" | "refused";
  readonly role: string;
  readonly reason: string | null;
  readonly at: Date;
}

/** What somebody said so long ago does not count any more: the world that they looked at is another one. */
export const APPROVAL_LASTS_MS = 72 * 3_600_000;

/** What an environment asks for, of whom as the graph stands now, and what was said. */
export async function approvalsOf(
  deps: Deps,
  ctx: Ctx,
  environment: Pick<EnvironmentRecord, "approvals" | "owner">,
  promotion: Pick<PromotionRow, "id" | "entity_ref">,
): Promise<{ readonly approvals: Approval[]; readonly votes: Vote[] }> {
  const { rows } = await ctx.sql.query<VoteRow>("select * from delivery.promotion_vote where promotion_id = $1 order by at, account", [
    promotion.id,
  ]);
  const asked = await Promise.all(
    environment.approvals.map(async (required) => ({
      required,
      approvers: await approversFor(deps, ctx, environment, promotion.entity_ref, required),
    })),
  );
  const counting = new Map<string, boolean[]>();
  for (const vote of rows) {
    const fresh = ctx.now().getTime() - vote.at.getTime() < APPROVAL_LASTS_MS;
    const counts = await Promise.all(
      asked.map(
        async ({ approvers }) =>
          fresh &&
          ((await deps.approvers?.counts(
            ctx,
            vote,
            approvers.map(({ ref }) => ref),
          )) ??
            false),
      ),
    );
    counting.set(vote.account, counts);
  }
  return {
    approvals: asked.map(({ required, approvers }, n) => ({
      ...required,
      approvers: [...approvers],
      granted: rows.filter(({ account, verdict }) => verdict === "granted" && counting.get(account)?.[n] === true).length,
    })),
    votes: rows.map((vote) => ({
      by: vote.actor,
      name: vote.name,
      verdict: vote.verdict,
      as: vote.role,
      at: vote.at.toISOString(),
      ...(vote.reason === null ? {} : { reason: vote.reason }),
      counts: counting.get(vote.account)?.some(Boolean) ?? false,
    })),
  };
}

/** References of everybody who is asked. */
export async function approversOfAll(
  deps: Deps,
  ctx: Ctx,
  environment: Pick<EnvironmentRecord, "approvals" | "owner">,
  entityRef: string,
): Promise<string[]> {
  const all = await Promise.all(environment.approvals.map((required) => approversFor(deps, ctx, environment, entityRef, required)));
  return [...new Set(all.flat().map(({ ref }) => ref))];
}

/** In which role the caller may decide. Throws `ForbiddenError` for everybody else. */
export async function requireApprover(deps: Deps, ctx: Ctx, environment: EnvironmentRecord, promotion: PromotionRow): Promise<string> {
  if (deps.approvers === undefined) throw new ForbiddenError("Who may approve is not known here.");
  return deps.approvers.require(ctx, promotion.requester, await approversOfAll(deps, ctx, environment, promotion.entity_ref));
}

async function approversFor(
  deps: Deps,
  ctx: Ctx,
  { owner }: Pick<EnvironmentRecord, "owner">,
  entityRef: string,
  { by, names = [] }: EnvironmentRecord["approvals"][number],
): Promise<readonly Approval["approvers"][number][]> {
  if (deps.approvers === undefined) return [];
  // The platform's word is that of whoever answers for the environment.
  return deps.approvers.of(ctx, by === "named" ? names : [by], { entityRef, platform: owner });
}
