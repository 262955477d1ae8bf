import { Entity } from "@roadbed/contracts/catalog";
import { InvalidError, TooLargeError } from "@roadbed/core";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";

import { resolveInside } from "../workspace/workspace.ts";

/** A file of a path that is being written. */
export interface DraftFile {
  readonly path: string;
  readonly base64: string;
  readonly executable?: boolean | undefined;
}

/** No name that a folder beside a path would have. */
const OWN = "-own";
/** A file in a folder beside it. */
const BESIDE = /^\.\.\/[A-Za-z0-9][^/]*\//;
const MOST_BYTES = 20_000_000;
export const TEMPLATE = "template.yaml";

/** The template of a draft. Throws `InvalidError` when it has none, or one that is no entity. */
export function templateOf(files: readonly DraftFile[]): Entity {
  const text = textOf(files, TEMPLATE);
  if (text === undefined) throw new InvalidError(`There is no ${TEMPLATE} in this folder.`, { mend: "Name the folder that holds it." });
  const [document] = parseAllDocuments(text);
  if (document === undefined || document.errors[0]) {
    throw new InvalidError(`${TEMPLATE} cannot be read: ${document?.errors[0]?.message.split("\n")[0] ?? "it is empty"}`);
  }
  const parsed = Entity.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  throw new InvalidError(`${TEMPLATE} is no template: ${parsed.error.issues[0]?.message ?? ""}`);
}

export function textOf(files: readonly DraftFile[], path: string): string | undefined {
  const file = files.find((one) => one.path === path);
  return file === undefined ? undefined : Buffer.from(file.base64, "base64").toString("utf8");
}

/**
 * Gives `use` the draft as a folder on disk, which is gone afterwards, with the folders beside it that came along (`../shared/…`) beside it:
 * they and the draft lie below its parent, out of which no name leads.
 */
export async function withDraft<T>(dataDir: string, files: readonly DraftFile[], use: (folder: string) => Promise<T>): Promise<T> {
  const bytes = files.reduce((sum, { base64 }) => sum + base64.length * 0.75, 0);
  if (bytes > MOST_BYTES) throw new TooLargeError(`A draft may hold ${MOST_BYTES / 1e6} MB.`);
  await mkdir(join(dataDir, "drafts"), { recursive: true });
  const root = await mkdtemp(join(dataDir, "drafts", "d-"));
  const folder = join(root, OWN);
  try {
    await mkdir(folder, { recursive: true });
    for (const { path, base64, executable } of files) {
      const place = BESIDE.test(path)
        ? await resolveInside(root, path.slice("../".length), "path")
        : await resolveInside(folder, path, "path");
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, Buffer.from(base64, "base64"), { mode: executable === true ? 0o755 : 0o644 });
    }
    return await use(folder);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
