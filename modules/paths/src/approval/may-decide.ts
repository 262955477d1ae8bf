import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { ForbiddenError, type Actor, type Ctx } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import type { ApprovalOfRun, MayDecide, VoteRow } from "./approval-store.ts";
import { approversOf, asPlatform } from "./approvers.ts";
import { saidOf } from "./ask-approvals.ts";

export type DecideDeps = Pick<PathsDeps, "catalog" | "people">;

/**
 * In which role a caller may decide: the reference that makes them an approver as the catalogue stands now, or `administrator`. Throws
 * `ForbiddenError` for everybody else: who asked for the run, by whichever token or agent; whoever is no person; who left or lost the role.
 */
export async function requireApprover(deps: DecideDeps, ctx: Ctx, approval: ApprovalOfRun): Promise<string> {
  const asked = { actor: approval.actor_detail.actor, userRef: approval.user_ref };
  return requireOneOf(deps, ctx, asked, () => approversNow(deps, ctx, approval), "paths:admin");
}

/** The rule itself, whatever is approved: here runs, by a port also promotions. */
export async function requireOneOf(
  deps: DecideDeps,
  ctx: Ctx,
  asked: { readonly actor: Actor; readonly userRef?: string | undefined },
  approversOfIt: () => Promise<readonly string[]>,
  adminScope: string,
): Promise<string> {
  const { actor } = ctx;
  if (actor.kind !== "user") {
    throw new ForbiddenError("Only a person approves: no agent, no service.", { mend: "Sign in, or use a personal token." });
  }
  const person = await deps.people?.describe(ctx);
  if ((await isRequester(deps, ctx, asked.actor)) || (person?.entityRef !== undefined && person.entityRef === asked.userRef)) {
    throw new ForbiddenError("Nobody approves what they asked for, nor what their agents and tokens asked for.", {
      mend: "Ask somebody else of those who may approve.",
    });
  }
  if (person?.entityRef !== undefined && (await hasLeft(deps, ctx, person.entityRef))) {
    throw new ForbiddenError("Who has left approves nothing.", { mend: "Ask somebody else of those who may approve." });
  }
  const approvers = await approversOfIt();
  const own = (await deps.people?.identitiesOf?.(ctx)) ?? new Set<string>();
  const role = approvers.find((ref) => own.has(ref));
  if (role !== undefined) return role;
  if (ctx.scopes.has("*") || ctx.scopes.has(adminScope)) return "administrator";
  throw new ForbiddenError(`Only ${saidOf(approvers)} may decide this.`, { mend: "Ask one of them." });
}

/** The same as an answer, for pages. */
export async function mayDecide(deps: DecideDeps, ctx: Ctx, approval: ApprovalOfRun): Promise<MayDecide> {
  if (approval.state !== "waiting" || approval.expires_at <= ctx.now()) return { mayDecide: false, whyNot: "It is decided." };
  try {
    await requireApprover(deps, ctx, approval);
    return { mayDecide: true };
  } catch (error) {
    if (error instanceof ForbiddenError) return { mayDecide: false, whyNot: error.message };
    throw error;
  }
}

/** References of who may approve now, whoever could when it was asked for. */
export async function approversNow(deps: DecideDeps, ctx: Ctx, approval: ApprovalOfRun): Promise<string[]> {
  const about = { entityRef: approval.entity_ref ?? undefined, ownerRef: approval.owner_ref ?? undefined };
  const owner = approval.path_owner === null ? undefined : formatRef(parseRef(approval.path_owner, { kind: "group" }));
  return (await approversOf(deps, ctx, approval.by_words, about, owner)).map(({ ref }) => ref);
}

/** Those of the votes for it that still count: who lost the role since does not. */
export async function countingVotes(deps: DecideDeps, ctx: Ctx, approval: ApprovalOfRun, votes: readonly VoteRow[]): Promise<VoteRow[]> {
  const approvers = await approversNow(deps, ctx, approval);
  const counting: VoteRow[] = [];
  for (const vote of votes.filter(({ verdict }) => verdict === "granted"))
    if (await stillOneOf(deps, ctx, vote, approvers)) counting.push(vote);
  return counting;
}

/** Whether what somebody said still counts, as the catalogue stands now. */
export async function stillOneOf(
  deps: DecideDeps,
  ctx: Ctx,
  { account, name, role }: { readonly account: string; readonly name: string; readonly role: string },
  approvers: readonly string[],
): Promise<boolean> {
  if (role === "administrator") return true;
  const actor = { kind: "user", id: account, name } as const;
  const own = (await deps.people?.identitiesOf?.({ actor, sql: ctx.sql })) ?? new Set<string>();
  if (!approvers.some((ref) => own.has(ref))) return false;
  const left = await Promise.all([...own].filter((ref) => ref.startsWith("user:")).map((ref) => hasLeft(deps, ctx, ref)));
  return !left.includes(true);
}

async function isRequester({ people }: DecideDeps, ctx: Ctx, actor: Actor): Promise<boolean> {
  if (ctx.actor.kind !== "user") return false;
  const behind =
    actor.kind === "user"
      ? actor.id
      : actor.kind === "agent" && actor.onBehalfOf !== undefined
        ? actor.onBehalfOf
        : await people?.behind?.(ctx, actor);
  return behind === ctx.actor.id;
}

async function hasLeft({ catalog }: DecideDeps, ctx: Ctx, ref: string): Promise<boolean> {
  const entity = await catalog.get(asPlatform(ctx), ref);
  return entity === undefined || entity.metadata.annotations?.["roadbed.dev/active"] === "false";
}
