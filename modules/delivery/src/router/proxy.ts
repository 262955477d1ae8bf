import {
  request as send,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";

import { answerPage } from "./pages.ts";
import { pickBackend, type Table, type Target } from "./table.ts";

/** Cookies of the platform: a workload is not to read them, nor to set them, although it lives on the same host. */
const PLATFORM_COOKIE = /^\s*roadbed_/i;
/** What a browser would apply to the whole host or to all workloads, whichever of them said it. */
const HOST_WIDE = new Set(["clear-site-data", "service-worker-allowed", "strict-transport-security", "alt-svc"]);
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

export function proxyRequest(table: Table, target: Target, request: IncomingMessage, response: ServerResponse): void {
  const port = portOf(target);
  if (port === undefined) return answerPage(request, response, target);
  const leave = table.enter(port);
  response.once("close", leave);
  const bodyless = request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined;

  const attempt = (again: boolean): void => {
    const upstream = send({
      host: "127.0.0.1",
      port,
      method: request.method,
      path: target.path + target.query,
      headers: { ...forwardedHeaders(request, target, port), ...(bodyless ? {} : lengthOf(request.headers)) },
      // A second try takes a new connection: the kept one may have been closed by the other side just now.
      agent: again ? false : table.agentOf(port),
    });
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answeredHeaders(answer.headers, target));
      pipeline(answer, response, () => {});
    });
    upstream.once("error", (error: NodeJS.ErrnoException) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (!again && bodyless && isStale(upstream, error)) return attempt(true);
      answerPage(request, response, {
        ...target,
        state: { kind: "absent", why: "crashed", detail: `It did not answer (${error.code ?? error.message}).` },
      });
    });
    response.once("close", () => upstream.destroy());
    if (bodyless) upstream.end();
    else pipeline(request, upstream, () => {});
  };
  attempt(false);
}

/** WebSockets and whatever else begins with `Upgrade`: after the answer, bytes go both ways untouched. */
export function proxyUpgrade(table: Table, target: Target, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const port = portOf(target);
  if (port === undefined) return void socket.destroy();
  const leave = table.enter(port);
  // Two pipelines and what the server itself listens to are more than the ten that Node takes for a leak.
  socket.setMaxListeners(30);
  socket.once("close", leave);
  socket.on("error", () => socket.destroy());
  const headers = { ...forwardedHeaders(request, target, port), connection: "Upgrade", upgrade: request.headers.upgrade };
  const upstream = send({ host: "127.0.0.1", port, method: request.method, path: target.path + target.query, headers });
  upstream.once("upgrade", (answer, other, otherHead) => {
    const lines = Object.entries({
      ...answeredHeaders(answer.headers, target),
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
    socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    answer.resume();
  });
  upstream.once("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
  socket.once("close", () => upstream.destroy());
  upstream.end();
}

/** When one side is done, the other gets a moment to say its last words; a side that never ends must not hold its socket for ever. */
function endSoon(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
}

function portOf({ state }: Target): number | undefined {
  return state.kind === "process" ? pickBackend(state.backends, Math.random())?.port : undefined;
}

function isStale(upstream: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return upstream.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function forwardedHeaders(request: IncomingMessage, { prefix }: Target, port: number): OutgoingHttpHeaders {
  const { cookie, ...rest } = request.headers;
  const named = new Set(
    String(request.headers.connection ?? "")
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  const kept = Object.entries(rest).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name) && name !== "content-length");
  const cookies = cookie
    ?.split(";")
    .filter((one) => !PLATFORM_COOKIE.test(one))
    .join(";")
    .trim();
  const before = request.headers["x-forwarded-for"];
  return {
    ...Object.fromEntries(kept),
    ...(cookies ? { cookie: cookies } : {}),
    host: `127.0.0.1:${port}`,
    "x-forwarded-prefix": prefix,
    "x-forwarded-host": request.headers["x-forwarded-host"] ?? request.headers.host ?? "",
    "x-forwarded-proto": request.headers["x-forwarded-proto"] ?? "http",
    "x-forwarded-for": [before, request.socket.remoteAddress].filter(Boolean).join(", "),
  };
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

function answeredHeaders(headers: IncomingHttpHeaders, { prefix }: Target): OutgoingHttpHeaders {
  const { "set-cookie": cookies, location, ...rest } = headers;
  const kept = Object.entries(rest).filter(([name]) => !HOP_BY_HOP.has(name) && !HOST_WIDE.has(name));
  const ours = cookies?.flatMap((cookie) => ownCookie(cookie, prefix) ?? []);
  return {
    ...Object.fromEntries(kept),
    ...(ours && ours.length > 0 ? { "set-cookie": ours } : {}),
    // The workload does not know under which address it is served; its own absolute paths begin behind the prefix.
    ...(location === undefined
      ? {}
      : { location: /^\/(?!\/)/.test(location) && !location.startsWith(`${prefix}/`) ? prefix + location : location }),
  };
}
