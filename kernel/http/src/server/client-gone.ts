import type { FastifyReply } from "fastify";

/** A signal that aborts when the caller hangs up before the answer is complete. */
export function onClientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // `close` of the response, not of the request: the latter fires as soon as the body has been read.
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
