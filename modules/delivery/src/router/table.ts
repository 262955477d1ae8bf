import { Agent, type IncomingMessage, type ServerResponse } from "node:http";

import { createMeter, type ArmMeter, type Metrics } from "./metrics.ts";

export interface RouteKey {
  readonly environment: string;
  readonly name: string;
}

export interface Backend {
  /** On this machine. */
  readonly port: number;
  /** Its share of the requests, against the sum of all weights. */
  readonly weight: number;
  /** Of which release it is, while two are compared; default "stable". */
  readonly arm?: Arm;
}

/** `baseline` is the stable release again, as fresh as the candidate: what a candidate is compared with. The order matters to callers that stick. */
export const ARMS = ["stable", "baseline", "candidate"] as const;
export type Arm = (typeof ARMS)[number];

export interface RouteRules {
  /** The same caller is answered by the same version: by what a header or a cookie says; a cookie without a name is set by the router. */
  readonly sticky?: { readonly by: "header" | "cookie"; readonly name?: string };
  /** Requests that carry a header go to an arm, whatever its weight. Names in small letters; without a value any will do. */
  readonly headers?: readonly { readonly name: string; readonly value?: string; readonly arm: Arm }[];
  /** This share of the requests, from 0 to 1, is sent to an arm as well; what that answers is compared and thrown away. */
  readonly mirror?: { readonly share: number; readonly arm: Arm; readonly unsafe?: boolean };
  /** How long an answer may take to begin. */
  readonly answerMs?: number;
}

/** What is behind an address, or why there is nothing. */
export type RouteState =
  | { readonly kind: "process"; readonly backends: readonly Backend[]; readonly rules?: RouteRules }
  | { readonly kind: "site"; readonly dir: string }
  /** Something else answers: data that has no process. */
  | { readonly kind: "answer"; readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> }
  | { readonly kind: "absent"; readonly why: "starting" | "crashed" | "late" | "stopped" | "failed" | "job"; readonly detail?: string };

export interface Target {
  readonly key: RouteKey;
  readonly state: RouteState;
  /** `/dev/orders` */
  readonly prefix: string;
  /** What follows the prefix: empty, or beginning with a slash. */
  readonly path: string;
  /** Empty, or beginning with a question mark. */
  readonly query: string;
}

export interface Table {
  get(key: RouteKey): RouteState | undefined;
  set(key: RouteKey, state: RouteState): void;
  remove(key: RouteKey): void;
  clear(): void;
  /** The connections kept to a port. */
  agentOf(port: number): Agent;
  /** A request to a port begins; call the answer when it is over. */
  enter(port: number): () => void;
  drained(port: number, ms: number): Promise<void>;
  meterOf(key: RouteKey, arm: Arm): ArmMeter;
  metrics(key: RouteKey): Metrics;
}

export function createTable(): Table {
  const routes = new Map<string, RouteState>();
  const agents = new Map<number, Agent>();
  const busy = new Map<number, number>();
  const waiting = new Map<number, Set<() => void>>();
  const meters = new Map<string, Record<Arm, ArmMeter>>();

  function metersOf(key: RouteKey): Record<Arm, ArmMeter> {
    const id = textOf(key);
    const found = meters.get(id) ?? { stable: createMeter(), baseline: createMeter(), candidate: createMeter() };
    meters.set(id, found);
    return found;
  }

  /** Kept connections to a process that nothing leads to any more would hinder its end. */
  function forgetUnused(): void {
    const used = new Set([...routes.values()].flatMap((state) => (state.kind === "process" ? state.backends.map(({ port }) => port) : [])));
    for (const [port, agent] of agents) {
      if (used.has(port) || (busy.get(port) ?? 0) > 0) continue;
      agent.destroy();
      agents.delete(port);
    }
  }

  function leave(port: number): void {
    const left = (busy.get(port) ?? 1) - 1;
    if (left > 0) return void busy.set(port, left);
    busy.delete(port);
    for (const resolve of waiting.get(port) ?? []) resolve();
    waiting.delete(port);
    forgetUnused();
  }

  return {
    get: (key) => routes.get(textOf(key)),
    set: (key, state) => {
      routes.set(textOf(key), state);
      forgetUnused();
    },
    remove: (key) => {
      routes.delete(textOf(key));
      meters.delete(textOf(key));
      forgetUnused();
    },
    clear: () => {
      routes.clear();
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
    agentOf: (port) => {
      const agent = agents.get(port) ?? new Agent({ keepAlive: true, maxFreeSockets: 32 });
      agents.set(port, agent);
      return agent;
    },
    enter: (port) => {
      busy.set(port, (busy.get(port) ?? 0) + 1);
      let over = false;
      return () => {
        if (!over) leave(port);
        over = true;
      };
    },
    drained: (port, ms) => {
      if (!busy.has(port)) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        waiting.set(port, (waiting.get(port) ?? new Set()).add(done));
      });
    },
    meterOf: (key, arm) => metersOf(key)[arm],
    metrics: (key) => {
      const { stable, baseline, candidate } = metersOf(key);
      return { stable: stable.read(), baseline: baseline.read(), candidate: candidate.read() };
    },
  };
}

function textOf({ environment, name }: RouteKey): string {
  return `${environment}/${name}`;
}
