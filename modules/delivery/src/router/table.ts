import { Agent } from "node:http";

export interface RouteKey {
  readonly environment: string;
  readonly name: string;
}

export interface Backend {
  /** On this machine. */
  readonly port: number;
  /** Its share of the requests, against the sum of all weights. */
  readonly weight: number;
}

/** What is behind an address, or why there is nothing. */
export type RouteState =
  | { readonly kind: "process"; readonly backends: readonly Backend[] }
  | { readonly kind: "site"; readonly dir: string }
  | { readonly kind: "absent"; readonly why: "starting" | "crashed" | "stopped" | "failed" | "job"; readonly detail?: string };

export interface Target {
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
}

export function createTable(): Table {
  const routes = new Map<string, RouteState>();
  const agents = new Map<number, Agent>();
  const busy = new Map<number, number>();
  const waiting = new Map<number, Set<() => void>>();

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
  };
}

/** One of them by chance, in proportion to their weights. `chance` is in [0, 1). */
export function pickBackend(backends: readonly Backend[], chance: number): Backend | undefined {
  const sum = backends.reduce((total, { weight }) => total + weight, 0);
  let rest = chance * sum;
  return backends.find(({ weight }) => (rest -= weight) < 0);
}

function textOf({ environment, name }: RouteKey): string {
  return `${environment}/${name}`;
}
