import { setTimeout as delay } from "node:timers/promises";

import { judgePod } from "./judge-pod.ts";
import type { Cluster } from "./open-cluster.ts";
import type { KubeObject } from "./sorts.ts";

export interface LogQuestion {
  readonly after: number;
  readonly limit: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ClusterLog {
  readonly items: { readonly seq: number; readonly at: string; readonly stream: "stdout"; readonly message: string }[];
  readonly next: number;
}

const LOOK_EVERY_MS = 1_000;
const MOST_PODS = 10;

/** What the pods of a workload printed, in the order of time; each line begins with the end of its pod's name. Lines are counted by microseconds. */
export async function readClusterLog(cluster: Cluster, pods: () => readonly KubeObject[], question: LogQuestion): Promise<ClusterLog> {
  const until = performance.now() + question.waitMs;
  for (;;) {
    const log = await readOnce(cluster, pods(), question);
    if (log.items.length > 0 || performance.now() >= until || question.signal?.aborted === true) return log;
    await delay(LOOK_EVERY_MS);
  }
}

async function readOnce(cluster: Cluster, pods: readonly KubeObject[], { after, limit }: LogQuestion): Promise<ClusterLog> {
  const asked = pods.map(judgePod).filter(({ container }) => container !== undefined);
  const since = after === 0 ? { tail: limit } : { sinceSeconds: Math.max(1, Math.ceil((Date.now() - after / 1_000) / 1_000) + 1) };
  const texts = await Promise.all(
    asked.slice(0, MOST_PODS).map(async ({ name, namespace, container, health }) => {
      try {
        return { name, text: await cluster.logs({ namespace, name, container: container! }, since) };
      } catch (error) {
        // A container that was never started has no log, and a pod may be gone by now.
        if (health !== "healthy") return { name, text: "" };
        throw error;
      }
    }),
  );
  const lines = texts.flatMap(({ name, text }) => text.split("\n").flatMap((line) => parseLine(name, line) ?? []));
  lines.sort((a, b) => a.micros - b.micros);
  let last = 0;
  const numbered = lines.map(({ micros, at, message }) => {
    last = Math.max(micros, last + 1);
    return { seq: last, at, stream: "stdout" as const, message };
  });
  const fresh = numbered.filter(({ seq }) => seq > after);
  const items = after === 0 ? fresh.slice(-limit) : fresh.slice(0, limit);
  return { items, next: items.at(-1)?.seq ?? after };
}

function parseLine(pod: string, line: string): { micros: number; at: string; message: string } | undefined {
  const [, date = "", fraction = "", message = ""] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z (.*)$/s.exec(line) ?? [];
  if (date === "") return undefined;
  const micros = Date.parse(`${date}Z`) * 1_000 + Number(fraction.padEnd(6, "0").slice(0, 6));
  return { micros, at: new Date(Math.floor(micros / 1_000)).toISOString(), message: `${pod.split("-").at(-1)}: ${message}` };
}
