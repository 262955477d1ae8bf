import type { Ctx } from "@roadbed/core";

import type { MonthlyItem } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";
import { ask, blocked, passed, unknown, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

type Budget = NonNullable<EnvironmentRecord["budget"]>;
const MOST_SHOWN = 12;

/** What would run there costs no more in a month than the environment may. */
export function budgetGate(deps: GateDeps, { release, environment }: Subject, budget: Budget): GateRule {
  return {
    name: "budget",
    title: "Cost budget",
    async evaluate() {
      const { costs } = deps;
      if (costs === undefined) return unknown("There is nothing here that knows what things cost.");
      const manifest = release.config[MANIFEST_FILE];
      const own: MonthlyItem = {
        label: `this release, ${release.number}`,
        ...costOf(manifest === undefined ? undefined : parseManifest(manifest)),
      };
      const rest = await ask(deps, async (ctx) => [
        ...(await othersIn(ctx, environment.name, release.entity_ref)),
        ...(await costs.in(ctx, environment.name)),
      ]);
      return judgeBudget([own, ...rest], budget);
    },
  };
}

/** Exactly, and only in the budget's currency: what is in another one is not known here. */
export function judgeBudget(items: readonly MonthlyItem[], { amount, currency, blockUnknown }: Budget): Found {
  const known = items.filter((item) => item.amount !== undefined && (item.currency === currency || cents(item.amount) === 0n));
  const open = items.filter((item) => !known.includes(item));
  const total = known.reduce((sum, item) => sum + cents(item.amount!), 0n);
  const dearest = known.toSorted((a, b) => (cents(b.amount!) > cents(a.amount!) ? 1 : -1));
  const evidence = [
    { label: "Budget", value: `${amount} ${currency} a month` },
    { label: "Known", value: `${text(total)} ${currency} a month` },
    ...[...open, ...dearest].slice(0, MOST_SHOWN).map(({ label, link, amount: one, currency: of }) => ({
      label,
      value:
        one === undefined ? "unknown" : `${one} ${of ?? currency}${of !== currency && cents(one) !== 0n ? ", which is not converted" : ""}`,
      ...(link === undefined ? {} : { link }),
    })),
    ...(items.length > MOST_SHOWN ? [{ label: "More", value: `${items.length - MOST_SHOWN} others` }] : []),
  ];
  const hint =
    open.length === 0
      ? ""
      : ` What ${open.length === 1 ? open[0]!.label : `${open.length} of them`} would cost is not known, and comes on top.`;
  const left = cents(amount) - total;
  if (left < 0n)
    return blocked(`It would cost ${text(total)} ${currency} a month, ${text(-left)} more than the budget of ${amount}.${hint}`, evidence);
  if (open.length > 0 && blockUnknown) {
    return blocked(
      `What ${open
        .map(({ label }) => label)
        .slice(0, 3)
        .join(
          ", ",
        )}${open.length > 3 ? " and more" : ""} would cost is not known, and this environment takes nothing of unknown cost. Say it in roadbed.yaml: cost: { monthly: "12.50", currency: ${currency} }.`,
      evidence,
    );
  }
  return passed(`It would cost ${text(total)} of ${amount} ${currency} a month.${hint}`, evidence);
}

/** What else runs there, by what its own roadbed.yaml says. */
async function othersIn({ sql }: Ctx, environment: string, except: string): Promise<MonthlyItem[]> {
  const { rows } = await sql.query<{ entity_ref: string; manifest: Manifest | null }>(
    `select entity_ref, manifest from delivery.workload where environment = $1 and entity_ref <> $2 and desired = 'running' order by entity_ref`,
    [environment, except],
  );
  return rows.map(({ entity_ref, manifest }) => ({ label: entity_ref, ...costOf(manifest ?? undefined) }));
}

function costOf(manifest: Manifest | undefined): Pick<MonthlyItem, "amount" | "currency"> {
  return manifest?.cost === undefined ? {} : { amount: manifest.cost.monthly, currency: manifest.cost.currency };
}

/** In millionths: money is never a float. */
function cents(amount: string): bigint {
  const [whole = "0", part = ""] = amount.split(".");
  return BigInt(whole) * 1_000_000n + BigInt(part.padEnd(6, "0").slice(0, 6));
}

function text(millionths: bigint): string {
  const [whole, part] = [millionths / 1_000_000n, String(millionths % 1_000_000n).padStart(6, "0")];
  return `${whole}.${part.replace(/0{1,4}$/, "")}`;
}
