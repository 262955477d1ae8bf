import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text where it is a string. */
  readonly body?: unknown;
}

/** A double of a system: it speaks the system's protocol in this process, over real HTTP, and notes what it was asked. */
export interface Double {
  readonly url: string;
  readonly asked: Question[];
  close(): Promise<void>;
}

/** `answer` may also take the socket itself, to break off. */
export async function openDouble(
  answer: (question: Question, raw: ServerResponse) => Reply | undefined | Promise<Reply | undefined>,
): Promise<Double> {
  const asked: Question[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
      const question = { method: request.method ?? "GET", url, headers: request.headers, body: Buffer.concat(chunks).toString() };
      asked.push(question);
      const reply = await answer(question, response);
      if (!reply) return;
      const { status = 200, headers = {}, body } = reply;
      const type = typeof body === "string" ? "text/plain" : "application/json";
      response.writeHead(status, { "content-type": type, ...headers });
      response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
