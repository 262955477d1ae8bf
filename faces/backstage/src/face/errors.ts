import { compressJson, toProblemBody, type FastifyReply, type FastifyRequest } from "@roadbed/http";

/** Backstage's names of errors, by the status that its clients read with them. */
const NAMES: Readonly<Record<number, string>> = {
  400: "InputError",
  401: "AuthenticationError",
  403: "NotAllowedError",
  404: "NotFoundError",
  409: "ConflictError",
  413: "PayloadTooLargeError",
  415: "UnsupportedMediaTypeError",
  429: "TooManyRequestsError",
  501: "NotImplementedError",
  503: "ServiceUnavailableError",
};

/** Answers an error as Backstage's `ResponseError` reads it; undefined: there is no such address. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const problem = error === undefined ? undefined : toProblemBody(error, request.id);
  // A policy's no has a status of its own with us, none there.
  const status = problem === undefined ? 404 : problem.status === 422 ? 403 : problem.status;
  if (status >= 500 && status !== 503) request.log.error({ error }, "a request failed");
  if (problem?.retryAfter !== undefined) reply.header("retry-after", String(problem.retryAfter));
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="roadbed"');
  const body = {
    error: {
      name: NAMES[status] ?? "Error",
      message: problem === undefined ? `There is no ${request.method} ${pathOf(request)}` : messageOf(problem),
      ...(problem === undefined ? {} : { code: problem.code, ...(problem.problems.length === 0 ? {} : { problems: problem.problems }) }),
    },
    request: { method: request.method, url: request.url },
    response: { statusCode: status },
  };
  return sendJson(reply.code(status), JSON.stringify(body));
}

/** JSON that is text already. No answer of this face holds a secret, so all may be packed. */
export async function sendJson(reply: FastifyReply, text: string): Promise<FastifyReply> {
  reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-store");
  return reply.send(await compressJson(reply, text));
}

function messageOf({ detail, mend }: { readonly detail: string; readonly mend?: string }): string {
  return mend === undefined ? detail : `${detail}${/[.!?]$/.test(detail) ? "" : "."} ${mend}`;
}

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0]!;
}
