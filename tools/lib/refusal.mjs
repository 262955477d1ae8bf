/** Reasons not to go on, in words. Plain JavaScript for Node 18, as everything that runs before Node 24 is there. */

/** A reason that the user can mend; printed without a stack. */
export class Refusal extends Error {
  constructor(message, mend) {
    super(message);
    this.mend = mend;
  }
}

/** Somebody asked us to stop while a step was under way; what was begun is done again by the next start. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** Exit codes as a shell knows them: 128 and the number of the signal. */
export const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };

/** Prints why it does not go on: a `Refusal` for a person, any other error with its stack. Answers the exit code. */
export function tellFailure(error, write = (text) => process.stderr.write(text)) {
  if (error instanceof Interrupted) {
    write("\nStopped. Run it again: it goes on where it was interrupted.\n");
    return SIGNAL_CODES[error.signal] ?? 1;
  }
  const refusal = error instanceof Refusal ? error : refusalFor(error);
  write(refusal ? `\n${refusal.message}\n→ ${refusal.mend}\n` : `\n${error?.stack ?? error}\n`);
  return 1;
}

/** What the file system refused, as a `Refusal`; undefined for an error that is our own fault. */
export function refusalFor(error) {
  const where = error?.path ?? "the folder";
  if (error?.code === "ENOSPC" || error?.code === "EDQUOT")
    return new Refusal(
      error.path ? `The disk is full (writing ${error.path}).` : "The disk is full.",
      "Free about 2 GB and run npm start again: it goes on where it stopped.",
    );
  if (error?.code === "EROFS") return new Refusal(`${where} is on a read-only disk.`, "Clone Roadbed to a folder that can be written.");
  if (error?.code === "EACCES" || error?.code === "EPERM")
    return new Refusal(
      `${where} cannot be read or written by this user.`,
      "Own the folder (chown), or clone it elsewhere, and run npm start again.",
    );
  return undefined;
}
