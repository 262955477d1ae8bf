import type { IncomingMessage, ServerResponse } from "node:http";

import type { FastifyInstance, FastifyRequest, HTTPMethods } from "fastify";

import { SECURITY_HEADERS } from "../security/headers.ts";

/** Code that speaks to the socket itself: it reads the body and writes the whole answer. */
export type RawHandler = (req: IncomingMessage, res: ServerResponse, request: FastifyRequest) => Promise<void>;

/**
 * Gives every address under `prefix` to `handle`, body unread: for protocols that are not ours (Git, MCP). A handler
 * that throws before it answered gets a bare 500; the request id is in its headers.
 */
export function mountRaw(
  app: FastifyInstance,
  prefix: string,
  handle: RawHandler,
  methods: HTTPMethods[] = ["GET", "POST", "DELETE"],
): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    for (const url of [prefix, `${prefix}/*`]) {
      scope.route({ method: methods, url, exposeHeadRoute: false, handler: (request, reply) => takeOver(request, reply, handle) });
    }
  });
}

async function takeOver(request: FastifyRequest, reply: import("fastify").FastifyReply, handle: RawHandler): Promise<void> {
  reply.hijack();
  const { raw: res } = reply;
  res.setHeader("x-request-id", request.id);
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value);
  try {
    await handle(request.raw, res, request);
  } catch (error) {
    request.log.error({ error }, `${request.method} ${request.url} failed`);
    if (!res.headersSent) res.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
    res.end("Something went wrong inside Roadbed.\n");
  }
}
