import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type AuthInfo,
  type ServerContext,
} from "@modelcontextprotocol/server";
import {
  closestWord,
  DomainError,
  ForbiddenError,
  formatActor,
  UnauthenticatedError,
  type Actor,
  type Call,
  type Handler,
  type Logger,
  type Runtime,
} from "@roadbed/core";
import { mountRaw, toProblemBody, type FastifyInstance, type FastifyRequest } from "@roadbed/http";

import { createResources, type Resources } from "../resource/resources.ts";
import { callTool } from "../tool/call-tool.ts";
import { toolNameOf, toTool, type Tool } from "../tool/to-tool.ts";

/** Who calls, as the bearer token says. */
export interface McpCaller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
  /** A cookie does not count here: a browser would send it for any page. */
  readonly via: "cookie" | "token";
}

export interface McpFaceOptions {
  readonly handlers: readonly Handler[];
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Answers who calls; undefined without a credential. Throws `UnauthenticatedError` for one that is no good. */
  readonly authenticate: (request: FastifyRequest) => Promise<McpCaller | undefined>;
  readonly version?: string;
}

interface Offer {
  readonly tool: Tool;
  readonly handler: Handler;
}

const INSTRUCTIONS = [
  "Roadbed is an internal developer platform: a catalogue of software with its owners, golden paths that make new services, policies, deployments and telemetry.",
  "Find things with catalog_search_query or catalog_entity_list; an entity's reference looks like component:default/orders.",
  "To make something: paths_path_list, then paths_path_show for its form, then paths_path_preview, and only when the verdict is not deny paths_path_run; follow it with paths_run_get.",
  "Errors say what would mend them. Writes take a reason for the audit log.",
].join("\n");

/** Serves MCP (Streamable HTTP) at `/mcp`: one tool per operation the caller may perform, and entities as resources. */
export function mcpFace(app: FastifyInstance, options: McpFaceOptions): void {
  const offers = new Map(options.handlers.map((handler) => [toolNameOf(handler.operation), { handler, tool: toTool(handler.operation) }]));
  const resources = createResources(options.runtime, options.handlers);
  const mcp = createMcpHandler(({ authInfo }) => makeServer(options, offers, resources, authInfo), {
    onerror: (error) => options.log.debug("mcp", { error: error.message }),
  });
  const serve = toNodeHandler(mcp, { onerror: (error) => options.log.error("mcp", { error: error.stack ?? error.message }) });

  app.addHook("preClose", () => mcp.close());
  mountRaw(app, "/mcp", async (req, res, request) => {
    try {
      refuseForeignOrigin(request);
      const caller = await identify(options, request);
      await serve(Object.assign(req, { auth: toAuthInfo(caller, request) }) as NodeIncomingMessageLike, res);
    } catch (error) {
      if (!(error instanceof DomainError) || res.headersSent) throw error;
      const body = toProblemBody(error, request.id);
      if (body.status === 401) res.setHeader("www-authenticate", 'Bearer realm="roadbed"');
      res.writeHead(body.status, { "content-type": "application/problem+json; charset=utf-8" }).end(JSON.stringify(body));
    }
  });
}

/** One server per exchange: it knows its caller, and nothing outlives the request. */
function makeServer(
  options: McpFaceOptions,
  offers: ReadonlyMap<string, Offer>,
  resources: Resources,
  authInfo: AuthInfo | undefined,
): Server {
  const { caller, requestId } = (authInfo?.extra ?? {}) as { caller: McpCaller; requestId: string };
  const server = new Server(
    { name: "roadbed", title: "Roadbed", version: options.version ?? "0.1.0" },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  const callOf = (ctx: ServerContext): Call => ({
    actor: caller.actor,
    scopes: caller.scopes,
    face: "mcp",
    requestId,
    signal: ctx.mcpReq.signal,
  });

  server.setRequestHandler("tools/list", () => ({
    tools: [...offers.values()].filter(({ handler }) => mayUse(caller, handler)).map(({ tool }) => tool),
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const offer = offers.get(params.name);
    if (!offer) throw unknownTool(params.name, offers.keys());
    return server.projectCallToolResult(
      await callTool(options, offer.handler, callOf(ctx), params.arguments ?? {}),
      offer.tool.outputSchema,
    );
  });
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: resources.templates }));
  server.setRequestHandler("resources/list", ({ params }, ctx) => told("", () => resources.list(callOf(ctx), params?.cursor)));
  server.setRequestHandler("resources/read", async ({ params }, ctx) => ({
    contents: [await told(params.uri, () => resources.read(callOf(ctx), params.uri))],
  }));
  return server;
}

/** Shows an agent only what it may do: a tool that always refuses is a waste of its time. `perform` decides all the same. */
function mayUse({ scopes }: McpCaller, { operation }: Handler): boolean {
  return operation.public === true || scopes.has("*") || scopes.has(operation.scope);
}

async function identify({ authenticate }: McpFaceOptions, request: FastifyRequest): Promise<McpCaller> {
  const caller = await authenticate(request);
  if (caller?.via === "token") return caller;
  throw new UnauthenticatedError("An agent needs an access token.", {
    mend: "Send the header Authorization: Bearer <token>; make one with roadbed token create.",
  });
}

/** A browser page of another site that learnt a token must not use it from there, nor reach us under a false name. */
function refuseForeignOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined || origin === `${request.protocol}://${request.host}`) return;
  throw new ForbiddenError("The request comes from another site.", { mend: "Agents send no Origin." });
}

function toAuthInfo(caller: McpCaller, request: FastifyRequest): AuthInfo {
  return { token: "", clientId: formatActor(caller.actor), scopes: [...caller.scopes], extra: { caller, requestId: request.id } };
}

function unknownTool(name: string, known: Iterable<string>): ProtocolError {
  const near = closestWord(name.replaceAll(".", "_"), known);
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `There is no tool ${name}.${near === undefined ? "" : ` Did you mean ${near}?`}`,
  );
}

/** Resources have no error results, only protocol errors. */
async function told<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    if (error.code === "NOT_FOUND" || error.code === "INVALID") throw new ResourceNotFoundError(uri, error.message);
    throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `${error.code}: ${error.message}`);
  }
}
