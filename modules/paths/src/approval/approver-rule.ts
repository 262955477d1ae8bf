import type { Actor, Ctx } from "@roadbed/core";

import { approversOf, type Approver } from "./approvers.ts";
import { requireOneOf, stillOneOf, type DecideDeps } from "./may-decide.ts";

/** Who may approve, for neighbours that have something else than runs to be approved: the same rule in one place. */
export interface ApproverRule {
  /** By these words (`owner`, `on-call`, `team-lead`, `platform`, or references), as the catalogue stands now. */
  of(
    ctx: Ctx,
    words: readonly string[],
    about: { readonly entityRef: string; readonly platform?: string | undefined },
  ): Promise<readonly Approver[]>;
  /** In which role the caller may decide. Throws `ForbiddenError` for everybody else, who asked for it among them. */
  require(ctx: Ctx, requester: Actor, approvers: readonly string[]): Promise<string>;
  /** Whether what somebody said still counts: who left or lost the role does not. */
  counts(
    ctx: Ctx,
    vote: { readonly account: string; readonly name: string; readonly role: string },
    approvers: readonly string[],
  ): Promise<boolean>;
}

/** `adminScope`: who has it may decide, too. */
export function makeApproverRule(deps: DecideDeps, adminScope: string): ApproverRule {
  return {
    of: (ctx, words, { entityRef, platform }) => approversOf(deps, ctx, words, { entityRef, ownerRef: undefined }, platform),
    require: (ctx, actor, approvers) => requireOneOf(deps, ctx, { actor }, async () => approvers, adminScope),
    counts: (ctx, vote, approvers) => stillOneOf(deps, ctx, vote, approvers),
  };
}
