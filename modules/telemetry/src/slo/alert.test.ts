import { describe, expect, test } from "vitest";

import { nextAlert, QUIET, type Alert, type AlertAct } from "./alert-machine.ts";
import { judgeRules, thresholdsOf } from "./alert-rules.ts";
import { BURN_WINDOWS, lastSettled, type BurnWindow, type Count } from "./figures.ts";

const MINUTE = 60_000;
const BEGIN = Date.parse("2026-03-10T00:00:00Z");
const OBJECTIVE = { target: 0.999, period: { kind: "rolling", days: 30 } as const, minimumEvents: 50 };

/** Minute by minute: what came in the minute that begins there, undefined where nothing did. */
type Series = (minute: number) => Count | undefined;
const steady = (failed: number, total = 1_000): Count => ({ good: total - failed, total });

/** Plays a series as the watch would see it: looks at each of these minutes, with all that has come by then. */
function play(series: Series, minutes: readonly number[], objective = OBJECTIVE) {
  let alert: Alert = QUIET;
  const acts: { minute: number; act: AlertAct }[] = [];
  const windowsAt = windowsOf(series);
  for (const minute of minutes) {
    const now = new Date(BEGIN + minute * MINUTE + 25_000);
    const judged = judgeRules(objective, windowsAt(now), now);
    const next = nextAlert(alert, judged, now);
    const opened = next.act.kind === "open" ? { id: `inc_${minute}`, severity: next.act.severity } : undefined;
    alert = opened === undefined ? next.alert : { ...next.alert, incident: opened };
    if (next.act.kind !== "none") acts.push({ minute, act: next.act });
  }
  return { acts, alert };
}

/** Sums up to each minute of these, so that a window is a difference; outside of them nothing ever came. */
const [FIRST, LAST] = [-6_000, 13_000];

function windowsOf(series: Series): (now: Date) => Record<BurnWindow, Count> {
  const [good, total] = [[0], [0]];
  for (let minute = FIRST; minute < LAST; minute += 1) {
    const found = series(minute);
    good.push(good.at(-1)! + (found?.good ?? 0));
    total.push(total.at(-1)! + (found?.total ?? 0));
  }
  const at = (minute: number): number => Math.min(LAST, Math.max(FIRST, minute)) - FIRST;
  return (now) => {
    const end = (lastSettled(now).getTime() - BEGIN) / MINUTE;
    const sum = (sums: readonly number[], minutes: number): number => sums[at(end)]! - sums[at(end - minutes)]!;
    return Object.fromEntries(
      BURN_WINDOWS.map(({ window, minutes }) => [window, { good: sum(good, minutes), total: sum(total, minutes) }]),
    ) as Record<BurnWindow, Count>;
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const kinds = (acts: readonly { act: AlertAct }[]) => acts.map(({ act }) => ("severity" in act ? `${act.kind} ${act.severity}` : act.kind));

describe("thresholds", () => {
  const of = (days: number, target = 0.999) =>
    thresholdsOf({ target, period: { kind: "rolling", days } }, new Date(BEGIN)).map(({ threshold }) => threshold);

  test("over 30 days are the standard ones; other windows lose the same share of their budget by then", () => {
    expect(of(30)).toEqual([14.4, 6, 3, 1]);
    expect(of(28)).toEqual([13.44, 5.6, 2.8, 1]);
    expect(of(7)).toEqual([3.36, 1.4, 1, 1]);
  });

  test("can be reached by complete failure, also where much may fail", () => {
    expect(of(30, 0.9)).toEqual([8, 6, 3, 1]);
    for (const threshold of of(30, 0.5)) expect(threshold).toBeLessThan(1 / (1 - 0.5));
  });
});

describe("an alert", () => {
  test("of a complete outage opens within minutes, once, and closes when both windows of each pair are under it", () => {
    const outage: Series = (minute) => (minute >= 600 && minute < 630 ? steady(1_000) : steady(0));
    const { acts, alert } = play(outage, range(560, 560 + 5_200));
    expect(kinds(acts)).toEqual(["open critical", "close"]);
    // An hour of which one minute failed burns at 16.7.
    expect(acts[0]!.minute - 600).toBeLessThanOrEqual(2);
    // 30 minutes of 3 days are 7 times the budget of that time: it is over when the outage has left the longest window.
    expect(acts[1]!.minute).toBeGreaterThan(600 + 4_320);
    expect(alert).toEqual(QUIET);
  });

  test("of a slow leak is a ticket, and wakes nobody", () => {
    const leak: Series = () => steady(4);
    expect(kinds(play(leak, range(4_400, 4_460)).acts)).toEqual(["open low"]);
  });

  test("becomes heavier in the same incident when it burns faster", () => {
    const worse: Series = (minute) => steady(minute < 5_000 ? 4 : minute < 5_060 ? 8 : 300);
    const { acts } = play(worse, range(4_400, 5_500));
    expect(kinds(acts)).toEqual(["open low", "escalate critical"]);
  });

  test("is not set off by a blip that is over, or by what is within the target", () => {
    const blip: Series = (minute) => steady(minute === 600 ? 30 : 0);
    expect(play(blip, range(590, 900)).acts).toEqual([]);
    expect(play(() => steady(0.5), range(4_400, 4_500)).acts).toEqual([]);
  });

  test("is not set off by few events, however many of them fail", () => {
    const quiet: Series = (minute) => (minute % 90 === 0 ? steady(1, 1) : undefined);
    expect(play(quiet, range(590, 900)).acts).toEqual([]);
  });

  test("neither opens nor closes in a gap: no data is not well again, and not ill", () => {
    const gap: Series = (minute) => (minute >= 610 ? undefined : minute >= 600 ? steady(1_000) : steady(0));
    const { acts, alert } = play(gap, range(560, 12_000));
    expect(kinds(acts)).toEqual(["open critical"]);
    expect(alert.firing.length).toBeGreaterThan(0);
    expect(play((minute) => (minute < 600 ? steady(0) : undefined), range(560, 12_000)).acts).toEqual([]);
  });

  test("survives a clock that jumps ahead and back", () => {
    const outage: Series = (minute) => (minute >= 600 && minute < 700 ? steady(1_000) : minute < 720 ? steady(0) : undefined);
    const ahead = [...range(560, 605), ...range(5_260_000, 5_260_010), ...range(605, 640)];
    const { acts, alert } = play(outage, ahead);
    expect(kinds(acts)).toEqual(["open critical"]);
    expect(alert.firing[0]!.rule).toBe("page-fast");
    const back = [...range(560, 605), ...range(-50_000, -49_990), ...range(605, 640)];
    expect(kinds(play((minute) => (minute < 0 ? undefined : outage(minute)), back).acts)).toEqual(["open critical"]);
  });

  test("hears of what came late", () => {
    let arrived = false;
    const late: Series = (minute) => (minute >= 600 && minute < 640 ? (arrived ? steady(1_000) : undefined) : steady(0));
    const first = play(late, range(560, 640));
    expect(first.acts).toEqual([]);
    arrived = true;
    expect(kinds(play(late, range(640, 642)).acts)).toEqual(["open critical"]);
  });

  test("of an incident that somebody closed stays quiet until all was quiet", () => {
    const now = new Date(BEGIN);
    const burning = judgeRules(OBJECTIVE, windowsOf(() => steady(1_000))(now), now);
    const opened = nextAlert(QUIET, burning, now);
    const known: Alert = { ...opened.alert, incident: { id: "inc_1", severity: "critical" } };
    expect(nextAlert(known, burning, now)).toEqual({ alert: known, act: { kind: "none" } });
    const quiet = judgeRules(OBJECTIVE, windowsOf(() => steady(0))(now), now);
    expect(nextAlert(known, quiet, now)).toEqual({ alert: QUIET, act: { kind: "close" } });
    expect(nextAlert(QUIET, burning, now).act).toEqual({ kind: "open", severity: "critical" });
  });
});
