import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Duplex } from "node:stream";

import type { Logger } from "@roadbed/core";

import { createFront } from "./front.ts";
import type { Metrics } from "./metrics.ts";
import { answerPage } from "./pages.ts";
import { proxyRequest, proxyUpgrade } from "./proxy.ts";
import { serveSite } from "./serve-site.ts";
import { createTable, type RouteKey, type RouteState, type Table, type Target } from "./table.ts";

export interface RouterOptions {
  readonly log: Logger;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/** The door in front of the workloads: `/<environment>/<name>/…` goes to the process or the folder that serves it. */
export interface Router {
  /** Begins to listen; answers the port. Rejects with the system's error when the port is taken. */
  listen(): Promise<number>;
  /** What is behind an address from now on. Requests that are under way are not touched. */
  set(key: RouteKey, state: RouteState): void;
  remove(key: RouteKey): void;
  /** Resolves when no request is under way to that port any more, or after `ms`. */
  drained(port: number, ms: number): Promise<void>;
  /** What became of the requests to each arm of a workload, since the router began. */
  metrics(key: RouteKey): Metrics;
  listening(): boolean;
  close(): Promise<void>;
}

export function createRouter({ log, port, host = "127.0.0.1" }: RouterOptions): Router {
  const table = createTable();
  const plain = createServer({ requestTimeout: 0 }, (request, response) => void route(request, response));
  const front = createFront(plain, (request, response) => void route(request, response));
  plain.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = findTarget(table, request);
    if (target?.state.kind !== "process") return socket.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n");
    proxyUpgrade(table, target, request, socket, head);
  });
  plain.on("clientError", (_error, socket) => socket.destroy());

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const target = findTarget(table, request);
      if (target === undefined) return answerPage(request, response, undefined);
      if (target.path === "") return redirectToFolder(response, target);
      if (target.state.kind === "process") return proxyRequest(table, target, request, response);
      if (target.state.kind === "site") return await serveSite(target.state.dir, target.path, request, response);
      if (target.state.kind === "answer") return await target.state.answer(request, response);
      return answerPage(request, response, target);
    } catch (error) {
      log.error("the router could not answer", { url: request.url, error: String(error) });
      response.destroy();
    }
  }

  return {
    listen: () => listen(front.server, port, host),
    set: (key, state) => table.set(key, state),
    remove: (key) => table.remove(key),
    drained: (used, ms) => table.drained(used, ms),
    metrics: (key) => table.metrics(key),
    listening: () => front.server.listening,
    close: async () => {
      table.clear();
      if (front.server.listening) await front.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The path is taken as it was sent: what it means is for the workload to say. */
function findTarget(table: Table, request: IncomingMessage): Target | undefined {
  const [, environment, name, path = "", query = ""] = /^\/([^/?]+)\/([^/?]+)(\/[^?]*)?(\?.*)?$/s.exec(request.url ?? "") ?? [];
  if (environment === undefined || name === undefined) return undefined;
  const key = { environment, name };
  const state = table.get(key);
  return state && { key, state, prefix: `/${environment}/${name}`, path, query };
}

/** Without the slash at the end, relative links of the page would lead to a neighbour. */
function redirectToFolder(response: ServerResponse, { prefix, query }: Target): void {
  response.writeHead(308, { location: `${prefix}/${query}`, "cache-control": "no-store" }).end();
}
