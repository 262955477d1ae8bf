import { InvalidError, UnavailableError } from "@roadbed/core";

import type { Action, ActionContext, Effect, Output } from "./action.ts";

/** Runs an action; what the file system says against it is told in words, without the server's own paths. */
export function runAction(action: Action, c: ActionContext, input: unknown): Promise<Output> {
  return action.run(c, input).catch((error: unknown) => Promise.reject(toWords(action, c, error)));
}

/** Describes what an action would do. */
export function describeAction(action: Action, c: ActionContext, input: unknown): Promise<Effect> {
  return action.describe(c, input).catch((error: unknown) => Promise.reject(toWords(action, c, error)));
}

/** Only errors of file calls carry both; those of connections have the call `connect`. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string" && !["connect", "read", "write", "getaddrinfo"].includes(syscall);
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "is not there",
  ENOTDIR: "is not a folder",
  EISDIR: "is a folder",
  EEXIST: "is there already",
  ENAMETOOLONG: "has a name that is too long",
  EACCES: "may not be read or written",
  ELOOP: "is a link that leads to itself",
};

function toWords(action: Action, c: ActionContext, error: unknown): unknown {
  if (!isFileError(error)) return error;
  if (error.code === "ENOSPC") {
    return new UnavailableError("The disk of the data folder is full: nothing was made.", {
      mend: "Free space, then try again.",
      cause: error,
    });
  }
  const path = (error.path ?? "")
    .replace(c.workspace, "")
    .replace(c.template.folder ?? "\0", "")
    .replace(/^\//, "");
  const reason = WORDS[error.code ?? ""] ?? `gives ${error.code}`;
  return new InvalidError(`${action.id}: ${path === "" ? "the workspace" : path} ${reason}.`, { cause: error });
}
