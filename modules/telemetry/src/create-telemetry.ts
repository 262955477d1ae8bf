import type { Incident, ServiceRow } from "@roadbed/contracts/telemetry";
import type { Ctx, Handler, Subscription } from "@roadbed/core";

import { createAi } from "./ai/create-ai.ts";
import { countSpansByHour, readCallersOfVersion, readCalls, readSenders, type ObservedCall, type Sender } from "./calls/read-calls.ts";
import type { TelemetryDeps } from "./deps.ts";
import { makeCloseIncident } from "./incident/close-incident.ts";
import { incidentsBetween } from "./incident/incidents-between.ts";
import { makeListIncidents } from "./incident/list-incidents.ts";
import { makeReceiveAlerts } from "./incident/receive-alerts.ts";
import { makeOpenIncident } from "./incident/open-incident.ts";
import { createIntake } from "./intake/create-intake.ts";
import { createDiskGuard } from "./intake/disk-guard.ts";
import type { Intake } from "./intake/intake.ts";
import { promqlHandlers } from "./promql/handlers.ts";
import { makeGetService } from "./read/get-service.ts";
import { makeGetTrace } from "./read/get-trace.ts";
import { makeListServiceEdges } from "./read/list-edges.ts";
import { makeListLogs } from "./read/list-logs.ts";
import { makeListMetrics } from "./read/list-metrics.ts";
import { makeListServices, readServices } from "./read/list-services.ts";
import { makeListTraces } from "./read/list-traces.ts";
import { alignWindow, resolveWindow, type Window } from "./read/window.ts";
import { applyRetention, retentionDays } from "./retention.ts";
import { createSenders } from "./senders/create-senders.ts";
import { makeLimitSender, makeListSenders } from "./senders/sender-handlers.ts";
import { createObjectives, NO_THINGS, type Objectives } from "./slo/create-objectives.ts";
import type { SloWatch } from "./slo/watch-slos.ts";
import { forgetSample, makeSubscriptions } from "./subscriptions.ts";

export interface Telemetry {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** For the server to mount at `/v1/traces`, `/v1/logs` and `/v1/metrics`. */
  readonly intake: Intake;
  /** Health, rates and latencies of the last hour, one row per service asked for; without data `unknown`, never ok. */
  healthOf(ctx: Ctx, services: readonly string[]): Promise<Map<string, ServiceRow>>;
  /** Incidents that were open in a time, the latest first, without those of hidden entities. */
  incidentsBetween(ctx: Ctx, question: Parameters<typeof incidentsBetween>[1]): Promise<readonly Incident[]>;
  /** Who works with whom, as the traces tell it; for the catalogue, which knows whose names these are. */
  readonly observations: Observations;
  /** For the gate of an environment: the objectives that hold for an entity there. */
  readonly objectivesOf: Objectives["of"];
  /** For rules of scorecards: the objectives of many, with what was counted last. */
  readonly measured: Objectives["measured"];
  /** Counts and judges objectives by itself once started; absent where they are not evaluated. */
  readonly sloWatch: SloWatch | undefined;
  /** Deletes sample rows that came after `catalog.sample.removed` was heard. */
  forgetSample(): Promise<void>;
  /** Reads prices of models, what teams let us keep and what senders may send, rather than in the next seconds. */
  readSettings(): Promise<void>;
  /** Looks at the disk now rather than in some seconds. */
  lookAtDisk(): Promise<void>;
  /** Gives the tables their retention; the migrations must have run. */
  start(): Promise<void>;
  /** Stores what waits, then refuses. */
  stop(): Promise<void>;
  health(): Promise<{ ok: boolean; detail?: string }>;
}

/** Every question has a window, half-open, in UTC. */
export interface Observations {
  /** Spans by hour, newest first: what arrived late shows as a number that has grown. */
  hours(window: Window, signal: AbortSignal): Promise<readonly { readonly hour: Date; readonly spans: number }[]>;
  calls(window: Window, signal: AbortSignal): Promise<readonly ObservedCall[]>;
  senders(window: Window, signal: AbortSignal): Promise<readonly Sender[]>;
  callersOfVersion(
    o: Window & { readonly service: string; readonly version: string },
    signal: AbortSignal,
  ): Promise<readonly { readonly from: string; readonly calls: number; readonly errors: number }[]>;
}

const MINUTE = 60;

/** Telemetry: takes OTLP in, stores it in ClickHouse, answers rates, traces, logs and metrics, and keeps incidents and objectives. */
export function createTelemetry(deps: TelemetryDeps): Telemetry {
  const { clickhouse, log } = deps;
  const days = retentionDays(deps);
  const ai = createAi(clickhouse, log, deps.objectives);
  const senders = createSenders({ db: deps.objectives?.db, log, now: () => (deps.now?.() ?? new Date()).getTime() });
  const disk = deps.disk && createDiskGuard(clickhouse, log, { ...deps.disk, now: () => (deps.now?.() ?? new Date()).getTime() });
  const intake = createIntake(clickhouse, { ...deps, ai: ai.reading, senders, disk }, days);
  const objectives = createObjectives(clickhouse, log, deps.objectives, deps.now ?? (() => new Date()));

  return {
    handlers: [
      makeListServices(clickhouse),
      makeGetService(clickhouse),
      makeListServiceEdges(clickhouse),
      makeListTraces(clickhouse),
      makeGetTrace(clickhouse),
      makeListLogs(clickhouse),
      makeListMetrics(clickhouse),
      makeListIncidents(),
      makeOpenIncident(),
      makeCloseIncident(),
      makeReceiveAlerts(deps.objectives?.things ?? NO_THINGS),
      ...objectives.handlers,
      ...ai.handlers,
      makeListSenders(),
      ...promqlHandlers({ clickhouse, things: deps.objectives?.things ?? NO_THINGS }),
      makeLimitSender(() => senders.settle()),
    ],
    subscriptions: [...makeSubscriptions(clickhouse), ...objectives.subscriptions],
    incidentsBetween: (ctx, question) => incidentsBetween(ctx.sql, question),
    observations: {
      hours: (window, signal) => countSpansByHour(clickhouse, window, signal),
      calls: (window, signal) => readCalls(clickhouse, window, signal),
      senders: (window, signal) => readSenders(clickhouse, window, signal),
      callersOfVersion: (o, signal) => readCallersOfVersion(clickhouse, o, signal),
    },
    objectivesOf: objectives.of,
    measured: objectives.measured,
    sloWatch: objectives.watch,
    forgetSample: () => forgetSample(clickhouse),
    async lookAtDisk() {
      await disk?.look();
    },
    async readSettings() {
      await Promise.all([ai.readSettings(), senders.settle()]);
    },
    intake,
    async healthOf(ctx, services) {
      if (services.length === 0) return new Map();
      const window = alignWindow(resolveWindow({}, ctx.now()), MINUTE, ctx.now());
      const rows = await readServices(ctx, clickhouse, window, services);
      return new Map(rows.map((row) => [row.service, row]));
    },
    async start() {
      await applyRetention(clickhouse, days);
      log.debug("telemetry keeps its rows", { ...days });
      objectives.watch?.start();
      ai.start();
      senders.start();
      disk?.start();
    },
    async stop() {
      ai.stop();
      disk?.stop();
      await objectives.watch?.stop();
      await intake.close();
      await senders.stop();
    },
    async health() {
      const full = disk?.detail();
      if (await clickhouse.ping()) return full === undefined ? { ok: true } : { ok: disk?.refusal() === undefined, detail: full };
      return { ok: false, detail: `The telemetry store does not answer; ${intake.waitingBytes()} bytes wait for it.` };
    },
  };
}
