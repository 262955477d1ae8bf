import { CancelledError, ConflictError, DomainError, InvalidError, TooManyError, UnavailableError } from "@roadbed/core";
import { setTimeout as sleep } from "node:timers/promises";

import type { ActionContext } from "../action.ts";

export interface Answer {
  readonly status: number;
  /** JSON, or text where the host sent no JSON. */
  readonly body: any;
  readonly headers: Headers;
}

export interface Asked {
  readonly body?: unknown;
  /** Statuses that are answers here, not errors. */
  readonly accept?: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  /** True for what may be sent again when it is not known whether it arrived. Default: GET, PUT, DELETE. */
  readonly repeatable?: boolean;
}

/** Asks a REST API. Throws in words: what the host said, and what a person can do. */
export type HostClient = (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, asked?: Asked) => Promise<Answer>;

/** Longer waits end the step: the run says when it can go on. */
const LONGEST_WAIT_S = 30;
const TRIES = 3;

/** `system`: how the host is called in errors. `headers` go with each question, the credential among them. */
export function createHostClient(
  c: Pick<ActionContext, "log" | "signal">,
  o: {
    readonly fetch: typeof fetch;
    readonly system: string;
    readonly base: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly pauseMs?: number;
  },
): HostClient {
  return async (method, path, asked = {}) => {
    const repeatable = asked.repeatable ?? ["GET", "PUT", "DELETE"].includes(method);
    for (let attempt = 1; ; attempt++) {
      try {
        return await askOnce(method, path, asked);
      } catch (error) {
        const wait = waitOf(error, repeatable, attempt);
        if (wait === undefined) throw error;
        await c.log("warn", `${(error as Error).message} Trying again in ${wait} s.`);
        await pause(wait * (o.pauseMs ?? 1_000));
      }
    }
  };

  function waitOf(error: unknown, repeatable: boolean, attempt: number): number | undefined {
    if (attempt >= TRIES) return undefined;
    // A host that says "later" has not done it.
    if (error instanceof TooManyError) return error.retryAfterSeconds <= LONGEST_WAIT_S ? error.retryAfterSeconds : undefined;
    return error instanceof UnavailableError && repeatable ? attempt : undefined;
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }

  async function askOnce(method: string, path: string, { body, accept = [], headers = {} }: Asked): Promise<Answer> {
    const response = await o
      .fetch(path.startsWith("http") ? path : `${o.base}${path}`, {
        method,
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...o.headers,
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        signal: c.signal,
      })
      .catch((cause: unknown) => {
        if (cause instanceof DomainError) throw cause;
        throw new UnavailableError(`${o.system} cannot be reached.`, { mend: RETRY, cause });
      });
    const text = await response.text();
    const answer = { status: response.status, body: parsed(text), headers: response.headers };
    if (response.ok || accept.includes(response.status)) return answer;
    throw faultOf(o.system, method, path, answer);
  }
}

const RETRY = "Nothing is lost: retry the run when the host answers again; it goes on from this step.";

function faultOf(system: string, method: string, path: string, { status, body, headers }: Answer): Error {
  const said = saidBy(body);
  const wait = secondsToWait(headers);
  const what = `${method} ${path.replace(/\?.*$/, "")}`;
  if (status === 429 || (status === 403 && (wait !== undefined || /rate limit/i.test(said)))) {
    return new TooManyError(`${system} allows no more calls for now.`, wait ?? 60);
  }
  if (status === 401)
    return new InvalidError(`${system} does not accept the token (401).`, { mend: "Give a token that is good, then retry the run." });
  if (status === 403)
    return new InvalidError(`${system} does not let this token ${what} (403)${said === "" ? "" : `: ${said}`}.`, {
      mend: "Give the token that right, or another token, then retry the run.",
    });
  if (status === 404)
    return new InvalidError(`${system} has no ${path.replace(/\?.*$/, "")} (404), or hides it from this token.`, {
      mend: "Correct the name, or give the token the right to see it.",
    });
  if (status === 409 || (status === 422 && /already exist|already been taken/i.test(said)))
    return new ConflictError(`${system}: ${said || `${what} clashes with what is there`}.`, { mend: "Choose another name." });
  if (status === 400 || status === 422)
    return new InvalidError(`${system} does not take this: ${said || `${what} gave ${status}`}.`, { mend: "Correct the step's input." });
  return new UnavailableError(`${system} answered ${status} to ${what}${said === "" ? "" : `: ${said}`}.`, { mend: RETRY });
}

/** `message` and `errors` of GitHub, `message` and `error` of GitLab. */
function saidBy(body: unknown): string {
  if (typeof body === "string") return body.slice(0, 200);
  if (typeof body !== "object" || body === null) return "";
  const { message, error, errors } = body as { message?: unknown; error?: unknown; errors?: unknown };
  const details = Array.isArray(errors) ? errors.map((one: unknown) => (typeof one === "string" ? one : wordsOf(one))) : [];
  return [message ?? error, ...details]
    .map((part) => (typeof part === "string" ? part : wordsOf(part)))
    .filter(Boolean)
    .join("; ")
    .slice(0, 500);
}

function wordsOf(part: unknown): string {
  if (part === undefined || part === null) return "";
  if (typeof part === "object" && "message" in part && typeof part.message === "string") return part.message;
  return JSON.stringify(part);
}

function secondsToWait(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1_000;
    if (Number.isFinite(seconds)) return Math.max(1, Math.ceil(seconds));
  }
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
