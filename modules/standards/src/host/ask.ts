import { ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError, TooManyError, UnavailableError } from "@roadbed/core";

export interface Answer {
  readonly status: number;
  /** JSON, or text where the host sent no JSON. */
  readonly body: any;
}

/** Asks a REST API once. Whoever asks does it again later when the host does not answer: what is asked here is written down. */
export type Ask = (
  method: "GET" | "POST" | "PUT" | "PATCH",
  path: string,
  o?: { readonly body?: unknown; readonly accept?: readonly number[]; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer>;

const LONGEST_MS = 30_000;

export function createAsk(o: {
  readonly fetch: typeof fetch;
  /** How the host is called in errors. */
  readonly host: string;
  readonly api: string;
  readonly headers: Readonly<Record<string, string>>;
}): Ask {
  return async (method, path, { body, accept = [], headers = {} } = {}) => {
    const response = await o
      .fetch(`${o.api}${path}`, {
        method,
        headers: {
          accept: "application/json",
          "user-agent": "roadbed",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...o.headers,
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(LONGEST_MS),
      })
      .catch((cause: unknown) => {
        if (cause instanceof DomainError) throw cause;
        throw new UnavailableError(`${o.host} cannot be reached.`, { cause, mend: "It is tried again." });
      });
    const text = await response.text();
    const answer = { status: response.status, body: parsed(text) };
    if (response.ok || accept.includes(response.status)) return answer;
    throw faultOf(o.host, `${method} ${path.replace(/\?.*$/, "")}`, answer, response.headers);
  };
}

function faultOf(host: string, what: string, { status, body }: Answer, headers: Headers): DomainError {
  const said = saidBy(body);
  const why = said === "" ? "" : `: ${said}`;
  const wait = secondsToWait(headers);
  if (status === 429 || (status === 403 && (wait !== undefined || /rate limit/i.test(said))))
    return new TooManyError(`${host} allows no more calls for now.`, wait ?? 60);
  if (status === 401 || status === 403)
    return new ForbiddenError(`${host} does not let the connection's token ${what} (${status})${why}.`, {
      mend: "Give the token of the connection that right.",
    });
  if (status === 404) return new NotFoundError(host, what, "It is not there, or hidden from the token of the connection.");
  if (status === 409 || status === 422) return new ConflictError(`${host} does not take it${why}.`);
  if (status === 400) return new InvalidError(`${host} does not take it${why}.`);
  return new UnavailableError(`${host} answered ${status} to ${what}${why}.`, { mend: "It is tried again." });
}

function saidBy(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  const { message, error, errors } = body as { message?: unknown; error?: unknown; errors?: unknown };
  return [message ?? error, errors]
    .flatMap((part) => (part === undefined ? [] : [typeof part === "string" ? part : JSON.stringify(part)]))
    .join("; ")
    .slice(0, 300);
}

function secondsToWait(headers: Headers): number | undefined {
  const after = Number(headers.get("retry-after"));
  if (after > 0) return Math.ceil(after);
  const reset = Number(headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset"));
  const remaining = headers.get("x-ratelimit-remaining") ?? headers.get("ratelimit-remaining");
  return remaining === "0" && reset > 0 ? Math.max(1, Math.ceil(reset - Date.now() / 1_000)) : undefined;
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
