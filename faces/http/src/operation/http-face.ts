import { perform, type Handler, type Runtime } from "@roadbed/core";
import { compressJson } from "@roadbed/http";
import type { FastifyInstance, RouteHandlerMethod } from "fastify";

import { openapi } from "../openapi/openapi.ts";
import { toCall, type CallDeps } from "./caller.ts";
import { makeReadInput } from "./read-input.ts";

export interface HttpFaceOptions extends CallDeps {
  readonly handlers: readonly Handler[];
  readonly runtime: Runtime;
  /** For tests: every answer is parsed by the operation's output schema, and a misfit is a fault (500). */
  readonly checkOutputs?: boolean;
  /** Stands in the OpenAPI document. */
  readonly version?: string;
}

/** Gives every handler its route and serves the OpenAPI document of them all at `/openapi.json`. */
export function httpFace(app: FastifyInstance, options: HttpFaceOptions): void {
  for (const handler of options.handlers) {
    const { method, path } = handler.operation.http;
    app.route({ method, url: toFastifyPath(path), handler: makeRoute(options, handler), exposeHeadRoute: false });
  }
  serveOpenapi(app, options);
}

function makeRoute(options: HttpFaceOptions, handler: Handler): RouteHandlerMethod {
  const { operation } = handler;
  const readInput = makeReadInput(operation);
  return async (request, reply) => {
    const call = await toCall(options, request, reply, operation.public === true);
    // Nobody learns from an answer about fields what only the signed-in may ask: `perform` refuses first.
    const stranger = call.actor.kind === "anonymous" && operation.public !== true;
    const output = await perform(options.runtime, handler, call, stranger ? {} : readInput(request));
    if (options.checkOutputs === true) operation.output.parse(output);
    reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-store");
    const text = JSON.stringify(output ?? {});
    // What a write answers may be a secret that is shown once; only what is read is packed.
    return operation.risk === "read" ? compressJson(reply, text) : text;
  };
}

function serveOpenapi(app: FastifyInstance, { handlers, version }: HttpFaceOptions): void {
  let text: string | undefined;
  app.get("/openapi.json", async (_request, reply) => {
    text ??= JSON.stringify(
      openapi(
        handlers.map(({ operation }) => operation),
        version === undefined ? {} : { version },
      ),
    );
    reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-cache");
    return text;
  });
}

/** `/runs/{id}` as Fastify writes it: `/runs/:id`. */
function toFastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
