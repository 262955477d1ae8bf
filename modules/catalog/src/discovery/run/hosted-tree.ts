import { createHash } from "node:crypto";

import type { HostedFile, HostedRepository } from "@roadbed/contracts/connector";
import { TooLargeError } from "@roadbed/core";

import type { Tree } from "../../source/tree.ts";

/** Files that are asked for together, in the order in which they will be read. */
const TOGETHER = 100;

/** The files of a repository that stays where it is: only what somebody reads is fetched, and each once. */
export async function openHostedTree(repository: HostedRepository): Promise<Tree> {
  const { files, isPart } = await repository.list();
  const byPath = new Map(files.map((file) => [file.path, file]));
  const paths = [...byPath.keys()].sort();
  const fetched = new Map<string, Uint8Array | undefined>();
  let expected: readonly string[] = [];

  return {
    fingerprint: fingerprintOf(files),
    files: paths,
    skipped: isPart
      ? [{ file: "", reason: "the host does not tell of all files of so large a repository", mend: "Read a clone of it instead." }]
      : [],
    read,
    expect: (next) => (expected = next),
    sizeOf: (path) => byPath.get(path)?.bytes,
    locationOf: (path) => `${repository.url}/${path}`,
  };

  async function read(path: string, limit: number): Promise<Uint8Array | undefined> {
    const file = byPath.get(path);
    if (!file) return undefined;
    if ((file.bytes ?? 0) > limit) throw tooLarge(path, limit);
    if (!fetched.has(path)) await fetchFrom(file, limit);
    const bytes = fetched.get(path);
    fetched.delete(path);
    if (bytes !== undefined && bytes.length > limit) throw tooLarge(path, limit);
    return bytes;
  }

  async function fetchFrom(first: HostedFile, limit: number): Promise<void> {
    const at = expected.indexOf(first.path);
    const following = at === -1 ? [] : expected.slice(at + 1, at + TOGETHER);
    const wanted = [first, ...following.flatMap((path) => byPath.get(path) ?? [])].filter(({ bytes = 0 }) => bytes <= limit);
    const texts = await repository.read(wanted);
    for (const { path } of wanted) fetched.set(path, texts.get(path));
  }
}

function tooLarge(path: string, limit: number): TooLargeError {
  return new TooLargeError(`${path} has more than ${limit} bytes`);
}

function fingerprintOf(files: readonly HostedFile[]): string {
  const hash = createHash("sha256");
  for (const { path, id } of files) hash.update(`${path}\0${id}\n`);
  return hash.digest("hex");
}
