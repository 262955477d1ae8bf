import { CancelledError, UnauthenticatedError, UnavailableError, type InputOf, type Operation, type OutputOf } from "@roadbed/core";

import { toError, UnexpectedAnswerError } from "./to-error.ts";
import { toRequest } from "./to-request.ts";

export interface ClientOptions {
  /** Where the server is, e.g. `http://localhost:4400`; "" in the browser for the page's own origin. */
  readonly url: string;
  /** An access token; without one the browser's session cookie speaks. */
  readonly token?: string;
  /** Who calls, for the audit log. */
  readonly face?: "cli" | "web";
  /** True in the browser: sends the header that a cookie's writes need. */
  readonly csrf?: boolean;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The same key never does the same write twice. */
  readonly idempotencyKey?: string;
  /** Why, for the audit log. */
  readonly reason?: string;
}

/** Calls operations by their contract value. */
export interface Client {
  readonly url: string;
  /** Resolves with the operation's output; rejects with the `DomainError` the server threw, or `UnavailableError` when nothing answers. */
  call<O extends Operation>(operation: O, input: InputOf<O>, options?: CallOptions): Promise<OutputOf<O>>;
}

/** A typed client over `fetch`: for the web app, the command line and programs. */
export function createClient(options: ClientOptions): Client {
  const url = options.url.replace(/\/+$/, "");
  const send = options.fetch ?? fetch;

  return {
    url,
    async call(operation, input, callOptions = {}) {
      const { method, path, body } = toRequest(operation, input as Readonly<Record<string, unknown>>);
      const init: RequestInit = { method, headers: headersOf(options, callOptions, body !== undefined), credentials: "same-origin" };
      if (body !== undefined) init.body = body;
      if (callOptions.signal) init.signal = callOptions.signal;
      const { response, text } = await exchange(send, options, url + path, init);
      if (!response.ok) throw toError(response, text);
      return parseAnswer(response, text) as OutputOf<typeof operation>;
    },
  };
}

async function exchange(
  send: typeof fetch,
  { url, face, token }: ClientOptions,
  address: string,
  init: RequestInit,
): Promise<{ response: Response; text: string }> {
  // What cannot stand in a header would look like a server that is away.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UnauthenticatedError("The token is none: it has spaces, line breaks or letters that no token has.", {
      mend: "Give it as it was shown, without anything around it.",
    });
  }
  try {
    const response = await send(address, init);
    return { response, text: await response.text() };
  } catch (error) {
    if (init.signal?.aborted) throw new CancelledError("The call was cancelled.", { cause: error });
    throw new UnavailableError(`Roadbed does not answer${url === "" ? "" : ` at ${url}`}.`, {
      cause: error,
      mend: `Is Roadbed running? Start it with npm start${face === "cli" ? ", or name another server with --url" : ""}.`,
    });
  }
}

function headersOf(
  { token, face, csrf }: ClientOptions,
  { idempotencyKey, reason }: CallOptions,
  hasBody: boolean,
): Record<string, string> {
  return {
    accept: "application/json",
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(face === undefined ? {} : { "x-roadbed-face": face }),
    ...(csrf === true ? { "x-roadbed-csrf": "1" } : {}),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    // A header holds only Latin letters; a reason may be in any script.
    ...(reason === undefined ? {} : { "x-roadbed-reason": encodeURIComponent(reason) }),
  };
}

function parseAnswer(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedAnswerError(`${response.url} answered something that is not JSON. Is it Roadbed?`, response.status, undefined);
  }
}
