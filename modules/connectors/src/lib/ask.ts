import type { ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { InvalidError, TooManyError, UnavailableError } from "@roadbed/core";

export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** JSON; undefined for 304. */
  readonly body: unknown;
  readonly etag: string | undefined;
  /** The page after this one, by the `Link` header. */
  readonly next: string | undefined;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers 304 when it is still as it was. */
  readonly etag?: string | undefined;
  /** Statuses that are answers here, not errors, e.g. 404. */
  readonly accept?: readonly number[];
  /** As text, not as JSON. */
  readonly raw?: boolean;
}

/** Asks a JSON API; knows its budget; throws in words what a person can mend. */
export interface Ask {
  (url: string, o?: AskOptions): Promise<Answer>;
  /** The newest that was told of the budget, once. */
  budget(): Extract<Reading, { type: "budget" }> | undefined;
  /** The same, whenever it is asked for. */
  left(): Extract<Reading, { type: "budget" }> | undefined;
}

/** `system` is how the API is called in errors; `headers` go with every question, credentials among them. */
export function createAsk(
  call: Pick<ConnectorCall, "fetch" | "signal" | "now">,
  o: { readonly system: string; readonly headers: Readonly<Record<string, string>> },
): Ask {
  let budget: Extract<Reading, { type: "budget" }> | undefined;
  let left: typeof budget;

  async function ask(url: string, asked: AskOptions = {}): Promise<Answer> {
    const response = await call.fetch(url, {
      method: asked.method ?? "GET",
      headers: {
        accept: "application/json",
        ...o.headers,
        ...asked.headers,
        ...(asked.etag === undefined ? {} : { "if-none-match": asked.etag }),
      },
      ...(asked.body === undefined ? {} : { body: asked.body }),
      signal: call.signal,
    });
    left = readBudget(response.headers, call.now()) ?? left;
    budget = readBudget(response.headers, call.now()) ?? budget;
    const isFine = response.ok || response.status === 304 || asked.accept?.includes(response.status) === true;
    if (!isFine) throw await faultOf(o.system, url, response, call.now());
    return {
      url,
      status: response.status,
      headers: response.headers,
      body: response.status === 304 || response.status === 204 ? undefined : await readBody(o.system, response, asked.raw === true),
      etag: response.headers.get("etag") ?? undefined,
      next: nextOf(response.headers.get("link"), url),
    };
  }

  return Object.assign(ask, {
    budget: () => {
      const newest = budget;
      budget = undefined;
      return newest;
    },
    left: () => left,
  });
}

async function readBody(system: string, response: Response, raw: boolean): Promise<unknown> {
  const text = await response.text();
  if (raw) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UnavailableError(`${system} answered ${response.status} with what is no JSON: ${text.slice(0, 80)}`, {
      mend: "Check that the address is that of an API, and not of a page.",
    });
  }
}

async function faultOf(system: string, url: string, response: Response, now: Date): Promise<Error> {
  const { status } = response;
  const said = (await response.text().catch(() => "")).slice(0, 200);
  const { pathname } = new URL(url);
  const wait = secondsToWait(response.headers, now);
  if (status === 429 || ((status === 403 || status === 503) && wait !== undefined)) {
    return new TooManyError(`${system} allows no more calls for now.`, wait ?? 60);
  }
  if (status === 401)
    return new InvalidError(`${system} does not accept the credentials (401).`, { mend: "Give it a token that is good." });
  if (status === 403) {
    return new InvalidError(`${system} does not let these credentials read ${pathname} (403).`, {
      mend: "Give the token the right to read it.",
    });
  }
  if (status === 404)
    return new InvalidError(`${system} has no ${pathname} (404), or hides it from these credentials.`, {
      mend: "Correct the name or the address.",
    });
  return new UnavailableError(`${system} answered ${status} for ${pathname}${said === "" ? "" : `: ${said}`}`, {
    mend: "It is tried again later.",
  });
}

/** Undefined when the answer does not say that it is about too many calls. */
function secondsToWait(headers: Headers, now: Date): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - now.getTime()) / 1_000;
    if (Number.isFinite(seconds)) return Math.max(1, Math.ceil(seconds));
  }
  const budget = readBudget(headers, now);
  return budget?.remaining === 0 ? Math.max(1, Math.ceil((budget.resetAt.getTime() - now.getTime()) / 1_000)) : undefined;
}

/** As GitHub (`x-ratelimit-*`), GitLab and the draft standard (`ratelimit-*`) say it: `reset` is an instant or a number of seconds. */
function readBudget(headers: Headers, now: Date): Extract<Reading, { type: "budget" }> | undefined {
  const read = (name: string): number | undefined => {
    const text = headers.get(`x-ratelimit-${name}`) ?? headers.get(`ratelimit-${name}`);
    return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [remaining, limit, reset] = [read("remaining"), read("limit"), read("reset")];
  if (remaining === undefined || reset === undefined) return undefined;
  const resetAt = new Date(reset > 1_000_000_000 ? reset * 1_000 : now.getTime() + reset * 1_000);
  return { type: "budget", remaining, limit: limit ?? remaining, resetAt };
}

function nextOf(link: string | null, url: string): string | undefined {
  for (const part of link?.split(/,\s*(?=<)/) ?? []) {
    const [, target, rest] = /^<([^>]*)>(.*)$/.exec(part.trim()) ?? [];
    if (target !== undefined && /;\s*rel="?[^"]*\bnext\b/.test(rest ?? "")) return URL.parse(target, url)?.href;
  }
  return undefined;
}
