import type { Dirent } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, normalize, relative, resolve, sep } from "node:path";

import { ConflictError } from "@roadbed/core";

export interface SentFile {
  readonly path: string;
  readonly base64: string;
  readonly executable?: true;
}

const MOST_BYTES = 2_900_000;
const LEFT_OUT = new Set([".git", "node_modules"]);

/** The files below a folder, without `.git` and `node_modules`. `fail` makes the error for what cannot be sent. */
export async function readFolder(folder: string, fail: (reason: string, mend: string) => Error): Promise<SentFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw fail(`there is no folder ${resolve(folder)}`, "Name the folder that holds template.yaml.");
  });
  const files: SentFile[] = [];
  let bytes = 0;
  for (const entry of [...entries, ...(await besides(folder))]) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full).split(sep).join("/");
    if (!entry.isFile() || path.split("/").some((part) => LEFT_OUT.has(part))) continue;
    const content = await readFile(full);
    bytes += content.length;
    if (bytes > MOST_BYTES) throw fail(`${folder} holds more than ${MOST_BYTES / 1e6} MB`, "Name the folder of one path.");
    const isExecutable = ((await stat(full)).mode & 0o100) !== 0;
    files.push({ path, base64: content.toString("base64"), ...(isExecutable ? { executable: true } : {}) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What lies in the folders beside it that its template names by `../`: paths share skeletons. */
async function besides(folder: string): Promise<Dirent[]> {
  const text = await readFile(join(folder, "template.yaml"), "utf8").catch(() => "");
  const named = new Set([...text.matchAll(/\burl:\s*["']?\.\.\/([\w-][\w./-]*)/g)].map(([, place = ""]) => normalize(place)));
  const outermost = [...named].filter(
    (one) => !one.startsWith("..") && ![...named].some((other) => other !== one && one.startsWith(`${other}/`)),
  );
  const found = await Promise.all(
    outermost.map((place) => readdir(join(folder, "..", place), { recursive: true, withFileTypes: true }).catch(() => [])),
  );
  return found.flat();
}

/** Writes files into a folder that is not there yet, and answers their paths. */
export async function writeFolder(folder: string, files: readonly { readonly path: string; readonly text: string }[]): Promise<string[]> {
  await mkdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
    throw new ConflictError(`${resolve(folder)} is there already.`, { mend: "Choose another name, or remove it." });
  });
  for (const { path, text } of files) {
    const place = resolve(folder, path);
    if (relative(folder, place).startsWith("..")) throw new ConflictError(`${path} leads out of ${folder}.`);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
  }
  return files.map(({ path }) => join(folder, path));
}
