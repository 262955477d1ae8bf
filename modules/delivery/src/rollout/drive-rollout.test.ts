import { quietLog } from "@roadbed/testkit";
import { afterEach, describe, expect, test, vi } from "vitest";

import type { ObjectiveStanding } from "../deps.ts";
import { createMeter, type Metrics } from "../router/metrics.ts";
import type { LocalRuntime, Split, WorkloadSpec } from "../runtime/local-runtime.ts";
import { parseManifest } from "../workload/manifest.ts";
import { driveRollout, type Drive, type DriveParts } from "./drive-rollout.ts";
import { follow, isOver } from "./machine.ts";
import { planFor } from "./plan.ts";
import type { RolloutRecord } from "./rollout-store.ts";
import type { Phase, TemplateMetric } from "./template/metric.ts";

const KEY = { entityRef: "component:default/a", environment: "dev", name: "a" };
const METRIC: TemplateMetric = {
  name: "success-rate",
  file: "analysis.yaml",
  dryRun: false,
  provider: { kind: "web", address: "https://metrics.example.org", method: "GET", headers: {}, path: [], timeoutSeconds: 1 },
  written: {},
  delaySeconds: 0,
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
};
let drive: Drive | undefined;

afterEach(async () => {
  vi.useRealTimers();
  drive?.stop();
  await drive?.done;
});

/** A machine room in memory: a row that moves by the table, and processes that are always well. */
function room(
  rollout: string,
  o: {
    readonly metrics?: () => Metrics;
    readonly failWrites?: number;
    readonly invited?: (time: number) => Promise<void>;
    /** What an AnalysisTemplate has measured, one after the other; the last again and again. */
    readonly measures?: readonly Phase[];
    readonly template?: Partial<TemplateMetric>;
    readonly objectives?: () => readonly ObjectiveStanding[];
    readonly denials?: () => string | undefined;
  } = {},
) {
  const manifest = parseManifest(`kind: service\nstart: [node]\nrollout:\n${rollout}`);
  const spec: WorkloadSpec = { key: KEY, commit: "b", deploymentId: "dep_2", manifest, dir: "/" };
  const meters = { stable: createMeter(), baseline: createMeter(), candidate: createMeter() };
  const seen = { splits: [] as Split[], invited: 0, promoted: 0, measured: 0, events: [] as string[] };
  let guests = 0;
  let failWrites = o.failWrites ?? 0;
  let row: RolloutRecord = {
    id: "rol_1",
    deploymentId: "dep_2",
    ...KEY,
    commit: "b",
    stableCommit: "a",
    manifest,
    plan: { ...planFor(manifest.rollout, "dev"), ...(o.measures === undefined ? {} : { metrics: [{ ...METRIC, ...o.template }] }) },
    state: "starting",
    step: 0,
    weight: 0,
    cause: undefined,
    reason: undefined,
    decidedBy: undefined,
    decidedAt: undefined,
    restoredMs: undefined,
    stepSeconds: 0,
    analysis: undefined,
    mirrored: undefined,
    measured: undefined,
    createdAt: new Date(),
    endedAt: undefined,
  };
  const local = {
    running: () => ({ ...spec, commit: "a" }),
    guest: () => Array.from({ length: guests }, () => ({ health: "healthy", restarts: 0, looping: false })),
    invite: async () => {
      seen.invited++;
      await o.invited?.(seen.invited);
      guests = 1;
    },
    split: (_key, split) => void seen.splits.push(split),
    dismiss: () => void (guests = 0),
    promote: () => void seen.promoted++,
  } as Partial<LocalRuntime> as LocalRuntime;
  const parts: DriveParts = {
    log: quietLog,
    local,
    metrics: o.metrics ?? (() => ({ stable: meters.stable.read(), baseline: meters.baseline.read(), candidate: meters.candidate.read() })),
    keyOf: () => KEY,
    specOf: async () => spec,
    find: async () => row,
    apply: async (_id, event, words) => {
      if (event !== "started" && failWrites-- > 0) throw new Error("the database is away");
      seen.events.push(event);
      const next = follow(row, row.plan.steps, event);
      if (next !== row) row = { ...row, ...next, reason: words?.reason ?? row.reason, restoredMs: words?.restoredMs ?? row.restoredMs };
      return row;
    },
    keep: async (_id, progress) => void (row = { ...row, ...progress }),
    objectives: async () => o.objectives?.(),
    denials: async () => o.denials?.(),
    samples: async (_id, after) => ({ samples: [], last: after }),
    measure: async () => ({ phase: o.measures?.[Math.min(seen.measured++, o.measures.length - 1)] ?? "successful", value: "7" }),
    promoted: async () => {},
    isWanted: async () => true,
    tickMs: 10,
    startMs: 1_000,
  };
  return { parts, meters, seen, row: () => row };
}

async function until(check: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(check()).toBe(true), { timeout: 8_000, interval: 10 });
}

describe("a rollout", () => {
  test("is held when the router's figures cannot be read: nothing passes for want of them", async () => {
    const { parts, row, seen } = room("  strategy: canary\n  steps: [{ weight: 20 }, { analysis: {} }]\n", {
      metrics: () => {
        throw new Error("gone");
      },
    });
    drive = driveRollout(parts, row());
    await until(() => row().state === "held");
    expect(row().reason).toContain("cannot be read");
    expect(seen.splits.at(-1)).toMatchObject({ candidate: 20, baseline: 20 });
    const events = seen.events.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen.events.length).toBe(events);
  });

  test("does not believe a clock that jumps: seconds are counted", async () => {
    const { parts, row } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: { seconds: 60 } }]\n");
    vi.useFakeTimers({ toFake: ["Date"] });
    drive = driveRollout(parts, row());
    await until(() => row().state === "pausing");
    vi.setSystemTime(Date.now() + 86_400_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(row().state).toBe("pausing");
    vi.setSystemTime(Date.now() - 10 * 86_400_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(row().state).toBe("pausing");
  });

  test("leads requests back before anything is written, and brings nothing up again while the database is away", async () => {
    const { parts, row, seen, meters } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: {} }]\n", { failWrites: 3 });
    drive = driveRollout(parts, row());
    await until(() => row().state === "pausing");
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (let at = 0; at < 50; at++) meters.candidate.outcome("answered", 500, 5, false);
    await until(() => isOver(row()));
    expect(row()).toMatchObject({ state: "rolled-back", reason: expect.stringContaining("Tripwire: failed requests") });
    expect(row().restoredMs).toEqual(expect.any(Number));
    expect([seen.invited, seen.promoted]).toEqual([1, 0]);
  });

  test("starts anew what it compares when what that is given has changed, also where it changed during the start", async () => {
    const first = Promise.withResolvers<void>();
    const { parts, row, seen } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: {} }]\n", {
      invited: async (time) => (time === 1 ? first.promise : undefined),
    });
    drive = driveRollout(parts, row());
    await until(() => seen.invited === 1);
    drive.renew!();
    first.resolve();
    await until(() => seen.invited === 2 && row().state === "pausing");
    await until(() => seen.splits.at(-1)?.candidate === 20);
    drive.renew!();
    await until(() => seen.invited === 3);
    const splits = seen.splits.length;
    await until(() => seen.splits.length > splits);
    expect(seen.splits.at(-1)).toMatchObject({ candidate: 20 });
    expect([row().state, seen.invited, seen.events]).toEqual(["pausing", 3, ["started"]]);
  });

  const pausing = "  strategy: canary\n  steps: [{ weight: 20 }, { pause: {} }]\n";

  test("is taken back at once when a metric of an AnalysisTemplate fails", async () => {
    const { parts, row, seen } = room(pausing, { measures: ["failed"] });
    drive = driveRollout(parts, row());
    await drive.done;
    expect(row()).toMatchObject({ state: "rolled-back", reason: "Tripwire: success-rate of analysis.yaml failed once: measured 7." });
    expect(seen.events).toEqual(["started", "tripped", "restored"]);
    expect(row().measured?.metrics).toMatchObject([{ over: "failed", measurements: [{ phase: "failed", value: "7" }] }]);
  });

  test("is held where one is inconclusive, and ends as somebody says", async () => {
    const { parts, row, seen } = room(pausing, { measures: ["inconclusive", "error", "failed"], template: { consecutiveErrorLimit: 0 } });
    drive = driveRollout(parts, row());
    await until(() => row().state === "held");
    expect(row().reason).toBe("success-rate of analysis.yaml was inconclusive once: measured 7.");
    await parts.apply("rol_1", "resume");
    // Nothing is left to be done but what was said: it would have been promoted.
    await until(() => isOver(row()));
    expect([row().state, seen.measured]).toEqual(["promoted", 1]);
  });

  test("measures anew what held it, for as long as steps are left", async () => {
    const { parts, row } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: {} }, { weight: 40 }, { pause: {} }]\n", {
      measures: ["error", "failed"],
      template: { consecutiveErrorLimit: 0 },
    });
    drive = driveRollout(parts, row());
    await until(() => row().state === "held");
    expect(row().reason).toBe("success-rate of analysis.yaml could not be measured once: measured 7.");
    await parts.apply("rol_1", "resume");
    await until(() => isOver(row()));
    expect(row()).toMatchObject({ state: "rolled-back", reason: expect.stringContaining("failed once") });
  });

  test("is taken back when an objective begins to burn its budget, where it says so", async () => {
    const burning: ObjectiveStanding = {
      name: "a",
      title: "Answers",
      why: "",
      countedAt: new Date(),
      uncounted: 0,
      burning: { since: new Date(Date.now() + 1_000), why: "It burns 20 times as fast as it may." },
    };
    const steps = "  strategy: canary\n  steps: [{ weight: 20 }, { pause: { seconds: 1 } }]\n";
    const { parts, row } = room(`${steps}  tripwires: { budgetBurn: true }\n`, { objectives: () => [burning] });
    drive = driveRollout(parts, row());
    await drive.done;
    expect(row()).toMatchObject({
      state: "rolled-back",
      reason: expect.stringMatching(/^Tripwire: error budget, Answers: It burns 20 times/),
    });
    const other = room(steps, { objectives: () => [burning] });
    drive = driveRollout(other.parts, other.row());
    await drive.done;
    expect(other.row().state).toBe("promoted");
  });

  test("is held when policies begin to deny it, asked about once, and goes on when somebody says so", async () => {
    const steps = "  strategy: canary\n  steps: [{ weight: 20 }, { pause: {} }, { weight: 40 }, { pause: { seconds: 1 } }]\n";
    const { parts, row, seen } = room(steps, { denials: () => "image is not signed" });
    drive = driveRollout(parts, row());
    await until(() => row().state === "held");
    expect(row()).toMatchObject({ weight: 20, reason: "Policies deny it by now: image is not signed" });
    await parts.apply("rol_1", "resume");
    await drive.done;
    expect(row().state).toBe("promoted");
    expect(seen.events.filter((event) => event === "undecided")).toHaveLength(1);
  });

  test("is not stopped by not being able to ask what policies say", async () => {
    const { parts, row } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: { seconds: 1 } }]\n", {
      denials: () => {
        throw new Error("the engine is away");
      },
    });
    drive = driveRollout(parts, row());
    await drive.done;
    expect(row().state).toBe("promoted");
  });

  test("goes on past a metric that is only tried", async () => {
    const { parts, row } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: { seconds: 1 } }]\n", {
      measures: ["failed"],
      template: { dryRun: true },
    });
    drive = driveRollout(parts, row());
    await drive.done;
    expect(row()).toMatchObject({ state: "promoted", measured: { metrics: [{ over: "failed" }] } });
  });

  test("that goes through its steps is promoted once", async () => {
    const { parts, row, seen } = room("  strategy: canary\n  steps: [{ weight: 20 }, { pause: { seconds: 1 } }, { weight: 60 }]\n");
    drive = driveRollout(parts, row());
    await drive.done;
    expect(row().state).toBe("promoted");
    expect(seen.events).toEqual(["started", "elapsed", "completed"]);
    expect([seen.invited, seen.promoted]).toEqual([1, 1]);
    expect(seen.splits.map(({ candidate }) => candidate).filter((one, at, all) => one !== all[at - 1])).toEqual([20, 100]);
  });

  test("that was being analysed when its server was killed goes on with what it knew", async () => {
    const { parts, row, meters } = room(
      "  strategy: canary\n  steps: [{ weight: 20 }, { analysis: {} }]\n  analysis: { everySeconds: 1, slow: { quantiles: [] } }\n",
    );
    drive = driveRollout(parts, row());
    await until(() => row().state === "analysing");
    for (let at = 0; at < 300; at++) for (const arm of [meters.candidate, meters.baseline]) arm.outcome("answered", 200, 5, false);
    await until(() => (row().analysis?.looks.length ?? 0) > 0);
    drive.stop();
    await drive.done;
    const kept = row();
    drive = driveRollout(parts, kept);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(row()).toMatchObject({ state: "analysing", analysis: { seconds: expect.any(Number) } });
    expect(row().analysis!.seconds).toBeGreaterThanOrEqual(kept.analysis!.seconds);
  });
});
