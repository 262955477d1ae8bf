import type { Logger } from "@roadbed/core";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import type { BucketRow } from "./bucket-rows.ts";
import { send, type Stores } from "./asked.ts";
import { answerRequest, placeOf } from "./requests.ts";
import { S3Error, xml } from "./s3-error.ts";
import { readSignature } from "./signature.ts";

/** Where programs reach the buckets: a small part of S3's REST API at 127.0.0.1. */
export interface BucketDoor {
  /** Opens it if a bucket was ever made; else the first `open` does. */
  start(): Promise<void>;
  open(): Promise<{ readonly port: number }>;
  port(): number | undefined;
  stop(): Promise<void>;
}

export interface BucketDoorDeps extends Stores {
  /** Of all buckets; the port is noted in it, so that it stays the same. */
  readonly root: string;
  secretOf(bucket: BucketRow): Promise<string>;
  readonly log: Logger;
}

const HOST = "127.0.0.1";

export function createBucketDoor(deps: BucketDoorDeps): BucketDoor {
  const { root, log } = deps;
  const note = join(root, "port");
  let opening: Promise<{ readonly server: Server; readonly port: number }> | undefined;
  let port: number | undefined;

  async function open(): Promise<{ readonly server: Server; readonly port: number }> {
    const server = createServer((request, response) => void answer(deps, request, response));
    await mkdir(root, { recursive: true, mode: 0o700 });
    const noted = Number(await readFile(note, "utf8").catch(() => ""));
    // Whoever took the port meanwhile keeps it: the consumers are told the new one.
    await listen(server, noted).catch(() => listen(server, 0));
    port = (server.address() as AddressInfo).port;
    await writeFile(note, `${port}\n`, { mode: 0o600 });
    return { server, port };
  }
  return {
    async start() {
      if ((await readFile(note, "utf8").catch(() => undefined)) === undefined) return;
      await this.open();
      for (const { name, resource } of await deps.index.all()) {
        const swept = await deps.blobs.sweep(resource, await deps.index.blobs(name));
        if (swept > 0) log.info("files of a bucket that no object names were taken away", { bucket: name, swept });
      }
    },
    async open() {
      opening ??= open().catch((error: unknown) => ((opening = undefined), Promise.reject(error)));
      return opening;
    },
    port: () => port,
    async stop() {
      const both = await opening?.catch(() => undefined);
      opening = undefined;
      if (both === undefined) return;
      both.server.close();
      both.server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, HOST);
  await once(server, "listening");
}

async function answer(deps: BucketDoorDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = randomUUID();
  response.setHeader("x-amz-request-id", id);
  try {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const asked = new URLSearchParams(query);
    const signer = readSignature({ method: request.method ?? "GET", path, query: asked, headers: request.headers }, Date.now());
    const { name, key } = placeOf(path);
    const bucket = name === "" ? undefined : await deps.index.find(name);
    // Whoever has no key of it is not told whether there is a bucket of that name.
    if (bucket === undefined || bucket.access_key !== signer.accessKeyId)
      throw new S3Error("InvalidAccessKeyId", "There is no bucket of that name that this key opens.");
    if (!signer.signedWith(await deps.secretOf(bucket)))
      throw new S3Error("SignatureDoesNotMatch", "The request was signed with another secret, or for another request.");
    await answerRequest(deps, { request, response, bucket, key, query: asked, signer });
  } catch (error) {
    refuse(deps.log, request, response, id, error);
  }
}

function refuse(log: Logger, request: IncomingMessage, response: ServerResponse, id: string, error: unknown): void {
  if (!(error instanceof S3Error)) log.warn("a request to a bucket failed", { error: String(error) });
  if (response.headersSent || response.destroyed) return void response.destroy();
  const said = error instanceof S3Error ? error : new S3Error("InternalError", "It could not be done; see the server's log.");
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${said.code}</Code><Message>${xml(said.message)}</Message><RequestId>${id}</RequestId></Error>`;
  // What was not read of a body is not waited for.
  response.once("finish", () => request.complete || request.destroy());
  send(response, said.status, request.method === "HEAD" ? "" : body, request.complete ? {} : { connection: "close" });
}
