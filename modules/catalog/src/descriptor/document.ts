import type { Fault } from "../entity/fault.ts";

/** One document of a descriptor file, parsed, with the way back to its lines. */
export interface Document {
  readonly value: unknown;
  /** Line of the file on which the document begins, from 1. */
  readonly line: number;
  /** Line of the file that holds a field, or the nearest thing around it. */
  readonly lineOf: (path: Fault["path"]) => number;
}

/** What cannot be read at all. */
export interface Unreadable {
  readonly line: number;
  readonly reason: string;
  readonly mend: string;
}

export type Parsed = { readonly document: Document } | { readonly unreadable: Unreadable };

/** Largest single document: longer texts (an API's definition) belong into a file of their own, read by `$text`. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** A file that a document takes in (`$text`, `$openapi` and the like): definitions of large APIs are that long. */
export const MAX_INCLUDED_BYTES = 16 * 1024 * 1024;

export function tooLarge(line: number, bytes: number): Parsed {
  const reason = `the document has ${(bytes / 1024 / 1024).toFixed(1)} MB; ${MAX_DOCUMENT_BYTES / 1024 / 1024} MB is the most`;
  return { unreadable: { line, reason, mend: "Move long texts, such as an API's definition, into a file and point to it with $text." } };
}
