import type { FastifyReply } from "fastify";

import type { ProblemBody } from "./problem.ts";

/** Answers with problem+json; sets Retry-After and WWW-Authenticate where the status asks for them. */
export function sendProblem(reply: FastifyReply, body: ProblemBody): FastifyReply {
  if (body.retryAfter !== undefined) reply.header("retry-after", String(body.retryAfter));
  if (body.status === 401) reply.header("www-authenticate", 'Bearer realm="roadbed"');
  return reply
    .code(body.status)
    .header("cache-control", "no-store")
    .header("content-type", "application/problem+json; charset=utf-8")
    .send(JSON.stringify(body));
}
