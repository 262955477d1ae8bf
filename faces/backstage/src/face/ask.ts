import { perform, type Actor, type Call, type Handler, type InputOf, type Operation, type OutputOf, type Runtime } from "@roadbed/core";
import { onClientGone, requireSameOrigin, type FastifyReply, type FastifyRequest } from "@roadbed/http";

/** Who calls, as the credential of the request says. */
interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
  readonly via: "cookie" | "token";
}

/** Answers who calls; undefined when the request carries no credential. Throws `UnauthenticatedError` for one that is no good. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller | undefined>;

/** Performs an operation for whoever sent the request. */
export type Ask = <O extends Operation>(
  operation: O,
  request: FastifyRequest,
  reply: FastifyReply,
  input: InputOf<O>,
) => Promise<OutputOf<O>>;

export function createAsk(o: {
  readonly handlers: readonly Handler[];
  readonly runtime: Runtime;
  readonly authenticate: Authenticate;
  readonly allowedOrigins?: readonly string[];
}): Ask {
  const handlers = new Map(o.handlers.map((handler) => [handler.operation.name, handler]));
  /** One request may ask several times, but there is one caller. */
  const calls = new WeakMap<FastifyRequest, Promise<Call>>();
  return async (operation, request, reply, input) => {
    const handler = handlers.get(operation.name);
    if (!handler) throw new Error(`no handler for ${operation.name}`);
    return (await perform(o.runtime, handler, await callOf(request, reply), input)) as never;
  };

  function callOf(request: FastifyRequest, reply: FastifyReply): Promise<Call> {
    const call = calls.get(request) ?? toCall(request, reply);
    calls.set(request, call);
    return call;
  }

  async function toCall(request: FastifyRequest, reply: FastifyReply): Promise<Call> {
    const caller = await o.authenticate(request);
    if (caller?.via === "cookie") requireSameOrigin(request, o.allowedOrigins);
    const { actor, scopes } = caller ?? { actor: { kind: "anonymous" } as const, scopes: new Set<string>() };
    return { actor, scopes, face: "http", requestId: request.id, signal: onClientGone(reply) };
  }
}
