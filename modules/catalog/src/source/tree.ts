import { posix } from "node:path";

/** The files of a source at one moment, wherever they are kept. Nothing outside the root can be named or read. */
export interface Tree {
  /** Differs when any file differs. */
  readonly fingerprint: string;
  /** Paths relative to the root with "/", sorted; links that leave the root are not among them. */
  readonly files: readonly string[];
  /** What was left out, and why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string; readonly mend: string }[];
  /** Undefined when there is no such file, or it lies outside the root. Throws `TooLargeError` above `limit` bytes. */
  read(path: string, limit: number): Promise<Uint8Array | undefined>;
  /** What will be read, in this order: trees at the other end of a wire bring it together. */
  expect?(paths: readonly string[]): void;
  /** Where people find a file: an absolute path or an address. */
  locationOf(path: string): string;
  /** Bytes of a file, where they are known without reading it. */
  sizeOf?(path: string): number | undefined;
  /** The path behind an absolute address, when it lies in this very tree. */
  pathOf?(address: string): string | undefined;
}

/** A path as written in `from`, made relative to the root; undefined when it leaves the root or is absolute. */
export function resolveInside(from: string, path: string): string | undefined {
  if (path.startsWith("/") || /^[a-z]:/i.test(path) || path.includes("\\") || path.includes("\0")) return undefined;
  const resolved = posix.normalize(posix.join(posix.dirname(from), path));
  if (resolved === ".." || resolved.startsWith("../")) return undefined;
  return resolved.replace(/\/$/, "");
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a file; undefined when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
