/**
 * What the router in front of workloads costs, and whether it ever drops a request: `npm run bench -- router [seconds]`.
 * Overhead: 1,000 requests a second are sent on a fixed timetable (so that a slow answer delays nobody else and is counted in full) to a
 * process of its own, by turns directly and through the router, which is another process of its own; the difference of the quantiles is
 * what the router costs. Switches: 1,000 changes of weights between two processes under load; whatever is not answered with 200 is dropped.
 * Traps avoided: kept connections in both cases; the first second is not counted; both ways are measured in short turns, so that what
 * else the machine does befalls both.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import { createRouter } from "../modules/delivery/src/router/router.ts";

const RATE = 1_000;
const CHANGES = 1_000;
const TURNS = 6;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

if (process.send === undefined) await measure();
else if (process.argv[2] === "answer") await answer();
else await route(process.argv.slice(3).map(Number));

/** A workload: small answers, at once. */
async function answer(): Promise<void> {
  const server = createServer((asked, response) => {
    asked.resume();
    response.end("hello, this is a small answer");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.((server.address() as AddressInfo).port);
}

async function route(ports: readonly number[]): Promise<void> {
  const router = createRouter({ log: quiet, port: 0 });
  const set = (weight: number): void =>
    router.set(
      { environment: "dev", name: "bench" },
      {
        kind: "process",
        backends: ports.map((port, at) => ({ port, weight: at === 0 ? 100 - weight : weight, arm: at === 0 ? "stable" : "candidate" })),
      },
    );
  set(0);
  process.on("message", (asked: number | "processor time") => {
    if (asked !== "processor time") return set(asked);
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1_000);
  });
  process.send?.(await router.listen());
}

async function measure(): Promise<void> {
  const seconds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 10);
  const children: ChildProcess[] = [];
  const start = async (...args: string[]): Promise<[ChildProcess, number]> => {
    const child = fork(import.meta.filename, args, { execArgv: ["--disable-warning=ExperimentalWarning"] });
    children.push(child);
    const [port] = (await once(child, "message")) as [number];
    return [child, port];
  };
  try {
    const [[, first], [, second]] = [await start("answer"), await start("answer")];
    const [router, door] = await start("route", String(first), String(second));
    const [direct, routed]: [number[], number[]] = [[], []];
    const processorMs = async (): Promise<number> => {
      router.send("processor time");
      return ((await once(router, "message")) as [number])[0];
    };
    let used = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      direct.push(...(await load(first, "/", seconds / TURNS)).took);
      const before = await processorMs();
      const { took, sent } = await load(door, "/dev/bench/", seconds / TURNS);
      used += ((await processorMs()) - before) * (took.length / sent);
      routed.push(...took);
    }
    const figures: Record<string, number> = {
      requests: direct.length + routed.length,
      router_processor_ms_per_request: round(used / routed.length),
    };
    for (const [name, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const) {
      const [without, within] = [quantile(direct, share), quantile(routed, share)];
      figures[`direct_${name}_ms`] = round(without);
      figures[`routed_${name}_ms`] = round(within);
      figures[`overhead_${name}_ms`] = round(within - without);
    }
    let changes = 0;
    const changing = setInterval(() => {
      if (changes < CHANGES) router.send([0, 100, 1, 50, 99][changes++ % 5]!);
    }, 10);
    const switched = await load(door, "/dev/bench/", (CHANGES * 10) / 1_000 + 1);
    clearInterval(changing);
    Object.assign(figures, { weight_changes: changes, requests_over_changes: switched.took.length, dropped: switched.dropped });
    const target = { overhead_p50_ms: 0.5, overhead_p99_ms: 3, dropped: 0 };
    for (const [name, most] of Object.entries(target)) console.log(`${name.padEnd(18)} ${figures[name]}  (at most ${most})`);
    console.log(JSON.stringify({ bench: "router", figures }));
  } finally {
    for (const child of children) child.kill();
  }
}

/** Milliseconds of every answer, in the order of their end; without those of the warm-up. */
async function load(port: number, path: string, seconds: number): Promise<{ took: number[]; dropped: number; sent: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const took: number[] = [];
  const warmUp = 0.5;
  let [dropped, sent, over] = [0, 0, 0];
  const total = Math.round((seconds + warmUp) * RATE);
  const began = performance.now();
  await new Promise<void>((resolve) => {
    const end = (ok: boolean, due: number): void => {
      if (!ok) dropped++;
      if (due - began >= warmUp * 1_000) took.push(performance.now() - due);
      if (++over === total) resolve();
    };
    const ask = (): void => {
      const due = performance.now();
      const call = request({ host: "127.0.0.1", port, path, agent }, (reply) => {
        reply.resume();
        reply.once("end", () => end(reply.statusCode === 200, due));
        reply.once("error", () => end(false, due));
      });
      call.once("error", () => end(false, due));
      call.end();
    };
    const tick = (): void => {
      while (sent < total && sent <= ((performance.now() - began) * RATE) / 1_000) {
        sent++;
        ask();
      }
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
  agent.destroy();
  return { took, dropped, sent };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
