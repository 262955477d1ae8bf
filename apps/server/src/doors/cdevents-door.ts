import { receiveCdEvent } from "@roadbed/contracts/delivery/cdevents";
import { InvalidError, newId, perform, UnauthenticatedError, type Call, type Handler, type Runtime } from "@roadbed/core";
import type { FastifyInstance, FastifyRequest } from "@roadbed/http";

const MAX_BYTES = 512 * 1024;

/**
 * `POST /hooks/cdevents`: something that happened elsewhere, as a CDEvent in CloudEvents' HTTP form: binary (the event is the body) or structured
 * (`application/cloudevents+json`). The token (scope `delivery:write`) travels as a bearer, or as a password.
 */
export function openCdEventsDoor(
  app: FastifyInstance,
  o: {
    readonly handlers: readonly Handler[];
    readonly runtime: Runtime;
    readonly authenticate: (
      request: FastifyRequest,
    ) => Promise<(Pick<Call, "actor" | "scopes"> & { readonly via: "cookie" | "token" }) | undefined>;
  },
): void {
  const handler = o.handlers.find(({ operation }) => operation === receiveCdEvent)!;
  void app.register(async (raw) => {
    // Senders name several kinds of JSON.
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BYTES }, (_, body, done) => done(null, body));
    raw.post("/hooks/cdevents", async (request, reply) => {
      const caller = await o.authenticate(request);
      // A cookie does not count: a browser sends it for any page.
      if (caller?.via !== "token") {
        throw new UnauthenticatedError("An event needs a token.", { mend: "Send one with the scope delivery:write as a bearer." });
      }
      const call: Call = {
        actor: caller.actor,
        scopes: caller.scopes,
        face: "http",
        requestId: newId("req"),
        signal: AbortSignal.timeout(30_000),
      };
      const { again } = (await perform(o.runtime, handler, call, { event: eventIn(request.body) })) as { readonly again: boolean };
      return reply.code(again ? 200 : 202).send();
    });
  });
}

function eventIn(body: unknown): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new InvalidError("The body is no JSON object.", { mend: "Send one CDEvent as JSON; batches are not taken." });
}
