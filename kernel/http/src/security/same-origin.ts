import { ForbiddenError } from "@roadbed/core";
import type { FastifyRequest } from "fastify";

/** A header that another site cannot set without a preflight, which we never answer. */
export const CSRF_HEADER = "x-roadbed-csrf";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a write that another site could have made a signed-in browser send: it needs `x-roadbed-csrf: 1` and an
 * Origin that is this server. Call it for everything a cookie authenticates. Throws `ForbiddenError`.
 */
export function requireSameOrigin(request: FastifyRequest, allowedOrigins: readonly string[] = []): void {
  if (SAFE.has(request.method)) return;
  if (request.headers[CSRF_HEADER] !== "1") {
    throw new ForbiddenError(`A write by a signed-in browser needs the header ${CSRF_HEADER}: 1.`, {
      mend: `Send ${CSRF_HEADER}: 1, or use an access token.`,
    });
  }
  const { origin } = request.headers;
  if (origin === undefined || !isOwn(origin, request, allowedOrigins)) {
    throw new ForbiddenError("The request comes from another site.", { mend: "Open Roadbed at its own address and try again." });
  }
}

function isOwn(origin: string, request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  return origin === `${request.protocol}://${request.host}` || allowedOrigins.includes(origin);
}
