import { ClickHouseError } from "@clickhouse/client";
import { CancelledError, TooLargeError, UnavailableError } from "@roadbed/core";

import { isBroken } from "./retry.ts";

/** Codes that mean "this question is too big": time, memory, rows, bytes. */
const TOO_BIG = new Set(["159", "241", "307", "396", "158"]);
/** Codes after which the same call may succeed a moment later. */
const BUSY = new Set(["202", "243", "252", "1001"]);

/** Says what went wrong in the words of the product; an error in our own SQL stays what it is. */
export function toDomainError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return new CancelledError("The caller went away.", { cause: error });
  if (error instanceof ClickHouseError) {
    if (TOO_BIG.has(error.code)) {
      return new TooLargeError(`The telemetry query needs more than its limit: ${error.message}`, {
        cause: error,
        mend: "Ask for a shorter time range or fewer rows.",
      });
    }
    if (BUSY.has(error.code))
      return new UnavailableError(`The telemetry store is busy: ${error.message}`, { cause: error, mend: "Try again." });
    return error;
  }
  if (isBroken(error)) {
    return new UnavailableError("The telemetry store does not answer.", {
      cause: error,
      mend: "It is started again by itself; try again.",
    });
  }
  return error;
}
