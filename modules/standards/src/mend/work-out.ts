import { ConflictError, NotFoundError, type Ctx } from "@roadbed/core";

import type { HostRepository } from "../host/git-host.ts";
import { findHome, type HostPorts } from "../host/hosts.ts";
import type { Rule } from "../scorecard/definition.ts";
import type { ScorecardParts } from "../scorecard/parts.ts";
import { applyPatch, valuesOf, type PatchedFile } from "./patch.ts";

/** What a mend makes of a repository, on top of which commit. */
export interface WorkedOut {
  readonly repository: HostRepository;
  readonly target: string;
  readonly base: string;
  readonly branch: string;
  readonly title: string;
  readonly files: readonly PatchedFile[];
}

export interface WorkOutDeps extends Pick<ScorecardParts, "board" | "things"> {
  readonly hosts: HostPorts;
}

/** Works out the change that mends a rule for a thing, as everything is now. Throws `DomainError`s that say why there is none. */
export async function workOut(
  { board: readBoard, things, hosts }: WorkOutDeps,
  ctx: Ctx,
  o: { readonly ref: string; readonly scorecard: string; readonly rule: string; readonly values: Readonly<Record<string, string>> },
): Promise<WorkedOut> {
  const definition = (await readBoard(ctx.sql)).definition(o.scorecard);
  const rule = ruleOf(definition.rules, o.rule);
  const { patch } = rule;
  if (!patch) throw new ConflictError(`The rule "${rule.title}" has no mend that could be made as a change.`, { mend: rule.mend });
  const values = valuesOf(patch, o.values);
  const subject = (await things.read([o.ref], {})).get(o.ref);
  if (!subject) throw new NotFoundError("entity", o.ref, "List the entities to see what there is.");
  const home = await findHome(hosts, ctx, o.ref);
  if ("because" in home) throw new ConflictError(`There is no repository to change: ${home.because}.`, { mend: rule.mend });
  const { repository, dir, descriptor } = home;
  const { branch: target, commit: base } = await repository.head();
  const owner = subject["owner"] as { readonly name?: string } | undefined;
  const names = {
    entity: subject["entity"],
    owner,
    values,
    repository: { system: repository.system, owner: repository.owner, name: repository.name },
    // As CODEOWNERS of the host name a team.
    ...(owner?.name === undefined
      ? {}
      : { reviewers: repository.system === "github" ? `@${repository.owner}/${owner.name}` : `@${owner.name}` }),
  };
  const files = await applyPatch(patch, names, { dir, descriptor, system: repository.system, read: (path) => repository.read(base, path) });
  const name = o.ref.slice(o.ref.lastIndexOf("/") + 1);
  // Several things may stand in one repository.
  return { repository, target, base, branch: `roadbed/mend-${o.rule}-${name}`.slice(0, 200), title: patch.title, files };
}

export function ruleOf(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((one) => one.id === id);
  if (!rule) throw new NotFoundError("rule", id, `Rules are ${rules.map((one) => one.id).join(", ")}.`);
  return rule;
}
