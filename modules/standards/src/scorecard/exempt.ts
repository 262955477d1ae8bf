import type { Policy } from "@roadbed/contracts/standards";
import type { Sql } from "@roadbed/core";

import { selectInForce } from "../waiver/waiver-store.ts";
import { readScorecard } from "./definition-store.ts";
import type { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import type { Exempt } from "./evaluate.ts";
import { POLICY_SCORECARD, ruleIdOf } from "./policy-rules.ts";

/** The rule that a waiver exempts from: the one that it names as `scorecard/rule`, or the one that is made of the policy that it names. */
export function ruleOfWaiver(policy: string): string {
  return policy.includes("/") ? policy : `${POLICY_SCORECARD}/${ruleIdOf(policy)}`;
}

/** What waivers say of rules: a waiver of a rule or of its policy is for an entity, for all that a team owns, or for a namespace. */
export async function readExempt(
  sql: Sql,
  subjects: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  now: Date,
): Promise<ReadonlyMap<string, Exempt>> {
  const waivers = await selectInForce(sql, now);
  if (waivers.length === 0) return new Map();
  return new Map(
    [...subjects].flatMap(([ref, subject]) => {
      const owner = (subject["owner"] as { readonly ref?: string } | undefined)?.ref;
      const namespace = ref.slice(ref.indexOf(":") + 1, ref.indexOf("/"));
      const own = waivers.filter(
        (one) => one.entity === ref || (one.team !== undefined && one.team === owner) || one.namespace === namespace,
      );
      return own.length === 0 ? [] : [[ref, new Set(own.map(({ policy }) => ruleOfWaiver(policy)))] as const];
    }),
  );
}

/** A rule as waivers know policies; undefined where `name` is not that of a rule. */
export async function findWaivable(sql: Sql, name: string): Promise<Pick<Policy, "name" | "pack" | "severity" | "title"> | undefined> {
  const [scorecard = "", id = ""] = name.split("/");
  const stored = id === "" ? undefined : await readScorecard(sql, scorecard);
  const document = stored?.document as ScorecardDocument | undefined;
  const rule = document?.spec.rules.find((one) => one.id === id);
  return rule && { name, pack: scorecard, severity: "warn", title: rule.title };
}
