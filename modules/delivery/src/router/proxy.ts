import {
  request as send,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";

import { armOf, chooseBackend, type Choice } from "./choose.ts";
import type { ArmMeter, Outcome } from "./metrics.ts";
import { mirrorRequest, type Mirrored } from "./mirror.ts";
import { answerPage } from "./pages.ts";
import type { Table, Target } from "./table.ts";

/** Cookies of the platform: a workload is not to read them, nor to set them, although it lives on the same host. */
const PLATFORM_COOKIE = /^\s*roadbed_/i;
/** What a browser would apply to the whole host or to all workloads, whichever of them said it. */
const HOST_WIDE = new Set(["clear-site-data", "service-worker-allowed", "strict-transport-security", "alt-svc"]);
/** Said anew. */
const NOT_PASSED_ON = new Set(["cookie", "content-length"]);
const LAST_WORDS_MS = 2_000;
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is sent piece by piece as it comes to be: events, lines of JSON. */
const STREAMED = /^(text\/event-stream|application\/(x-ndjson|jsonl|stream\+json))\b/i;

/** How long an answer may take to begin, unless the workload says otherwise. */
const ANSWER_MS = 60_000;

export function proxyRequest(table: Table, target: Target, request: IncomingMessage, response: ServerResponse): void {
  const first = choose(target, request);
  if (first === undefined) return answerPage(request, response, target);
  const bodyless = isBodyless(request);
  const mirrored = mirror(table, target, request, bodyless);
  const { rules } = processOf(target);
  let gone = (): void => {};
  response.once("close", () => gone());

  const attempt = (choice: Choice, how: Attempt): void => {
    const { port } = choice.backend;
    const leave = table.enter(port);
    const meter = table.meterOf(target.key, armOf(choice.backend));
    const [tell, began] = [once(meter, choice.routed), performance.now()];
    const call = send({
      host: "127.0.0.1",
      port,
      method: request.method,
      path: target.path + target.query,
      headers: { ...forwardedHeaders(request, target, port), ...(bodyless ? {} : lengthOf(request.headers)) },
      agent: how === "first" ? table.agentOf(port) : false,
    });
    gone = () => {
      tell("abandoned", 0);
      leave();
      call.destroy();
    };
    // From when it was asked all: how long a caller takes to send is not the workload's doing.
    let late: NodeJS.Timeout | undefined;
    call.once("finish", () => {
      late = setTimeout(() => call.destroy(new LateError()), rules?.answerMs ?? ANSWER_MS).unref();
    });
    call.once("close", () => clearTimeout(late));
    call.once("response", (answer) => {
      clearTimeout(late);
      tell("answered", answer.statusCode ?? 502);
      const streamed = STREAMED.test(answer.headers["content-type"] ?? "");
      if (streamed) answer.once("data", () => meter.streamed(performance.now() - began, choice.routed));
      mirrored?.answered(answer);
      // HTTP/2 has no words beside the number.
      if (request.httpVersionMajor < 2) response.statusMessage = answer.statusMessage ?? "";
      response.writeHead(answer.statusCode ?? 502, answeredHeaders(answer.headers, target, choice.cookie));
      // Node keeps them back until there is a body: of events there may be none for hours, and whoever waits is to know that they will come.
      if (streamed) response.flushHeaders();
      passOn(answer, response);
    });
    call.once("error", (error: NodeJS.ErrnoException) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (how === "first" && bodyless && isStale(call, error)) {
        leave();
        return attempt(choice, "anew");
      }
      tell(error instanceof LateError ? "timedOut" : "unanswered", 502);
      const other = how !== "elsewhere" && mayGoElsewhere(request, bodyless, error) ? elsewhere(target, choice) : undefined;
      // It ended and nobody has noticed yet: what answers beside it is asked instead, and only its own figures know.
      if (other !== undefined) {
        leave();
        return attempt(other, "elsewhere");
      }
      mirrored?.lost();
      answerFailure(request, response, target, error);
    });
    if (bodyless) call.end();
    else pipeline(request, call, () => {});
  };
  attempt(first, "first");
}

/** `anew`: by a new connection, since the kept one may have been closed by the other side just now. `elsewhere`: by another process. */
type Attempt = "first" | "anew" | "elsewhere";

/** Once only, so that a request that kills whoever is asked does not go round; and only where it did nothing, or may be done twice. */
function mayGoElsewhere({ method }: IncomingMessage, bodyless: boolean, { code }: NodeJS.ErrnoException): boolean {
  return bodyless && (code === "ECONNREFUSED" || (code === "ECONNRESET" && (method === "GET" || method === "HEAD")));
}

class LateError extends Error {}

function answerFailure(request: IncomingMessage, response: ServerResponse, target: Target, error: NodeJS.ErrnoException): void {
  const absent =
    error instanceof LateError
      ? ({ kind: "absent", why: "late" } as const)
      : ({ kind: "absent", why: "crashed", detail: `It did not answer (${error.code ?? error.message}).` } as const);
  answerPage(request, response, { ...target, state: absent });
}

/** A request has one outcome, whatever happens after it. */
function once(meter: ArmMeter, routed: boolean): (outcome: Outcome, status: number) => void {
  const began = performance.now();
  let told = false;
  return (outcome, status) => {
    if (!told) meter.outcome(outcome, status, performance.now() - began, routed);
    told = true;
  };
}

function mirror(table: Table, target: Target, request: IncomingMessage, bodyless: boolean): Mirrored | undefined {
  const { backends, rules } = processOf(target);
  if (rules?.mirror === undefined || Math.random() >= rules.mirror.share) return undefined;
  const { arm, unsafe = false } = rules.mirror;
  const backend = backends.find((one) => armOf(one) === arm);
  if (backend === undefined) return undefined;
  return mirrorRequest({
    port: backend.port,
    method: request.method ?? "GET",
    path: target.path + target.query,
    headers: forwardedHeaders(request, target, backend.port),
    body: bodyless ? undefined : request,
    unsafe,
    meter: table.meterOf(target.key, arm),
  });
}

/** Another process of the same arm, else one of the stable release. */
function elsewhere(target: Target, { backend, routed }: Choice): Choice | undefined {
  const others = processOf(target).backends.filter(({ port, weight }) => port !== backend.port && weight > 0);
  const other = others.find((one) => armOf(one) === armOf(backend)) ?? others.find((one) => armOf(one) === "stable");
  return other && { backend: other, routed };
}

/** WebSockets and whatever else begins with `Upgrade`: after the answer, bytes go both ways untouched. */
export function proxyUpgrade(table: Table, target: Target, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const choice = choose(target, request);
  if (choice === undefined) return void socket.destroy();
  const { port } = choice.backend;
  const tell = once(table.meterOf(target.key, armOf(choice.backend)), choice.routed);
  const leave = table.enter(port);
  // Two pipelines and what the server itself listens to are more than the ten that Node takes for a leak.
  socket.setMaxListeners(30);
  socket.once("close", leave);
  socket.on("error", () => socket.destroy());
  const headers = { ...forwardedHeaders(request, target, port), connection: "Upgrade", upgrade: request.headers.upgrade };
  const upstream = send({ host: "127.0.0.1", port, method: request.method, path: target.path + target.query, headers });
  upstream.once("upgrade", (answer, other, otherHead) => {
    tell("answered", 101);
    const lines = Object.entries({
      ...answeredHeaders(answer.headers, target, choice.cookie),
      connection: "Upgrade",
      upgrade: answer.headers.upgrade ?? "",
    });
    const text = lines.flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}\r\n`)).join("");
    socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${text}\r\n`);
    if (otherHead.length > 0) socket.write(otherHead);
    if (head.length > 0) other.write(head);
    pipeline(socket, other, () => endSoon(other));
    pipeline(other, socket, () => endSoon(socket));
  });
  upstream.once("response", (answer) => {
    tell("answered", answer.statusCode ?? 502);
    socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    answer.resume();
  });
  upstream.once("error", () => {
    tell("unanswered", 502);
    socket.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  socket.once("close", () => upstream.destroy());
  upstream.end();
}

/** When one side is done, the other gets a moment to say its last words; a side that never ends must not hold its socket for ever. */
function endSoon(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
}

function choose(target: Target, request: IncomingMessage): Choice | undefined {
  const { backends, rules } = processOf(target);
  return chooseBackend(backends, rules, request.headers, Math.random);
}

function processOf({ state }: Target): Extract<Target["state"], { kind: "process" }> {
  return state.kind === "process" ? state : { kind: "process", backends: [] };
}

/** HTTP/2 has frames and needs no header to say that a body follows. */
function isBodyless(request: IncomingMessage): boolean {
  if (request.httpVersionMajor >= 2) return (request as unknown as Http2ServerRequest).stream.endAfterHeaders;
  return request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined;
}

function isStale(upstream: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return upstream.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

/** `pipeline` does the same at three times the price. That the caller left is heard by whoever made the call. */
function passOn(answer: IncomingMessage, response: ServerResponse): void {
  answer.once("error", () => response.destroy());
  answer.once("close", () => {
    if (!answer.complete) response.destroy();
  });
  answer.pipe(response);
}

function forwardedHeaders({ headers, socket }: IncomingMessage, { prefix }: Target, port: number): OutgoingHttpHeaders {
  const named = headers.connection === undefined ? undefined : new Set(headers.connection.toLowerCase().split(/\s*,\s*/));
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || NOT_PASSED_ON.has(name) || name.startsWith(":") || named?.has(name) === true) continue;
    kept[name] = headers[name];
  }
  const cookies = headers.cookie
    ?.split(";")
    .filter((one) => !PLATFORM_COOKIE.test(one))
    .join(";")
    .trim();
  if (cookies) kept["cookie"] = cookies;
  kept["host"] = `127.0.0.1:${port}`;
  kept["x-forwarded-prefix"] = prefix;
  kept["x-forwarded-host"] = headers["x-forwarded-host"] ?? headers.host ?? headers[":authority"] ?? "";
  kept["x-forwarded-proto"] = headers["x-forwarded-proto"] ?? "http";
  kept["x-forwarded-for"] = [headers["x-forwarded-for"], socket.remoteAddress].filter(Boolean).join(", ");
  return kept;
}

/** A workload's cookie, kept to its own part of the host; undefined for one that would pass for the platform's. */
function ownCookie(cookie: string, prefix: string): string | undefined {
  const [pair = "", ...attributes] = cookie.split(";");
  // Without a name, the value is all that is sent back, and may look like a name and a value.
  if (PLATFORM_COOKIE.test(pair) || /^\s*=|^[^=]*$/.test(pair)) return undefined;
  const isPath = (attribute: string): boolean => /^\s*path\s*(?:=|$)/i.test(attribute);
  // Of several, browsers take the last.
  const wanted = attributes.findLast(isPath)?.split("=")[1]?.trim();
  const kept = attributes.filter((attribute) => !isPath(attribute));
  return [pair, ` Path=${prefix}${wanted?.startsWith("/") === true ? wanted : "/"}`, ...kept].join(";");
}

function lengthOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const length = headers["content-length"];
  return length === undefined ? { "transfer-encoding": "chunked" } : { "content-length": length };
}

function answeredHeaders(headers: IncomingHttpHeaders, { prefix }: Target, sticky?: string): OutgoingHttpHeaders {
  const { "set-cookie": cookies, location, ...rest } = headers;
  const kept = Object.entries(rest).filter(([name]) => !HOP_BY_HOP.has(name) && !HOST_WIDE.has(name));
  const ours = [
    ...(cookies?.flatMap((cookie) => ownCookie(cookie, prefix) ?? []) ?? []),
    ...(sticky === undefined ? [] : [`${sticky}; Path=${prefix}/; HttpOnly; SameSite=Lax`]),
  ];
  return {
    ...Object.fromEntries(kept),
    ...(ours.length > 0 ? { "set-cookie": ours } : {}),
    // The workload does not know under which address it is served; its own absolute paths begin behind the prefix.
    ...(location === undefined
      ? {}
      : { location: /^\/(?!\/)/.test(location) && !location.startsWith(`${prefix}/`) ? prefix + location : location }),
  };
}
