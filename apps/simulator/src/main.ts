/**
 * The life of the sample estate: real OpenTelemetry SDKs that send two weeks of history and then the present
 * through the public intake, and incidents that open and close through the public API. It ends with its parent.
 *
 * Environment: SIMULATOR_URL, SIMULATOR_TOKEN, SIMULATOR_FLOWS (flows.yaml), SIMULATOR_SLOS (slos.yaml), SIMULATOR_STATE (a JSON file).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";

import { createClient } from "@roadbed/face-client";

import { createExporters } from "./exporters.ts";
import { readEstate, type FlowNode } from "./flows.ts";
import { keepDeliveries } from "./keep-deliveries.ts";
import { keepUses } from "./keep-uses.ts";
import { keepObjectives } from "./keep-objectives.ts";
import { playHistory } from "./play-history.ts";
import { playIncidents } from "./play-incidents.ts";
import { playLive } from "./play-live.ts";

const TWO_WEEKS = 14 * 86_400_000;
/** A long history leaves a large heap behind: we end with this code, and the server starts us again with a small one. */
const START_AFRESH = 64;
const LONG = 6 * 3_600_000;
/** So long we try to send what is left; a server that is gone takes nothing any more. */
const LAST_MS = 5_000;

/**
 * `origin`: the first start. `toldTo`: up to when the present was played. `gaps`: stretches of the past still to be told.
 * `promised`: its objectives were said; whoever removes one of them does not get it back.
 */
interface State {
  readonly origin: number;
  toldTo: number;
  gaps: { from: number; to: number }[];
  promised?: boolean;
}

const url = needed("SIMULATOR_URL");
const token = needed("SIMULATOR_TOKEN");
const stateFile = needed("SIMULATOR_STATE");
const estate = readEstate(needed("SIMULATOR_FLOWS"));
const stop = new AbortController();
process.on("SIGTERM", end);
process.on("SIGINT", end);
process.on("disconnect", end); // the server is gone

// The machine belongs to the person at the screen first.
setPriority(10);
const now = Date.now();
const state = readState();
const exporters = createExporters({ url, token, runId: String(now % 100_000) });
const services = [...new Set(estate.flows.flatMap((flow) => servicesOf(flow.root)))];
for (const service of services.slice(0, 8)) exporters.reportMetrics(service);

await Promise.all([
  tellPast(),
  playLive({ estate, exporters, origin: state.origin, signal: stop.signal }),
  keepIncidents(),
  promise(),
  keepDeliveries({ client: createClient({ url, token }), services, origin: state.origin, signal: stop.signal }),
  keepUses({ client: createClient({ url, token }), services, origin: state.origin, signal: stop.signal }),
  rememberProgress(),
]);
await exporters.stop();
process.exit(0);

function end(): void {
  stop.abort();
  setTimeout(() => process.exit(0), LAST_MS).unref();
}

/** What happened since the last end, then what an earlier start did not finish; each stretch the newest hour first. */
async function tellPast(): Promise<void> {
  const since = Math.max(state.toldTo, now - TWO_WEEKS);
  const long = state.gaps.length > 0 || now - since > LONG;
  state.gaps.push({ from: since, to: now });
  state.toldTo = now;
  for (const gap of state.gaps.toReversed()) {
    const said = (begin: number): void => {
      gap.to = begin;
      save();
    };
    await playHistory({ estate, exporters, origin: state.origin, ...gap, signal: stop.signal, said });
    if (stop.signal.aborted) return;
    state.gaps = state.gaps.filter((other) => other !== gap);
    save();
  }
  if (!long) return;
  await exporters.flush();
  state.toldTo = Date.now();
  save();
  process.exit(START_AFRESH);
}

async function keepIncidents(): Promise<void> {
  const client = createClient({ url, token });
  await playIncidents({ client, estate, origin: state.origin, from: state.origin - TWO_WEEKS, signal: stop.signal });
}

async function promise(): Promise<void> {
  if (state.promised === true) return;
  const client = createClient({ url, token });
  state.promised = await keepObjectives({ client, text: readFileSync(needed("SIMULATOR_SLOS"), "utf8"), signal: stop.signal });
  save();
}

async function rememberProgress(): Promise<void> {
  while (!stop.signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 30_000);
      stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
    state.toldTo = Date.now();
    save();
  }
}

function readState(): State {
  if (existsSync(stateFile)) return JSON.parse(readFileSync(stateFile, "utf8")) as State;
  return { origin: now, toldTo: now - TWO_WEEKS, gaps: [] };
}

function save(): void {
  writeFileSync(stateFile, JSON.stringify(state));
}

function servicesOf(node: FlowNode): string[] {
  return [...(node.service === undefined ? [] : [node.service]), ...node.calls.flatMap((call) => servicesOf(call))];
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}
