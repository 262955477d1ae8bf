import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".htm": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".xml": "application/xml",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".ico": "image/x-icon",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
  ".wasm": "application/wasm",
  ".pdf": "application/pdf",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
};

interface File {
  readonly path: string;
  readonly size: number;
  readonly etag: string;
}

/** Serves a file below `dir`; a folder is its `index.html`, what is missing is `404.html` where there is one. Hidden files are not served. */
export async function serveSite(dir: string, urlPath: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const found = await findFile(dir, urlPath);
  if (found === "folder") {
    response.writeHead(308, { location: `./${urlPath.split("/").at(-1)}/`, "cache-control": "no-store" }).end();
    return;
  }
  const file = found ?? (await findFile(dir, "/404.html"));
  if (file === undefined || file === "folder") {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end(request.method === "HEAD" ? undefined : "Not found.\n");
    return;
  }
  send(file, found === undefined ? 404 : 200, request, response);
}

function send(file: File, status: number, request: IncomingMessage, response: ServerResponse): void {
  const headers = { etag: file.etag, "cache-control": "no-cache", "x-content-type-options": "nosniff" };
  if (status === 200 && request.headers["if-none-match"] === file.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const type = TYPES[extname(file.path).toLowerCase()] ?? "application/octet-stream";
  response.writeHead(status, { ...headers, "content-type": type, "content-length": file.size });
  if (request.method === "HEAD") response.end();
  else pipeline(createReadStream(file.path), response, () => {});
}

/** "folder" when a slash is missing at the end. Links are followed, but never out of `dir`. */
async function findFile(dir: string, urlPath: string): Promise<File | "folder" | undefined> {
  const parts = decode(urlPath)?.split("/");
  if (parts === undefined || parts.some((part) => part.startsWith(".") || part.includes("\0") || part.includes("\\"))) return undefined;
  const wanted = join(dir, ...parts);
  try {
    const [root, path] = await Promise.all([realpath(dir), realpath(wanted)]);
    if (path !== root && !path.startsWith(root + sep)) return undefined;
    const info = await stat(path);
    if (info.isDirectory()) return urlPath.endsWith("/") ? await findFile(dir, `${urlPath}index.html`) : "folder";
    return info.isFile()
      ? { path, size: info.size, etag: `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}"` }
      : undefined;
  } catch {
    return undefined;
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
