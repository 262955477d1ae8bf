import { ConflictError, DomainError, InvalidError, UnavailableError } from "@roadbed/core";

/** What the driver or the server said, in the platform's words. Errors that are ours already, and faults of ours, pass through. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const state = typeof code === "string" ? code : "";
  if (state === "53100" || state === "ENOSPC") return diskFull(error);
  if (isConnectionLost(error)) {
    return new UnavailableError("The database does not answer.", {
      mend: "Try again in a few seconds; it is restarted by itself.",
      cause: error,
    });
  }
  if (state === "23505") return new ConflictError(`That is there already: ${detailOf(error)}`, { cause: error });
  if (state === "57014") return new UnavailableError("The database took too long and the query was stopped.", { cause: error });
  if (state === "40001" || state === "40P01") {
    return new UnavailableError("Two changes met; neither is lost, this one was not made.", { mend: "Try again.", cause: error });
  }
  if (state.startsWith("53"))
    return new UnavailableError(`The database is short of resources: ${error.message}`, { mend: "Try again soon.", cause: error });
  if (state === "22021" || state === "22P05") {
    return new InvalidError("The text holds a character that cannot be stored (U+0000).", {
      mend: "Remove the NUL character.",
      cause: error,
    });
  }
  // What we send as JSON is JSON; only half of a surrogate pair in a text makes the server refuse it.
  if (state === "22P02" && error.message.includes("type json")) {
    return new InvalidError("The text holds half of a character (a lone surrogate), which cannot be stored.", {
      mend: "Send well-formed Unicode.",
      cause: error,
    });
  }
  return error;
}

/** True when the server is away, going, coming, or the connection broke: nothing is known to be wrong with the statement. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  // A missing file is no missing server: the word is the same, the call tells them apart.
  if (code === "ENOENT") return syscall === "connect";
  if (typeof code === "string" && (LOST.has(code) || code.startsWith("08"))) return true;
  return /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Connection ended/i.test(
    error.message,
  );
}

// admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections, and what the operating system says
const LOST = new Set(["57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND"]);

function diskFull(cause: Error): UnavailableError {
  return new UnavailableError("The disk under the database is full: nothing was written. Reading still works.", {
    mend: "Free space on the disk of the data folder, then try again.",
    cause,
  });
}

function detailOf(error: Error): string {
  const detail = (error as { detail?: unknown }).detail;
  return typeof detail === "string" ? detail : error.message;
}
