import type { LookupAddress } from "node:dns";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { Readable, Transform } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import { DomainError, ForbiddenError, InvalidError, TooLargeError, UnavailableError } from "@roadbed/core";

import { createAddressGuard, type AddressGuardOptions } from "./address-guard.ts";

export interface GuardedFetchOptions extends AddressGuardOptions {
  /** From the question to the last byte of the answer. Default 30 s. */
  readonly timeoutMs?: number;
  /** Of one answer, unpacked. Default 32 MB. */
  readonly maxBytes?: number;
}

const MAX_REDIRECTS = 5;

/**
 * `fetch` for addresses that people typed: http and https only, a limit of time and of bytes, redirects only within the host, and no
 * address of this machine or of a private network. The address that was checked is the one that is connected to, so that a name
 * cannot say one thing to the check and another to the connection. Throws `DomainError`s.
 */
export function createGuardedFetch(o: GuardedFetchOptions): typeof fetch {
  const { timeoutMs = 30_000, maxBytes = 32 * 1024 * 1024 } = o;
  const guard = createAddressGuard(o);

  return async (input, init = {}) => {
    refuseCredentials(input);
    const request = new Request(input, init);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([request.signal, deadline]);
    let url = new URL(request.url);
    let method = request.method;
    for (let hops = 0; ; hops++) {
      const answer = await ask(url, {
        tls: (init as TlsInit).tls,
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
    const addresses = await guard(url.hostname.replace(/^\[|\]$/g, ""), url.host);
    const options: RequestOptions = {
      method: call.method,
      headers: { "accept-encoding": "gzip, deflate, br", "user-agent": "roadbed", ...Object.fromEntries(call.headers) },
      signal: call.signal,
      lookup: pinned(addresses),
      ...call.tls,
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
}

/** What may be told of the other side's authority, and of who asks (PEM). */
export interface TlsInit {
  readonly tls?: Pick<RequestOptions & SecureContextOptions, "ca" | "cert" | "key"> | undefined;
}

interface AskCall {
  readonly tls: TlsInit["tls"] | undefined;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

/** The platform's own error would repeat the address with its password, into logs and what is kept of a run. */
function refuseCredentials(input: string | URL | Request): void {
  const url = input instanceof Request ? undefined : URL.parse(String(input));
  if (url === null || (url !== undefined && (url.username !== "" || url.password !== ""))) {
    throw new InvalidError(url === null ? "The address is none." : "The address has a name or a password in it.", {
      mend:
        url === null
          ? "Give it whole: https://host/path."
          : "Leave them out of the address and give a token where the system asks for one.",
    });
  }
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
  if (code !== undefined && /CERT|UNABLE_TO_(?:GET|VERIFY)|SIGNATURE/.test(code)) {
    return new UnavailableError(`${url.host} shows a certificate that is not trusted: ${code}.`, {
      mend: "Give the certificate of its authority (ca) where the settings have a field for it, or correct the address.",
      cause: error,
    });
  }
  return new UnavailableError(`${url.host} cannot be reached: ${code ?? error.message}.`, {
    mend: "Correct the address, or try again later.",
    cause: error,
  });
}
