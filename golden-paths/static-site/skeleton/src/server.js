import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { startTelemetry } from "./telemetry.js";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..");
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** Serves the built site; answers its port and the way to stop it. */
export async function start({ env = process.env, folder = join(HOME, "public"), telemetry = startTelemetry({ serviceName: "${{ values.name }}", env }) } = {}) {
  // The whole site is in memory: what was not built cannot be asked for, by no path whatever.
  const files = await readFiles(folder);
  if (!files.has("/index.html")) throw new Error("public/index.html is not there: run `npm run build` first");
  let draining = false;

  const server = createServer(telemetry.instrument(handle, routeOf));
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(env.PORT ?? 8080), env.HOST ?? "0.0.0.0", resolve);
  });
  telemetry.log("info", "listening", { port: server.address().port, files: files.size });

  function handle(request, response) {
    const path = pathOf(request);
    if (path === "/healthz") return sendText(response, 200, "ok");
    if (path === "/readyz") return sendText(response, draining ? 503 : 200, draining ? "draining" : "ok");
    if (request.method !== "GET" && request.method !== "HEAD") return sendText(response, 405, "not offered");
    const found = files.get(path) ?? files.get(`${path.replace(/\/$/, "")}/index.html`);
    const file = found ?? files.get("/404.html");
    if (file === undefined) return sendText(response, 404, "not found");
    if (found !== undefined && request.headers["if-none-match"] === file.etag) return response.writeHead(304, { etag: file.etag }).end();
    response.writeHead(found === undefined ? 404 : 200, {
      "content-type": file.type,
      "content-length": file.data.length,
      "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
      etag: file.etag,
    });
    response.end(request.method === "HEAD" ? undefined : file.data);
  }

  /** One route for all assets: a name with a digest in it would be a new route with every build. */
  function routeOf(request) {
    const path = pathOf(request);
    if (path.startsWith("/assets/")) return "/assets/{file}";
    return files.has(path) || path === "/" || path === "/healthz" || path === "/readyz" ? path : "/{unknown}";
  }

  return {
    port: server.address().port,
    async stop() {
      draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), 5000);
      await closed;
      clearTimeout(force);
      await telemetry.shutdown();
    },
  };
}

async function readFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map();
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const data = await readFile(file);
    files.set(file.slice(folder.length).replaceAll("\\", "/"), {
      data,
      type: TYPES[extname(file)] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(data).digest("hex").slice(0, 16)}"`,
      immutable: /\.[0-9a-f]{8}(\.[^.]+)?$/.test(file),
    });
  }
  return files;
}

function pathOf(request) {
  try {
    return decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  } catch {
    return "/";
  }
}

function sendText(response, status, text) {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const site = await start();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, async () => {
      await site.stop();
      process.exit(0);
    });
  }
}
