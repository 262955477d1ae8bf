import { UnauthenticatedError, UnavailableError, type DomainEvent } from "@roadbed/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Authenticate, Caller } from "../operation/caller.ts";

export interface SseFaceOptions {
  readonly authenticate: Authenticate;
  /** Hears every event from now on; returns how to stop. */
  readonly subscribe: (listener: (event: DomainEvent) => void) => () => void;
  /** Waited for before an event is told to anybody: what `sees` judges by may have to hear of it first. */
  readonly settled?: (event: DomainEvent) => Promise<void> | undefined;
  /** Whether a caller whose scopes suffice may hear of the event's subject. Default: all may. */
  readonly sees?: (caller: Caller, event: DomainEvent) => Promise<boolean>;
  readonly heartbeatMs?: number;
  readonly maxConnections?: number;
}

export interface Stream {
  /** Asks for every open connection again who it is, and closes those that are nobody any more: call it on sign-out. */
  recheck(): Promise<void>;
  /** How many connections are open. */
  size(): number;
}

interface Connection {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly maySee: (event: DomainEvent) => Promise<boolean>;
}

/** Enough for a laptop's lid closed for a minute; who missed more is told to read everything again. */
const REMEMBERED = 1_000;
const MAX_UNSENT_BYTES = 1024 * 1024;

/**
 * `GET /api/v1/stream`: the events the caller may see, as server-sent events named by event, `id` = position in the log,
 * data `{seq, name, subject, time}`. A caller that comes back with Last-Event-ID gets what it missed, or one `reset`
 * when that is no longer known.
 */
export function sseFace(
  app: FastifyInstance,
  { authenticate, subscribe, settled, sees, heartbeatMs = 15_000, maxConnections = 1_000 }: SseFaceOptions,
): Stream {
  const connections = new Set<Connection>();
  const remembered: DomainEvent[] = [];

  // One after the other, so that events come in their order although each may have to be waited for.
  let told: Promise<unknown> = Promise.resolve();
  const unsubscribe = subscribe((event) => {
    told = told
      .then(() => settled?.(event))
      .then(
        () => tell(event),
        () => tell(event),
      );
  });

  async function tell(event: DomainEvent): Promise<void> {
    remembered.push(event);
    if (remembered.length > REMEMBERED) remembered.shift();
    await Promise.all([...connections].map((connection) => deliver(connection, event)));
  }

  const recheck = async (): Promise<void> => {
    await Promise.all([...connections].map((connection) => closeUnlessKnown(authenticate, connection)));
  };
  const heartbeat = setInterval(() => {
    for (const { reply } of connections) reply.raw.write(": still here\n\n");
    void recheck();
  }, heartbeatMs);
  heartbeat.unref();

  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
    clearInterval(heartbeat);
    unsubscribe();
    for (const { reply } of connections) reply.raw.end();
  });

  app.get("/api/v1/stream", { exposeHeadRoute: false }, async (request, reply) => {
    const caller = await authenticate(request);
    if (!caller) throw new UnauthenticatedError("Sign in first.", { mend: "Sign in, or send a token." });
    if (connections.size >= maxConnections) throw new UnavailableError("Too many open streams.", { mend: "Close some windows." });
    const maySee = async (event: DomainEvent): Promise<boolean> => hasScopeFor(caller, event) && (!sees || (await sees(caller, event)));
    const connection: Connection = { request, reply, maySee };
    open(connection);
    // In the same line as the events: none is missed, told twice, or told before one that was missed.
    told = told.then(async () => {
      await resume(connection, remembered);
      if (closing) reply.raw.end();
      if (reply.raw.destroyed || reply.raw.writableEnded) return;
      connections.add(connection);
      reply.raw.once("close", () => connections.delete(connection));
    });
    return reply;
  });

  return { recheck, size: () => connections.size };
}

function open({ reply }: Connection): void {
  const headers = reply.getHeaders();
  reply.hijack();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no" });
  reply.raw.write("retry: 2000\n\n");
}

async function resume(connection: Connection, remembered: readonly DomainEvent[]): Promise<void> {
  const last = lastEventId(connection.request);
  if (last === undefined) return;
  const oldest = remembered[0]?.seq;
  const newest = remembered.at(-1)?.seq;
  if (newest === last) return;
  // Unless the very next event is still known, the gap cannot be filled.
  if (oldest === undefined || newest === undefined || oldest > last + 1n || newest < last) {
    connection.reply.raw.write("event: reset\ndata: {}\n\n");
    return;
  }
  for (const event of remembered) if (event.seq > last) await deliver(connection, event);
}

function lastEventId({ headers, query }: FastifyRequest): bigint | undefined {
  const id = headers["last-event-id"] ?? (query as Record<string, unknown>)["lastEventId"];
  return typeof id === "string" && /^\d{1,18}$/.test(id) ? BigInt(id) : undefined;
}

async function deliver({ reply, maySee }: Connection, event: DomainEvent): Promise<void> {
  // Whoever cannot be judged now is told nothing and comes back with Last-Event-ID.
  const isTold = await maySee(event).catch(() => undefined);
  if (isTold === undefined) return void reply.raw.destroy();
  if (!isTold) return;
  // A caller that does not read would fill our memory; it comes back with Last-Event-ID.
  if (reply.raw.writableLength > MAX_UNSENT_BYTES) return void reply.raw.destroy();
  const data = JSON.stringify({ seq: String(event.seq), name: event.name, subject: event.subject, time: event.time.toISOString() });
  reply.raw.write(`id: ${event.seq}\nevent: ${event.name}\ndata: ${data}\n\n`);
}

/** An event tells no more than its module's lists do, so who may read those may hear it. */
function hasScopeFor({ scopes }: Caller, { name }: DomainEvent): boolean {
  const module = name.split(".", 1)[0] ?? "";
  return scopes.has("*") || scopes.has(module === "identity" ? "identity:audit" : `${module}:read`);
}

async function closeUnlessKnown(authenticate: Authenticate, { request, reply }: Connection): Promise<void> {
  try {
    if (await authenticate(request)) return;
  } catch (error) {
    // Only a clear no ends it: a database that is away for a moment must not cut off everybody.
    if (!(error instanceof UnauthenticatedError)) return;
  }
  reply.raw.end();
}
