import http from "node:http";
import https from "node:https";

import { parseError } from "@clickhouse/client";

/** A connection for raw bodies, which the general client would turn into streams and copy. */
export interface Poster {
  /** Resolves when the server answered 200. Throws `ClickHouseError`, or what broke the connection. */
  post(params: Readonly<Record<string, string>>, body: Uint8Array): Promise<void>;
  close(): void;
}

export interface PosterOptions {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly timeoutMs: number;
}

export function createPoster(o: PosterOptions): Poster {
  const { request, Agent } = o.url.startsWith("https:") ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: 30_000 });
  const headers = { "X-ClickHouse-User": o.username, "X-ClickHouse-Key": o.password };

  return {
    post: (params, body) =>
      new Promise((resolve, reject) => {
        const url = new URL(o.url);
        for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
        const options = { method: "POST", agent, headers: { ...headers, "Content-Length": body.byteLength }, timeout: o.timeoutMs };
        const sent = request(url, options, (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("error", reject);
          response.on("end", () => {
            if (response.statusCode === 200) resolve();
            else reject(parseError(Buffer.concat(parts).toString("utf8")));
          });
        });
        sent.on("timeout", () => sent.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })));
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
