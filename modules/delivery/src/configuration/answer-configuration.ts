import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import type { Configuration } from "@roadbed/contracts/delivery/configurations";
import { DomainError } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import type { WorkloadKey } from "../runtime/local-runtime.ts";
import { findConfiguration, requireEnvironment } from "./read-configuration.ts";

const LOOK_MS = 250;
const MOST_SECONDS = 55;

/**
 * What the router answers at the address of a prompt, model or agent: `GET` with an ETag, and with `?wait=30` only when there is another
 * one than `If-None-Match` names. It asks for a token, as the API does: what an environment has is nobody else's.
 */
export function answerConfiguration(
  { db, gitDoor }: Pick<DeliveryDeps, "db" | "gitDoor">,
  { entityRef, environment }: WorkloadKey,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405, "It is only read here.", { allow: "GET, HEAD" });
    const refusal = await refusalOf(request);
    if (refusal !== undefined) return say(response, refusal.status, refusal.words, { "www-authenticate": "Bearer" });
    const wait = Number(new URL(request.url ?? "/", "http://router").searchParams.get("wait") ?? 0);
    const until = Date.now() + Math.min(MOST_SECONDS, Number.isFinite(wait) ? Math.max(0, wait) : 0) * 1_000;
    const has = request.headers["if-none-match"];
    for (;;) {
      const found = await findConfiguration({ sql: db }, entityRef, environment);
      const tag = found && `"${found.digest}"`;
      if (found !== undefined && tag !== has) return send(request, response, found, tag!);
      if (Date.now() < until && !response.destroyed) {
        await delay(LOOK_MS);
        continue;
      }
      if (tag === undefined) return say(response, 404, "Nothing is served here yet.");
      response.writeHead(304, { etag: tag, "cache-control": "no-cache" }).end();
      return;
    }
  };

  async function refusalOf(request: IncomingMessage): Promise<{ status: number; words: string } | undefined> {
    try {
      const caller = await gitDoor.authenticate(request);
      if (caller === undefined) return { status: 401, words: "Send a token with the scope configuration:read." };
      if (!caller.scopes.has("configuration:read") && !caller.scopes.has("*")) {
        return { status: 403, words: "The token needs the scope configuration:read." };
      }
      requireEnvironment(caller, environment);
      return undefined;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { status: error.code === "FORBIDDEN" ? 403 : 401, words: [error.message, error.mend].filter(Boolean).join(" ") };
    }
  }
}

function send(request: IncomingMessage, response: ServerResponse, found: Configuration, etag: string): void {
  const body = JSON.stringify(found);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
    etag,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function say(response: ServerResponse, status: number, words: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers });
  response.end(`${words}\n`);
}
