import { createServer } from "node:http";

import { hello } from "./hello.js";

/**
 * The routes of the service, by method and path. Each gets the request's address and answers `{ status?, body }`; what it
 * throws becomes an answer too: an error with a `status` as it is, anything else as 500.
 */
const ROUTES = {
  "GET /": () => ({ body: { service: "${{ values.name }}", try: "api/hello?name=you", health: "healthz" } }),
  "GET /api/hello": (url) => ({ body: hello(url.searchParams.get("name")) }),
};

/** The HTTP server, not yet listening. `drain()` makes it say that it is going away. */
export function createApp({ telemetry }) {
  let draining = false;

  const routes = {
    ...ROUTES,
    // Alive: the process answers. A failing liveness probe restarts it, so nothing else belongs here.
    "GET /healthz": () => ({ body: { status: "ok" } }),
    // Ready: it may be given requests. Ask here whether what it depends on is there.
    "GET /readyz": () => ({ status: draining ? 503 : 200, body: { status: draining ? "draining" : "ok" } }),
  };
  const paths = new Set(Object.keys(routes).map((key) => key.split(" ")[1]));
  const routeOf = (request) => (paths.has(pathOf(request)) ? pathOf(request) : "/{unknown}");

  async function handle(request, response) {
    const { status = 200, body } = await answer(request).catch((error) => toProblem(error, telemetry));
    const text = JSON.stringify(body);
    const type = status >= 400 && status !== 503 ? "application/problem+json" : "application/json";
    response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : text);
  }

  async function answer(request) {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const path = pathOf(request);
    const route = routes[`${method} ${path}`];
    if (route) return route(new URL(request.url, "http://localhost"), request);
    throw Object.assign(new Error(paths.has(path) ? `${method} is not offered here` : `there is nothing at ${path}`), {
      status: paths.has(path) ? 405 : 404,
    });
  }

  return {
    server: createServer(telemetry.instrument((request, response) => void handle(request, response), routeOf)),
    drain: () => void (draining = true),
  };
}

function toProblem(error, telemetry) {
  const status = Number.isInteger(error?.status) ? error.status : 500;
  if (status >= 500) telemetry.log("error", "a request failed", { error: String(error?.stack ?? error) });
  // What went wrong inside is for the log, not for strangers.
  return { status, body: { status, title: status >= 500 ? "Something went wrong." : error.message } };
}

function pathOf(request) {
  try {
    return new URL(request.url, "http://localhost").pathname;
  } catch {
    return "/";
  }
}
