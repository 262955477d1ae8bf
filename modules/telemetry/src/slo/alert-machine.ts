/**
 * The alert of one objective, pure: what the pairs of windows say goes in, what fires and what is to be done comes out.
 *
 *   quiet ── both windows of a pair burn ──▶ firing ── another pair burns ──▶ firing (more)
 *     ▲                                        │
 *     └──────── both windows of every firing pair are under their threshold ───┘
 *
 * A pair goes on firing while one of its windows still burns, and while nobody can tell: no data is not well again. All pairs of an
 * objective share one incident, as heavy as the heaviest of them ever was. An incident that somebody closed by hand is not opened
 * again by what it was about; once everything was quiet, it is over and the next one is new.
 */
import type { BurnRule } from "@roadbed/contracts/telemetry/slos";

import type { Judged, Verdict } from "./alert-rules.ts";

type Severity = BurnRule["severity"];

/** As it is kept in the objective's row. */
export interface Alert {
  readonly firing: readonly { readonly rule: BurnRule["name"]; readonly since: string }[];
  readonly incident?: { readonly id: string; readonly severity: Severity } | undefined;
}

export const QUIET: Alert = { firing: [] };

export type AlertAct =
  | { readonly kind: "none" }
  | { readonly kind: "open"; readonly severity: Severity }
  | { readonly kind: "escalate"; readonly severity: Severity }
  | { readonly kind: "close" };

const WEIGHT: Readonly<Record<Severity, number>> = { low: 1, high: 2, critical: 3 };

/** What each verdict makes of a pair: whether it fires afterwards. */
const FIRES: Readonly<Record<Verdict, { readonly fired: boolean; readonly calm: boolean }>> = {
  burning: { fired: true, calm: true },
  between: { fired: true, calm: false },
  "few-events": { fired: true, calm: false },
  "no-data": { fired: true, calm: false },
  quiet: { fired: false, calm: false },
};

/** One look. The same look again does nothing. */
export function nextAlert(alert: Alert, judged: readonly Judged[], now: Date): { readonly alert: Alert; readonly act: AlertAct } {
  const before = new Map(alert.firing.map((one) => [one.rule, one]));
  const fires = judged.filter(({ name, verdict }) => FIRES[verdict][before.has(name) ? "fired" : "calm"]);
  const firing = fires.map(({ name }) => before.get(name) ?? { rule: name, since: now.toISOString() });
  const severity = fires.map((one) => one.severity).reduce<Severity>((most, one) => (WEIGHT[one] > WEIGHT[most] ? one : most), "low");
  if (firing.length === 0) return { alert: QUIET, act: alert.firing.length > 0 ? { kind: "close" } : { kind: "none" } };
  if (alert.firing.length === 0) return { alert: { firing }, act: { kind: "open", severity } };
  const next = { firing, incident: alert.incident };
  if (alert.incident !== undefined && WEIGHT[severity] > WEIGHT[alert.incident.severity]) {
    return { alert: { ...next, incident: { ...alert.incident, severity } }, act: { kind: "escalate", severity } };
  }
  return { alert: next, act: { kind: "none" } };
}

/** Whether the same pairs fire. */
export function isSameAlert(a: Alert, b: Alert): boolean {
  return a.firing.map(({ rule }) => rule).join() === b.firing.map(({ rule }) => rule).join();
}

/** What a verdict says of a pair, in a sentence. */
export function wordsOf({ verdict, long, short, threshold, longRate, shortRate }: Judged): string {
  const rates = `${rate(longRate)} over ${long}, ${rate(shortRate)} over ${short}; alerts at ${threshold}`;
  const said: Readonly<Record<Verdict, string>> = {
    burning: `Both windows burn: ${rates}.`,
    quiet: `Both windows are under it: ${rates}.`,
    between: `Only one of the windows burns: ${rates}.`,
    "few-events": `Both windows burn, on too few events to wake somebody: ${rates}.`,
    "no-data": `Nothing came in one of the windows, so nobody can tell: ${rates}.`,
  };
  return said[verdict];
}

function rate(value: number | undefined): string {
  return value === undefined ? "no data" : String(Math.round(value * 100) / 100);
}
