import { InvalidError, UnauthenticatedError, type Actor, type Call, type Face } from "@roadbed/core";
import { onClientGone, requireSameOrigin } from "@roadbed/http";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Who calls, as the credential of the request says. */
export interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
  /** A cookie is sent by the browser unasked, so its writes must prove where they come from; a token need not. */
  readonly via: "cookie" | "token";
}

/** Answers who calls; undefined when the request carries no credential. Throws `UnauthenticatedError` for one that is no good. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller | undefined>;

export interface CallDeps {
  readonly authenticate: Authenticate;
  /** Origins besides the server's own whose signed-in pages may write, e.g. of a development web server. */
  readonly allowedOrigins?: readonly string[];
}

const NOBODY = { actor: { kind: "anonymous" }, scopes: new Set<string>() } as const;

/** Everything an operation needs to know of a request but its input. */
export async function toCall(
  { authenticate, allowedOrigins }: CallDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  isPublic: boolean,
): Promise<Call> {
  const caller = await identify(authenticate, request, isPublic);
  if (caller?.via === "cookie") requireSameOrigin(request, allowedOrigins);
  const { actor, scopes } = caller ?? NOBODY;
  const reason = readReason(request);
  const idempotencyKey = readIdempotencyKey(request);
  return {
    actor,
    scopes,
    face: readFace(request),
    requestId: request.id,
    signal: onClientGone(reply),
    ...(reason === undefined ? {} : { reason }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Where no sign-in is asked for, a worn-out credential does no harm. */
async function identify(authenticate: Authenticate, request: FastifyRequest, isPublic: boolean): Promise<Caller | undefined> {
  try {
    return await authenticate(request);
  } catch (error) {
    if (isPublic && error instanceof UnauthenticatedError) return undefined;
    throw error;
  }
}

/** The command line and the web app say who they are; it is for the audit log and gives no right. */
function readFace({ headers }: FastifyRequest): Face {
  const face = headers["x-roadbed-face"];
  return face === "cli" || face === "web" ? face : "http";
}

function readReason({ headers }: FastifyRequest): string | undefined {
  const header = headers["x-roadbed-reason"];
  if (typeof header !== "string" || header === "") return undefined;
  if (header.length > 6_000)
    throw new InvalidError("The header x-roadbed-reason is too long.", { mend: "Say why in at most 2,000 characters." });
  return decodeText(header);
}

/** Percent-encoded where it holds more than Latin letters; a stray percent sign is left as it is. */
function decodeText(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

function readIdempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new InvalidError("The header Idempotency-Key must have 1 to 200 printable characters.", {
    problems: [
      { at: "Idempotency-Key", reason: "must have 1 to 200 printable characters", mend: "Send a fresh UUID for each thing to be done." },
    ],
  });
}
