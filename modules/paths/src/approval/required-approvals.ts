import type { Preview, RequiredApproval } from "@roadbed/contracts/paths";
import { DomainError, formatActor, type Ctx } from "@roadbed/core";
import { createHash } from "node:crypto";

import type { PathsDeps } from "../deps.ts";
import type { RunUser } from "../run/user.ts";
import { hideSecrets } from "../template/form.ts";
import type { ApprovalRule } from "../template/golden-path.ts";
import type { Path } from "../template/template.ts";
import { learnedRuleFor } from "./learned-rules.ts";
import { aboutOf, approversOf, asPlatform, type About } from "./approvers.ts";

export type RequiredDeps = Pick<PathsDeps, "catalog" | "conditions" | "people">;

/** An approval that a run needs, with the rule of its path. */
export interface Needed {
  readonly rule: ApprovalRule;
  readonly about: About;
  readonly required: RequiredApproval;
}

/** What of a preview its approvals' conditions can see. */
type Shown = Pick<Preview, "verdict" | "findings" | "files" | "resources"> & { readonly monthlyCost?: Preview["monthlyCost"] };

/** Which approvals a run of these answers needs, and of whom. Conditions see no secret. */
export async function requiredApprovals(
  deps: RequiredDeps,
  ctx: Ctx,
  { path, values, user, preview }: { path: Path; values: Record<string, unknown>; user: RunUser; preview: Shown },
): Promise<readonly Needed[]> {
  const rules = path.promises.approvals ?? [];
  if (rules.length === 0) return [];
  const about = aboutOf(path, values);
  const variables = await variablesOf(deps, ctx, { path, values, user, preview, about });
  const needed: Needed[] = [];
  for (const rule of rules) {
    const because = await reasonFor(deps, rule, variables);
    if (because === undefined) continue;
    const approvers = await approversOf(deps, ctx, rule.by, about, path.owner);
    const { name, count, expiresAfterMs } = rule;
    const automatic = await learnedRuleFor(ctx.sql, path.ref, rule, approvers);
    needed.push({
      rule,
      about,
      required: {
        rule: name,
        because,
        approvers: [...approvers],
        count,
        expiresAfterHours: expiresAfterMs / 3_600_000,
        ...(automatic === undefined ? {} : { automatic }),
      },
    });
  }
  return needed;
}

/** Of everything that a preview shows would happen: what is approved is this, and nothing else is done. */
export function planDigest({ digest, steps, resources }: Pick<Preview, "digest" | "steps" | "resources">): string {
  const lines = [digest, steps.map(({ id, effect, skipped }) => [id, effect, skipped]), resources];
  return createHash("sha256").update(JSON.stringify(lines)).digest("hex");
}

/** Why a rule asks for its approval; undefined when it does not. One that cannot be asked asks: nobody slips through an error. */
async function reasonFor(
  { conditions }: RequiredDeps,
  rule: ApprovalRule,
  variables: Record<string, unknown>,
): Promise<string | undefined> {
  const { when, because } = rule;
  if (when === undefined) return because ?? "The path asks for it whatever the answers.";
  if (conditions?.evaluate === undefined) return `Whether it is needed cannot be told here: ${when}`;
  try {
    const answer = await conditions.evaluate(when, variables);
    if (answer === false) return undefined;
    return answer === true ? (because ?? `It holds that ${when}`) : `Its condition gives neither yes nor no: ${when}`;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return `Whether it is needed cannot be told (${error.message}): ${when}`;
  }
}

async function variablesOf(
  deps: RequiredDeps,
  ctx: Ctx,
  o: { path: Path; values: Record<string, unknown>; user: RunUser; preview: Shown; about: About },
): Promise<Record<string, unknown>> {
  const { path, values, user, preview, about } = o;
  const parameters = hideSecrets(path, values).shown;
  const groups = [...((await deps.people?.identitiesOf?.(ctx)) ?? [])].filter((ref) => ref.startsWith("group:")).sort();
  const environment = parameters["environment"];
  return {
    parameters,
    actor: { id: formatActor(ctx.actor), kind: ctx.actor.kind, ref: user.ref, groups },
    environment: typeof environment === "string" ? environment : "",
    entity: (about.entityRef === undefined ? undefined : await deps.catalog.get(asPlatform(ctx), about.entityRef)) ?? {},
    preview: {
      verdict: preview.verdict,
      findings: preview.findings.map(({ policy, severity, result }) => ({ policy, severity, result })),
      files: preview.files.length,
      resources: preview.resources.map(({ kind, name }) => ({ kind, name })),
      monthlyCost:
        preview.monthlyCost === undefined ? {} : { amount: Number(preview.monthlyCost.amount), currency: preview.monthlyCost.currency },
    },
  };
}
