import { createReadStream, existsSync, readdirSync, statSync, type Stats } from "node:fs";
import { join, relative, sep } from "node:path";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

interface Asset {
  readonly file: string;
  readonly size: number;
  readonly etag: string;
}

/** Addresses that are never pages, even when a browser opens them. */
const NOT_PAGES = ["/api/", "/assets/", "/auth/", "/git/", "/hooks/", "/mcp", "/v1/"];

/**
 * Serves a built single-page app from `dir`: each file by its exact name, `.br` and `.gz` twins made at build when the
 * browser takes them, hashed files under `assets/` for ever, and `index.html` for every page address. The folder is
 * listed at the call, and again when a new build has replaced `index.html`: what is not in the list does not exist, so
 * no path can lead out of it.
 */
export function serveWebApp(app: FastifyInstance, { dir }: { readonly dir: string }): void {
  let assets = listAssets(dir);
  app.get("/*", (request, reply) => {
    const path = decodePath(request.url);
    if (isPage(path, request) && wasRebuilt(dir, assets)) assets = listAssets(dir);
    if (path !== undefined && path !== "/" && assets.has(path)) return sendAsset(assets, path, request, reply);
    if (!isPage(path, request)) return reply.callNotFound();
    if (assets.has("/index.html")) return sendAsset(assets, "/index.html", request, reply);
    return reply.code(503).type("text/plain; charset=utf-8").send("The web app has not been built yet: run npm start.\n");
  });
}

function listAssets(dir: string): ReadonlyMap<string, Asset> {
  if (!existsSync(dir)) return new Map();
  const names = readdirSync(dir, { recursive: true, encoding: "utf8", withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [`/${relative(dir, file).split(sep).join("/")}`, toAsset(file, statSync(file))]),
  );
}

function wasRebuilt(dir: string, assets: ReadonlyMap<string, Asset>): boolean {
  const stats = statSync(join(dir, "index.html"), { throwIfNoEntry: false });
  return stats !== undefined && assets.get("/index.html")?.etag !== toAsset("", stats).etag;
}

function toAsset(file: string, { size, mtimeMs }: Stats): Asset {
  return { file, size, etag: `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"` };
}

function decodePath(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split("?", 1)[0] ?? "/");
  } catch {
    return undefined;
  }
}

/** A page is what a browser navigates to: it asks for HTML, or for anything by a path whose last part names no file. */
function isPage(path: string | undefined, request: FastifyRequest): boolean {
  if (path === undefined || NOT_PAGES.some((prefix) => path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`)))
    return false;
  const { accept } = request.headers;
  if (accept?.includes("text/html")) return true;
  // What takes anything (curl, a link checker) gets the page too; what asks for a file that is not there does not.
  return (accept === undefined || accept === "*/*") && !/\/\/|\.[^/]*$/.test(path);
}

function sendAsset(assets: ReadonlyMap<string, Asset>, path: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { encoding, asset } = chooseEncoding(assets, path, request.headers["accept-encoding"] ?? "");
  reply
    .header("content-type", contentTypeOf(path))
    .header("vary", "accept-encoding")
    .header("etag", asset.etag)
    .header("cache-control", path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (encoding !== undefined) reply.header("content-encoding", encoding);
  if (request.headers["if-none-match"] === asset.etag) return reply.code(304).send();
  reply.header("content-length", asset.size);
  // A HEAD answer drops the stream itself, and keeps the length.
  return reply.send(createReadStream(asset.file));
}

function chooseEncoding(assets: ReadonlyMap<string, Asset>, path: string, accepted: string): { encoding?: string; asset: Asset } {
  for (const [encoding, suffix] of [
    ["br", ".br"],
    ["gzip", ".gz"],
  ] as const) {
    const asset = assets.get(path + suffix);
    if (asset && accepts(accepted, encoding)) return { encoding, asset };
  }
  return { asset: assets.get(path) as Asset };
}

function accepts(header: string, encoding: string): boolean {
  return header.split(",").some((part) => {
    const [name, ...parameters] = part.trim().toLowerCase().split(";");
    return name?.trim() === encoding && !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter));
  });
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  ico: "image/x-icon",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
  woff: "font/woff",
  wasm: "application/wasm",
};

function contentTypeOf(path: string): string {
  return CONTENT_TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
