import { lookup as resolve, type LookupAddress } from "node:dns";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import { DomainError, ForbiddenError, InvalidError, TooLargeError, UnavailableError } from "@roadbed/core";

import { isPrivateAddress } from "./private-address.ts";

export interface GuardedFetchOptions {
  /** Whether an administrator allowed this host (`name`, or `name:port` where it is no usual one) though it is in a private network. */
  readonly isAllowed: (host: string) => boolean | Promise<boolean>;
  /** From the question to the last byte of the answer. Default 30 s. */
  readonly timeoutMs?: number;
  /** Of one answer, unpacked. Default 32 MB. */
  readonly maxBytes?: number;
  /** Names to addresses; a double in tests. */
  readonly lookup?: (host: string) => Promise<readonly LookupAddress[]>;
}

const MAX_REDIRECTS = 5;

/**
 * `fetch` for addresses that people typed: http and https only, a limit of time and of bytes, redirects only within the host, and no
 * address of this machine or of a private network. The address that was checked is the one that is connected to, so that a name
 * cannot say one thing to the check and another to the connection. Throws `DomainError`s.
 */
export function createGuardedFetch(o: GuardedFetchOptions): typeof fetch {
  const { timeoutMs = 30_000, maxBytes = 32 * 1024 * 1024 } = o;
  const lookupAll = o.lookup ?? lookupBySystem;

  return async (input, init = {}) => {
    const request = new Request(input, init);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([request.signal, deadline]);
    let url = new URL(request.url);
    let method = request.method;
    for (let hops = 0; ; hops++) {
      const answer = await ask(url, {
        method,
        headers: request.headers,
        body: method === request.method ? body : undefined,
        signal,
        deadline,
      });
      const location = answer.headers.location;
      if (!isRedirect(answer.statusCode) || location === undefined || request.redirect === "manual") {
        return toResponse(answer, { url, maxBytes, method, deadline, timeoutMs });
      }
      answer.destroy();
      url = nextHop(url, location, hops);
      if (answer.statusCode === 303 && method !== "HEAD") method = "GET";
    }
  };

  async function ask(url: URL, call: AskCall): Promise<IncomingMessage> {
    checkScheme(url);
    const addresses = await permitted(url);
    const options: RequestOptions = {
      method: call.method,
      headers: { "accept-encoding": "gzip, deflate, br", "user-agent": "roadbed", ...Object.fromEntries(call.headers) },
      signal: call.signal,
      lookup: pinned(addresses),
      // A connection that is kept would outlive the check.
      agent: false,
    };
    return new Promise((resolveAnswer, reject) => {
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const sent = send(url, options, resolveAnswer);
      sent.on("error", (error) => reject(faultOf(url, error, call.deadline, timeoutMs)));
      sent.end(call.body);
    });
  }

  async function permitted(url: URL): Promise<readonly LookupAddress[]> {
    const name = url.hostname.replace(/^\[|\]$/g, "");
    const family = isIP(name);
    const addresses =
      family === 0
        ? await lookupAll(name).catch((cause: unknown) => {
            throw new UnavailableError(`The host ${name} is not known.`, { mend: "Correct the address.", cause });
          })
        : [{ address: name, family }];
    if (addresses.length === 0) throw new UnavailableError(`The host ${name} has no address.`, { mend: "Correct the address." });
    // One private answer among public ones is enough to refuse: which one is used would be chance.
    if (addresses.some(({ address }) => isPrivateAddress(address)) && !(await o.isAllowed(url.host))) {
      throw new ForbiddenError(`The host ${url.host} is in a private network.`, {
        mend: `An administrator can allow it: roadbed host allow ${url.host}`,
        problems: [{ at: url.host, reason: "is in a private network" }],
      });
    }
    return addresses;
  }
}

interface AskCall {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

function checkScheme(url: URL): void {
  if (url.protocol === "http:" || url.protocol === "https:") return;
  throw new InvalidError(`"${url.protocol}" addresses are not fetched.`, { mend: "Give an address that begins with https://." });
}

function nextHop(from: URL, location: string, hops: number): URL {
  const to = URL.parse(location, from);
  if (!to) throw new UnavailableError(`${from.host} redirects to what is no address.`);
  if (hops >= MAX_REDIRECTS)
    throw new UnavailableError(`${from.host} redirects without end.`, { mend: "Give the address it should lead to." });
  const isSafer = from.protocol === "http:" && to.protocol === "https:" && to.hostname === from.hostname;
  if (to.host === from.host && to.protocol === from.protocol) return to;
  if (isSafer) return to;
  // What was sent with the question may be a credential: it goes to nobody else.
  throw new ForbiddenError(`${from.host} redirects to another host, ${to.host}.`, {
    mend: `If that is right, give ${to.origin} as the address.`,
  });
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && [301, 302, 303, 307, 308].includes(status);
}

function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_, options, answer) => {
    const [first] = addresses;
    if (options.all === true) answer(null, [...addresses]);
    else answer(null, first!.address, first!.family);
  };
}

function lookupBySystem(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((done, fail) => resolve(host, { all: true }, (error, addresses) => (error ? fail(error) : done(addresses))));
}

interface AnswerLimits {
  readonly url: URL;
  readonly maxBytes: number;
  readonly method: string;
  readonly deadline: AbortSignal;
  readonly timeoutMs: number;
}

function toResponse(answer: IncomingMessage, limits: AnswerLimits): Response {
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const isEmpty = limits.method === "HEAD" || status === 204 || status === 205 || status === 304;
  if (isEmpty) answer.resume();
  const encoding = headers.get("content-encoding");
  if (encoding !== null) headers.delete("content-length");
  headers.delete("content-encoding");
  const body = isEmpty ? null : (Readable.toWeb(limited(answer, encoding, limits)) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText: answer.statusMessage ?? "", headers });
}

const UNPACK: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Counts what comes out of the unpacking: a small answer can unpack to a large one. */
function limited(answer: IncomingMessage, encoding: string | null, { url, maxBytes, deadline, timeoutMs }: AnswerLimits): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes <= maxBytes) done(null, chunk);
      else done(new TooLargeError(`The answer of ${url.host} has more than ${maxBytes} bytes.`, { mend: "Ask for smaller pages." }));
    },
  });
  const unpack = UNPACK[encoding ?? ""]?.();
  const fail = (error: Error): void => void counter.destroy(faultOf(url, error, deadline, timeoutMs));
  answer.on("error", fail).on("aborted", () => fail(new Error("the connection ended in the middle of the answer")));
  counter.on("close", () => void answer.destroy());
  if (unpack) unpack.on("error", fail);
  (unpack ? answer.pipe(unpack) : answer).pipe(counter);
  return counter;
}

function faultOf(url: URL, error: Error, deadline: AbortSignal, timeoutMs: number): Error {
  if (error instanceof DomainError) return error;
  if (deadline.aborted) {
    return new UnavailableError(`${url.host} did not answer within ${timeoutMs / 1000} s.`, { mend: "Try again later.", cause: error });
  }
  const { code } = error as NodeJS.ErrnoException;
  return new UnavailableError(`${url.host} cannot be reached: ${code ?? error.message}.`, {
    mend: "Correct the address, or try again later.",
    cause: error,
  });
}
