import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";

import cookie from "@fastify/cookie";
import { explainJson, InvalidError, newId, UnavailableError, type Logger } from "@roadbed/core";
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";

import { addHealth, type Check } from "../health/add-health.ts";
import { toProblemBody } from "../problem/problem.ts";
import { sendProblem } from "../problem/send-problem.ts";
import { SECURITY_HEADERS } from "../security/headers.ts";
import { answerUnknownAddress, watchRoutes } from "./unknown-address.ts";
import { answerUnreadable } from "./answer-unreadable.ts";

export interface HttpServerOptions {
  readonly log: Logger;
  /** The parts `/readyz` asks; read at each call, so parts may be added while the server starts. */
  readonly checks: readonly Check[];
  /** Largest body in bytes, where a route does not say otherwise. */
  readonly bodyLimit?: number;
  /** Whether X-Forwarded-* of a proxy in front is believed: true, or the proxy's addresses. */
  readonly trustProxy?: boolean | string;
  /** How long requests under way may take to end after `close()`, in ms; then their connections are cut. */
  readonly drainMs?: number;
}

/**
 * A Fastify instance with what every door needs: request ids, limits, time limits for slow callers, security headers,
 * DomainErrors as problem+json, `/healthz` and `/readyz`, and a `close()` that lets requests under way finish.
 */
export function createHttpServer({
  log,
  checks,
  bodyLimit = 4 * 1024 * 1024,
  trustProxy = false,
  drainMs = 10_000,
}: HttpServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: toFastifyLogger(log),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy,
    requestIdHeader: false,
    genReqId: (request) => saneRequestId(request.headers["x-request-id"]) ?? newId("req"),
    // Slow callers: headers within 15 s, the whole request within 5 minutes (a large push), idle connections 65 s.
    requestTimeout: 300_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
    return503OnClosing: false,
    forceCloseConnections: "idle",
    // Names in paths are entity references: longer than Fastify's 100 characters.
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket),
    frameworkErrors: (error, request, reply) => {
      for (const [name, value] of SECURITY_HEADERS) reply.header(name, value);
      void sendProblem(reply.header("x-request-id", request.id), toProblemBody(error, request.id));
    },
  }) as unknown as FastifyInstance;

  void app.register(cookie);
  readJson(app);
  stopOrderly(app, drainMs);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    for (const [name, value] of SECURITY_HEADERS) reply.header(name, value);
  });
  app.addHook("onResponse", async (request, reply) => {
    log.debug("request", {
      requestId: request.id,
      method: request.method,
      url: pathOf(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
  app.setErrorHandler(async (error, request, reply) => {
    const body = toProblemBody(error, request.id);
    if (body.status >= 500) logFault(log, body.status, error, request);
    if (body.status === 413) await takeRest(request.raw);
    return sendProblem(reply, body);
  });
  const routes = watchRoutes(app);
  app.setNotFoundHandler((request, reply) => answerUnknownAddress(routes, request, reply));
  addHealth(app, checks);
  return app;
}

/** Whoever is still sending does not listen, and would take the end of the connection for a fault: the answer waits for them, a little. */
async function takeRest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  request.resume();
  await finished(request, { signal: AbortSignal.timeout(REST_MS) }).catch(() => {});
}

const REST_MS = 2_000;

/** JSON only, and an empty body is no body: `POST .../cancel` needs none even when a client names a content type. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("text/plain");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    return parse(request, body, (error, value) => done(error === null ? null : unreadable(body, error), value));
  });
}

/** Where the JSON breaks; what is JSON and refused all the same (`__proto__`) keeps its own error. */
function unreadable(body: string, error: Error): Error {
  const why = explainJson(body);
  if (why === "it is valid") return error;
  return new InvalidError(`The body is not valid JSON: ${why}.`, { mend: "Check commas, quotes and brackets.", cause: error });
}

/**
 * While closing: new requests get 503, those under way may finish within `drainMs`. Node closes only connections that
 * have answered something, so those a browser opened in advance are cut by us as soon as nothing is under way.
 */
function stopOrderly(app: FastifyInstance, drainMs: number): void {
  let underWay = 0;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  app.server.on("request", (_request, response) => {
    underWay++;
    response.once("close", () => underWay--);
  });
  app.addHook("preClose", async () => {
    closing = true;
    const deadline = Date.now() + drainMs;
    timer = setInterval(() => {
      if (underWay === 0 || Date.now() > deadline) app.server.closeAllConnections();
    }, 25);
  });
  app.addHook("onClose", async () => clearInterval(timer));
  app.addHook("onRequest", async (_request, reply) => {
    if (!closing) return;
    reply.header("connection", "close");
    throw new UnavailableError("Roadbed is stopping.", { mend: "Try again in a few seconds." });
  });
}

function saneRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && /^[\w.:-]{6,100}$/.test(header) ? header : undefined;
}

function logFault(log: Logger, status: number, error: unknown, request: { id: string; method: string; url: string }): void {
  const fields = { requestId: request.id, method: request.method, url: pathOf(request.url) };
  if (status === 503) return log.warn(error instanceof Error ? error.message : String(error), fields);
  log.error("a request failed", { ...fields, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

/** The address without its query: a query may hold what must not be logged. */
function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? url;
}

/** Fastify's own rare lines (plugins, aborted uploads) in our log. */
function toFastifyLogger(log: Logger): FastifyBaseLogger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (...[first, second]: readonly unknown[]): void => {
      if (typeof first === "string") return log[level](first);
      const { error, err, ...fields } = (first ?? {}) as Record<string, unknown>;
      const cause = error ?? err;
      const text = cause instanceof Error ? { error: cause.stack ?? cause.message } : {};
      log[level](typeof second === "string" ? second : "http", { ...(cause === undefined ? fields : {}), ...text });
    };
  const logger = {
    level: "info",
    trace: write("debug"),
    debug: write("debug"),
    info: write("debug"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("error"),
    silent: () => {},
    child: () => logger,
  };
  return logger as unknown as FastifyBaseLogger;
}
