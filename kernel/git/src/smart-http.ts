import { randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

import { DomainError, type ErrorCode, InvalidError, type Logger, NotFoundError, TooLargeError, UnauthenticatedError } from "@roadbed/core";

import { isRepositoryName } from "./names.ts";
import { openRepositories } from "./repositories.ts";
import { collectText, exitOf, redactCredentials, spawnGit } from "./run-git.ts";

/** A branch that a push moved. `before` is all zeros for a new branch, `after` for a removed one. */
export interface Push<A> {
  readonly repository: string;
  readonly branch: string;
  readonly before: string;
  readonly after: string;
  readonly actor: A;
}

export interface SmartHttpOptions<A> {
  /** The folder of `openRepositories`. */
  readonly root: string;
  readonly log: Logger;
  /** Where it is mounted; default `/git/`. */
  readonly prefix?: string;
  /** Largest push in bytes, unpacked from gzip; default 512 MB. */
  readonly maxPushBytes?: number;
  /** Who it is, when they may; undefined asks the client for a name and password. May throw a `DomainError` (forbidden, too many). */
  authorize(request: IncomingMessage, repository: string, access: "read" | "write"): Promise<{ readonly actor: A } | undefined>;
  /** Called once per moved branch before the client is told that the push is over. The push stands even if this throws. */
  onPush(push: Push<A>): Promise<void>;
}

const MAX_PUSH_BYTES = 512 * 2 ** 20;
/** What a client sends to fetch: a list of commits it has. */
const MAX_FETCH_BYTES = 32 * 2 ** 20;
/** What the platform keeps for itself is neither shown to clients nor written by them. */
const HIDDEN = "transfer.hideRefs=refs/roadbed";
const ROUTE = /^([^/]+)\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;
const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  TOO_MANY: 429,
  UNAVAILABLE: 503,
};
const HEADERS = { "cache-control": "no-cache, max-age=0, must-revalidate", pragma: "no-cache", expires: "Fri, 01 Jan 1980 00:00:00 GMT" };

/**
 * Git's smart HTTP protocol, versions 0 to 2, by the real `upload-pack` and `receive-pack`
 * (https://git-scm.com/docs/http-protocol). Which branches a push moved is told by git itself, through a hook of ours that
 * writes them down, so that pushes side by side are never mixed up.
 */
export function createSmartHttp<A>(options: SmartHttpOptions<A>): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const repositories = openRepositories(options.root);
  const hooks = join(repositories.root, ".hooks");
  let hooksReady: Promise<void> | undefined;

  return async (request, response) => {
    try {
      const target = readTarget(request, options.prefix ?? "/git/");
      const identity = await options.authorize(request, target.repository, target.service === "receive-pack" ? "write" : "read");
      if (identity === undefined) throw new UnauthenticatedError("Sign in with a token as the password.");
      if (!(await repositories.exists(target.repository))) throw new NotFoundError("repository", target.repository);
      const gitDir = join(repositories.root, `${target.repository}.git`);
      if (target.advertise) return await advertise(request, response, target, gitDir);
      if (target.service === "upload-pack") return await uploadPack(request, response, gitDir);
      await (hooksReady ??= writeHooks(hooks));
      await receivePack({ ...options, request, response, gitDir, hooks, repository: target.repository, actor: identity.actor });
    } catch (error) {
      answerError(options.log, response, error);
    }
  };
}

interface Target {
  readonly repository: string;
  readonly service: "upload-pack" | "receive-pack";
  readonly advertise: boolean;
}

function readTarget(request: IncomingMessage, prefix: string): Target {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, repository = "", action = ""] = ROUTE.exec(url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : "") ?? [];
  const advertise = action === "info/refs";
  const service = (advertise ? url.searchParams.get("service") : action)?.replace(/^git-/, "");
  const known = service === "upload-pack" || service === "receive-pack";
  if (!isRepositoryName(repository) || !known || request.method !== (advertise ? "GET" : "POST")) {
    throw new NotFoundError("Git address", url.pathname.slice(0, 200), "Only Git's smart HTTP protocol is spoken here.");
  }
  // A page in a browser cannot send this type to another origin without being asked first.
  if (!advertise && request.headers["content-type"] !== `application/x-git-${service}-request`) {
    throw new NotFoundError("Git service", service, `The content type must be application/x-git-${service}-request.`);
  }
  return { repository, service, advertise };
}

async function advertise(request: IncomingMessage, response: ServerResponse, { service }: Target, gitDir: string): Promise<void> {
  const env = protocolOf(request);
  const child = spawnGit({ args: [service, "--stateless-rpc", "--advertise-refs", "--", gitDir], env, settings: [HIDDEN] });
  child.stdin.end();
  prepare(response, `application/x-git-${service}-advertisement`);
  if (env.GIT_PROTOCOL?.includes("version=2") !== true) response.write(`${packetLine(`# service=git-${service}\n`)}0000`);
  await Promise.all([pipeline(child.stdout, response), exitOf(child)]);
}

async function uploadPack(request: IncomingMessage, response: ServerResponse, gitDir: string): Promise<void> {
  const child = spawnGit({ args: ["upload-pack", "--stateless-rpc", "--", gitDir], env: protocolOf(request), settings: [HIDDEN] });
  response.once("close", () => child.kill("SIGKILL"));
  prepare(response, "application/x-git-upload-pack-result");
  const [, , code] = await Promise.all([
    feed(request, child.stdin, MAX_FETCH_BYTES),
    pipeline(child.stdout, response, { end: false }).catch(() => child.stdout.resume()),
    exitOf(child),
  ]);
  finish(response, code);
}

interface ReceiveCall<A> extends SmartHttpOptions<A> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gitDir: string;
  readonly hooks: string;
  readonly repository: string;
  readonly actor: A;
}

async function receivePack<A>(call: ReceiveCall<A>): Promise<void> {
  const { request, response, gitDir, hooks } = call;
  const maxBytes = call.maxPushBytes ?? MAX_PUSH_BYTES;
  const received = join(hooks, `${randomUUID()}.moved`);
  const settings = [
    HIDDEN,
    `core.hooksPath=${hooks}`,
    `receive.maxInputSize=${maxBytes}`,
    "receive.fsckObjects=true",
    "receive.advertisePushOptions=false",
  ];
  const child = spawnGit({
    args: ["receive-pack", "--stateless-rpc", "--", gitDir],
    settings,
    env: { ...protocolOf(request), GIT_PUSH_RECEIVED: received },
  });
  const [stderr, ended] = [collectText(child), exitOf(child)];
  // A client that goes away before it has sent everything must not leave a half pack waiting; after that git is left to finish.
  request.once("aborted", () => child.kill("SIGTERM"));
  prepare(response, "application/x-git-receive-pack-result");
  try {
    await Promise.all([
      feed(request, child.stdin, maxBytes),
      pipeline(child.stdout, response, { end: false }).catch(() => child.stdout.resume()),
      ended,
    ]);
    const code = await ended;
    if (code !== 0) call.log.warn("a push was not accepted", { repository: call.repository, code, git: redactCredentials(stderr()) });
  } finally {
    await ended.catch(() => {});
    await announce(call, received);
  }
  finish(response, await ended);
}

/** The head goes out with git's first byte, so that a git that dies without a word can still be answered with an error. */
function prepare(response: ServerResponse, contentType: string): void {
  for (const [name, value] of Object.entries({ ...HEADERS, "content-type": contentType })) response.setHeader(name, value);
}

function finish(response: ServerResponse, code: number | null): void {
  if (code !== 0 && !response.headersSent) throw new InvalidError("git could not make sense of the request.");
  response.end();
}

/** Tells what this push moved, whatever became of the client meanwhile. */
async function announce<A>(call: ReceiveCall<A>, received: string): Promise<void> {
  const { repository, actor, log } = call;
  const lines = await readFile(received, "utf8").catch(() => "");
  await rm(received, { force: true });
  for (const line of lines.split("\n")) {
    const [before = "", after = "", ref = ""] = line.split(" ");
    if (!ref.startsWith("refs/heads/")) continue;
    const branch = ref.slice("refs/heads/".length);
    await call.onPush({ repository, branch, before, after, actor }).catch((error: unknown) => {
      log.error("a push was stored but could not be announced", { repository, branch, after, error: String(error) });
    });
  }
}

/** `post-receive` is given exactly the refs that this push has moved, one `before after ref` per line. */
async function writeHooks(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const draft = join(dir, `.${randomUUID()}`);
  await writeFile(draft, '#!/bin/sh\nexec cat > "$GIT_PUSH_RECEIVED"\n');
  await chmod(draft, 0o755);
  await rename(draft, join(dir, "post-receive"));
}

async function feed(request: IncomingMessage, stdin: NodeJS.WritableStream, maxBytes: number): Promise<void> {
  const zipped = request.headers["content-encoding"] === "gzip" || request.headers["content-encoding"] === "x-gzip";
  try {
    await pipeline([request, ...(zipped ? [createGunzip()] : []), limit(maxBytes), stdin] as never);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code.startsWith("Z_")) throw new InvalidError("The request is not the gzip that it says it is.", { cause: error });
    // git saying no early closes its input, and why it does it says on its output; a client that went away needs no answer.
    if (!["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"].includes(code)) throw error;
  }
}

function limit(maxBytes: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > maxBytes ? new TooLargeError(`The request is larger than ${maxBytes} bytes.`) : null, chunk);
    },
  });
}

function protocolOf(request: IncomingMessage): Record<string, string> {
  const wanted = request.headers["git-protocol"];
  return typeof wanted === "string" && /^[a-z0-9=:]{1,100}$/.test(wanted) ? { GIT_PROTOCOL: wanted } : {};
}

function packetLine(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

function answerError(log: Logger, response: ServerResponse, error: unknown): void {
  const known = error instanceof DomainError;
  if (!known) log.error("a Git request failed", { error: redactCredentials(String(error)) });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = known ? (STATUS[error.code] ?? 400) : 500;
  const text = known ? [error.message, error.mend].filter(Boolean).join(" ") : "The server could not answer.";
  response.writeHead(status, {
    ...HEADERS,
    "content-type": "text/plain; charset=utf-8",
    // Without this the rest of a refused upload would have to be read to its end.
    connection: "close",
    ...(status === 401 ? { "www-authenticate": 'Basic realm="Git", charset="UTF-8"' } : {}),
  });
  response.end(`${text}\n`);
}
