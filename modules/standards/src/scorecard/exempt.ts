import type { Policy } from "@roadbed/contracts/standards";
import type { Sql } from "@roadbed/core";

import { selectInForce } from "../waiver/waiver-store.ts";
import { readScorecard } from "./definition-store.ts";
import type { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import type { Exempt } from "./evaluate.ts";

/** What waivers say of rules: a waiver of `scorecard/rule` is for an entity, for all that a team owns, or for a namespace. */
export async function readExempt(
  sql: Sql,
  subjects: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  now: Date,
): Promise<ReadonlyMap<string, Exempt>> {
  const waivers = (await selectInForce(sql, now)).filter(({ policy }) => policy.includes("/"));
  if (waivers.length === 0) return new Map();
  return new Map(
    [...subjects].flatMap(([ref, subject]) => {
      const owner = (subject["owner"] as { readonly ref?: string } | undefined)?.ref;
      const namespace = ref.slice(ref.indexOf(":") + 1, ref.indexOf("/"));
      const own = waivers.filter(
        (one) => one.entity === ref || (one.team !== undefined && one.team === owner) || one.namespace === namespace,
      );
      return own.length === 0 ? [] : [[ref, new Set(own.map(({ policy }) => policy))] as const];
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
