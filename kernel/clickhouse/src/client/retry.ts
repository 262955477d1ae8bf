import { setTimeout as delay } from "node:timers/promises";

/** How long a call is tried again while nothing answers, in milliseconds. */
export interface RetryOptions {
  readonly forMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Which errors may be tried again. */
  readonly when: (error: unknown) => boolean;
}

const FIRST_MS = 40;
const LONGEST_MS = 1_000;

/** Runs `call` until it succeeds, fails for good, or `forMs` are over; the pause doubles and has a random part. */
export async function retrying<T>(call: () => Promise<T>, o: RetryOptions): Promise<T> {
  const deadline = Date.now() + o.forMs;
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!o.when(error) || o.signal?.aborted === true || Date.now() + pause > deadline) throw error;
    }
    await delay(pause * (0.5 + Math.random()));
  }
}

/** The server was never reached: trying again cannot do anything twice. */
export function isUnreached(error: unknown): boolean {
  return codesOf(error).some((code) => code === "ECONNREFUSED" || code === "ENOENT");
}

/** The connection broke; whether the server did the work is not known. */
export function isBroken(error: unknown): boolean {
  return isUnreached(error) || codesOf(error).some((code) => BROKEN.has(code)) || /socket hang up|aborted/.test(messageOf(error));
}

const BROKEN = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED"]);

function codesOf(error: unknown): string[] {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  const inner = [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])].filter((e) => e !== null && typeof e === "object");
  return [...(typeof code === "string" ? [code] : []), ...inner.flatMap(codesOf)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
