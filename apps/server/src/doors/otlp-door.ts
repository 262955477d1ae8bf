import { ForbiddenError, formatActor, TooManyError, UnauthenticatedError, type Call } from "@roadbed/core";
import { toProblemBody, type FastifyInstance, type FastifyReply, type FastifyRequest } from "@roadbed/http";
import type { Intake, Signal } from "@roadbed/telemetry";

type Authenticate = (
  request: FastifyRequest,
) => Promise<(Pick<Call, "actor" | "scopes"> & { readonly via: "cookie" | "token" }) | undefined>;

/** Compressed bytes on the wire; what they unpack to is limited by the intake. */
const BODY_LIMIT = 16 * 1024 * 1024;
/** Bodies that are being read or wait to be stored, of all senders together: beyond it they are told to come back. */
const MOST_UNDER_WAY = 256 * 1024 * 1024;
/** Of a body that does not say how long it is. */
const UNTOLD_BYTES = 1024 * 1024;
const SIGNALS: readonly Signal[] = ["traces", "logs", "metrics"];

/** OTLP over HTTP: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, for tokens with the scope `otlp:write`. */
export function openOtlpDoor(app: FastifyInstance, { intake, authenticate }: { intake: Intake; authenticate: Authenticate }): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_LIMIT }, (_request, body, done) => done(null, body));
    let underWay = 0;
    scope.addHook("onRequest", async (request, reply) => {
      const size = Number(request.headers["content-length"] ?? UNTOLD_BYTES) || 0;
      if (underWay + size > MOST_UNDER_WAY) return refuse(intake, request, reply, new TooManyError("Too much telemetry is under way.", 1));
      underWay += size;
      reply.raw.once("close", () => (underWay -= size));
      return undefined;
    });
    for (const signal of SIGNALS) {
      scope.post(`/v1/${signal}`, async (request, reply) => {
        try {
          const { actor } = await requireScope(authenticate, request);
          const answer = await intake.ingest({
            signal,
            contentType: request.headers["content-type"],
            contentEncoding: headerOf(request, "content-encoding"),
            sender: { id: formatActor(actor), name: "name" in actor ? actor.name : "" },
            body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
          });
          return await reply.header("content-type", answer.contentType).send(Buffer.from(answer.body));
        } catch (error) {
          return refuse(intake, request, reply, error);
        }
      });
    }
  });
}

async function requireScope(authenticate: Authenticate, request: FastifyRequest): Promise<Pick<Call, "actor">> {
  const caller = await authenticate(request);
  // A cookie does not count: a browser sends it for any page, and no page sends telemetry.
  if (caller?.via !== "token")
    throw new UnauthenticatedError("Telemetry needs a token.", {
      mend: "Send `authorization: Bearer TOKEN` with a token that has the scope otlp:write.",
    });
  if (!caller.scopes.has("otlp:write") && !caller.scopes.has("*"))
    throw new ForbiddenError("This token may not send telemetry.", { mend: "Make one with the scope otlp:write." });
  return caller;
}

/** Senders read OTLP's own error body; the status says whether to come back. */
function refuse(intake: Intake, request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const { status, retryAfter } = toProblemBody(error, request.id);
  if (status >= 500 && status !== 503) request.log.error({ error }, "telemetry was not taken in");
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  if (status === 503) reply.header("retry-after", "2");
  const { contentType, body } = intake.errorAnswer(error, request.headers["content-type"]);
  return reply.code(status).header("content-type", contentType).send(Buffer.from(body));
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
