import type { ErrorBudgetRule } from "@roadbed/contracts/delivery/environments";

import type { ObjectiveStanding } from "../deps.ts";
import { ask, blocked, passed, unknown, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** Objectives are counted each minute: what is older than this, nobody knows to be so. */
const FRESH_MS = 10 * 60_000;

/** What a component promised leaves room for a release that may go wrong. Hotfixes and rollbacks are how a budget is saved, so they pass. */
export function errorBudgetGate(
  deps: GateDeps,
  { promotion, release, environment, now }: Pick<Subject, "promotion" | "release" | "environment" | "now">,
  rule: ErrorBudgetRule,
): GateRule {
  return {
    name: "error-budget",
    title: "Error budget left",
    async evaluate() {
      const { objectives } = deps;
      if (promotion.kind === "rollback") return passed("It goes back, which an error budget never stops.");
      if (promotion.hotfix) return passed("It is a hotfix, which passes a budget that is spent.");
      if (objectives === undefined) return unknown("Nobody here knows of objectives.");
      const found = await ask(deps, (ctx) => objectives(ctx, { entityRef: release.entity_ref, environment: environment.name }));
      return judge(found, rule, environment.name, now);
    },
  };
}

/** Pure: what the objectives of a component let happen. */
export function judge(
  found: readonly ObjectiveStanding[],
  { leastPercent, required }: ErrorBudgetRule,
  environment: string,
  now: Date,
): Found {
  if (found.length === 0) {
    return required
      ? blocked(`${environment} takes only components with an objective, and this one has none: roadbed slo apply.`)
      : passed("It has no objective, so there is no budget to look at.");
  }
  const evidence = found.map((one) => ({
    label: one.title,
    value: one.remaining === undefined ? one.why : `${percent(one.remaining)} left; ${one.why}`,
    link: `/slos/${one.name}`,
  }));
  // What is known to be spent stops it, whatever else is not known.
  const spent = found.filter((one) => isKnown(one, now) && (one.remaining ?? 0) * 100 < leastPercent);
  if (spent.length > 0) {
    const said = spent.map(({ title, remaining = 0 }) => `${title} has ${percent(remaining)} left`).join("; ");
    return blocked(`${said}; ${environment} asks for ${leastPercent} %. A hotfix may pass.`, evidence);
  }
  const dark = found.filter((one) => !isKnown(one, now));
  if (dark.length > 0) {
    const said = dark.map((one) => `${one.title}: ${whyUnknown(one, now)}`).join(" ");
    return unknown(`It cannot be evaluated, and lets nothing through until it can. ${said}`, evidence);
  }
  return passed(`Every objective has ${leastPercent} % or more of its budget left.`, evidence);
}

function isKnown({ remaining, countedAt, uncounted }: ObjectiveStanding, now: Date): boolean {
  return remaining !== undefined && uncounted === 0 && isFresh(countedAt, now);
}

function whyUnknown({ remaining, countedAt, uncounted, why }: ObjectiveStanding, now: Date): string {
  if (remaining === undefined) return why;
  if (!isFresh(countedAt, now)) return `it was counted last ${countedAt === undefined ? "never" : `at ${countedAt.toISOString()}`}.`;
  return `its past is still being counted (${uncounted} pieces of ten minutes).`;
}

function isFresh(at: Date | undefined, now: Date): boolean {
  return at !== undefined && Math.abs(now.getTime() - at.getTime()) <= FRESH_MS;
}

function percent(share: number): string {
  return `${Math.floor(share * 1_000) / 10} %`;
}
