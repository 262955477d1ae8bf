import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import { S3Error } from "./s3-error.ts";

/** A request as it came over the line. */
export interface Signed {
  readonly method: string;
  /** Before the `?`, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Who signed, and what they said of the body. */
export interface Signer {
  readonly accessKeyId: string;
  /** The hash in hex that the body must have; undefined where it was left unsigned. */
  readonly bodyHash: string | undefined;
  /** Whether it was signed with this secret. */
  signedWith(secret: string): boolean;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const UNSIGNED = "UNSIGNED-PAYLOAD";
/** How far a clock may be off. */
const SKEW_MS = 15 * 60_000;
const MOST_EXPIRY_S = 7 * 24 * 3_600;

interface Claim {
  readonly credential: readonly string[];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly bodyHash: string;
  readonly expiresS: number | undefined;
}

/**
 * Reads a signature of version 4, from the header or from the address (a presigned one). Throws `S3Error` for one that is missing, malformed,
 * too old, or that leaves out a header it must cover; whether the secret is right is asked of the answer.
 */
export function readSignature(request: Signed, now: number): Signer {
  const claim = request.query.has("X-Amz-Signature") ? fromQuery(request) : fromHeader(request);
  const [accessKeyId, day, region, service, end] = claim.credential;
  if (claim.credential.length !== 5 || service !== "s3" || end !== "aws4_request" || !accessKeyId || day !== claim.date.slice(0, 8)) {
    throw new S3Error("AuthorizationHeaderMalformed", "The credential must be KEY/DAY/REGION/s3/aws4_request of the day of the request.");
  }
  checkTime(claim, now);
  const mustCover = ["host", ...Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"))];
  const bare = mustCover.find((name) => !claim.signedHeaders.includes(name));
  if (bare !== undefined) throw new S3Error("AccessDenied", `The header ${bare} must be signed.`);
  if (claim.bodyHash !== UNSIGNED && !/^[0-9a-f]{64}$/.test(claim.bodyHash)) {
    throw new S3Error("NotImplemented", "Bodies signed in chunks are not taken here: sign the whole body, or UNSIGNED-PAYLOAD.");
  }
  const scope = [day, region, service, end].join("/");
  const text = [ALGORITHM, claim.date, scope, sha256(canonical(request, claim))].join("\n");
  return {
    accessKeyId,
    bodyHash: claim.bodyHash === UNSIGNED ? undefined : claim.bodyHash,
    signedWith(secret) {
      const key = [day, region!, service, end].reduce<string | Buffer>((by, part) => hmac(by, part), `AWS4${secret}`);
      const [wanted, given] = [Buffer.from(hmac(key, text).toString("hex")), Buffer.from(claim.signature)];
      return wanted.length === given.length && timingSafeEqual(wanted, given);
    },
  };
}

function fromHeader({ headers }: Signed): Claim {
  const text = one(headers["authorization"]);
  if (text === undefined) throw new S3Error("AccessDenied", "The request is not signed.");
  if (!text.startsWith(`${ALGORITHM} `)) throw new S3Error("InvalidRequest", `Only ${ALGORITHM} is taken.`);
  const parts = new Map(
    text
      .slice(ALGORITHM.length)
      .split(",")
      .map((part) => [part.slice(0, part.indexOf("=")).trim(), part.slice(part.indexOf("=") + 1).trim()] as const),
  );
  const bodyHash = one(headers["x-amz-content-sha256"]);
  if (bodyHash === undefined) throw new S3Error("InvalidRequest", "The header x-amz-content-sha256 is missing.");
  return {
    credential: (parts.get("Credential") ?? "").split("/"),
    signedHeaders: (parts.get("SignedHeaders") ?? "").split(";"),
    signature: parts.get("Signature") ?? "",
    date: one(headers["x-amz-date"]) ?? "",
    bodyHash,
    expiresS: undefined,
  };
}

function fromQuery({ query, headers }: Signed): Claim {
  if (query.get("X-Amz-Algorithm") !== ALGORITHM) throw new S3Error("InvalidRequest", `Only ${ALGORITHM} is taken.`);
  return {
    credential: (query.get("X-Amz-Credential") ?? "").split("/"),
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    date: query.get("X-Amz-Date") ?? "",
    bodyHash: one(headers["x-amz-content-sha256"]) ?? UNSIGNED,
    expiresS: Number(query.get("X-Amz-Expires") ?? Number.NaN),
  };
}

function checkTime({ date, expiresS }: Claim, now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  const at = parts === null ? Number.NaN : Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
  if (Number.isNaN(at)) throw new S3Error("AccessDenied", "The date of the signature is missing or no date, e.g. 20260101T120000Z.");
  if (expiresS === undefined) {
    if (Math.abs(now - at) > SKEW_MS) throw new S3Error("RequestTimeTooSkewed", "The time of the request is too far from now.");
    return;
  }
  if (!(expiresS >= 1 && expiresS <= MOST_EXPIRY_S)) throw new S3Error("InvalidRequest", "X-Amz-Expires must be from 1 to 604800 seconds.");
  if (now < at - SKEW_MS || now > at + expiresS * 1_000) throw new S3Error("AccessDenied", "The address has expired.");
}

function canonical(request: Signed, { signedHeaders, bodyHash }: Claim): string {
  const query = [...request.query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const headers = signedHeaders.map((name) => `${name}:${valueOf(request.headers[name])}\n`);
  // A slash within a key is one between its parts, however the address spells it.
  const path = decode(request.path).split("/").map(encode);
  return [request.method, path.join("/"), query.join("&"), headers.join(""), signedHeaders.join(";"), bodyHash].join("\n");
}

/** Of a path or a part of one. Throws `S3Error` for what is no encoding. */
export function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new S3Error("InvalidURI", "The address is not encoded as UTF-8.");
  }
}

/** As AWS has it: everything but letters, digits and `-_.~`. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

function valueOf(value: string | readonly string[] | undefined): string {
  return (typeof value === "string" ? [value] : (value ?? [])).map((part) => part.trim().replaceAll(/ +/g, " ")).join(",");
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
