/** Load over HTTP: connections that ask as soon as they are answered, and what each answer cost the server's processes. */
import autocannon from "autocannon";

import { cpuMs } from "./process-tree.ts";
import type { RunningServer } from "./running-server.ts";

export interface Load {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly answersPerSecond: number;
  /** Of server, database and telemetry engine together. */
  readonly cpuMsPerAnswer: number;
}

export interface Question {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

/** Every request asks what `path` says then. Throws when an answer is not good: what fails fast is not fast. */
export async function load(o: {
  readonly running: RunningServer;
  readonly path: () => string | Question;
  readonly connections: number;
  readonly seconds: number;
}): Promise<Load> {
  const { running } = o;
  const before = cpuMs(running.pids());
  const result = await autocannon({
    url: running.url,
    connections: o.connections,
    duration: o.seconds,
    headers: { authorization: `Bearer ${running.token}` },
    requests: [
      {
        setupRequest: (request: Record<string, unknown>) => {
          const asked = o.path();
          const { method = "GET", path, body } = typeof asked === "string" ? ({ path: asked } as Question) : asked;
          if (body === undefined) return { ...request, method, path };
          const headers = { ...(request["headers"] as object), "content-type": "application/json" };
          return { ...request, method, path, headers, body: JSON.stringify(body) };
        },
      },
    ],
  });
  const answers = result.requests.total;
  const good = result["2xx"];
  if (good === 0 || result.non2xx > 0 || result.errors > 0)
    throw new Error(`${good} good answers, ${result.non2xx} bad, ${result.errors} errors`);
  const { p50, p99, max } = result.latency;
  return { p50, p99, worst: max, answersPerSecond: answers / o.seconds, cpuMsPerAnswer: (cpuMs(running.pids()) - before) / answers };
}
