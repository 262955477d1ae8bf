import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";

import type { HostedFile, HostedRepository } from "@roadbed/contracts/connector";
import { DomainError, TooManyError, UnavailableError, type Logger, type Sql } from "@roadbed/core";

import type { Connectors } from "../connector/connectors.ts";
import { SOURCE_COLUMNS, type SourceRow } from "../source/source-store.ts";

/** A folder of a repository at a Git host that a connected source reads. */
export interface HostedPlace {
  readonly sourceId: string;
  /** The repository as the host names it, e.g. `acme/shop`. */
  readonly repository: string;
  readonly dir: string;
  /** When the source was read last: from then on something else may stand there. */
  readonly readAt: Date | null;
}

export type Looked =
  | { readonly paths: readonly string[]; readonly isPart: boolean; text(path: string): string | undefined }
  | { readonly because: string };

/**
 * Files of repositories at GitHub and GitLab, as they were read last. Nobody waits for a host: what is not known yet is read meanwhile,
 * and told when it is there.
 */
export interface HostedFiles {
  look(ref: string, place: HostedPlace, patterns: readonly string[]): Promise<Looked>;
  /** Something was changed beside these just now: what is known of their files is not taken for true any more. */
  doubt(refs: readonly string[]): Promise<void>;
  /** Whose files are others than they were. */
  onRead(listener: (refs: readonly string[]) => void): () => void;
  /** Ends when nothing is being read. */
  settled(): Promise<void>;
}

interface Known {
  readonly mark: string;
  readonly checkedAt: number;
  readonly files: readonly HostedFile[];
  readonly isPart: boolean;
  /** By what the content is called: those of the files that somebody asked for. Null: it is no text, or too large. */
  readonly texts: Readonly<Record<string, string | null>>;
}

interface Entry {
  known: Known | undefined;
  because: string | undefined;
  readonly asked: Map<string, { readonly dir: string; readonly patterns: readonly string[] }>;
  reading: boolean;
  /** Not before: the host wants to be left alone, or does not answer. */
  notBefore: number;
}

const MOST_FILES = 100;
const MOST_BYTES = 256 * 1024;
const AT_ONCE = 3;
/** Calls that are left to others: reading the source matters more than looking at its files. */
const LEFT_TO_OTHERS = 0.2;
const AGAIN_MS = 5 * 60_000;
const LONGEST_MS = 60_000;

export function createHostedFiles(o: {
  readonly sql: Sql;
  readonly log: Logger;
  readonly connectors: Pick<Connectors, "get" | "settingsOf" | "call">;
  /** What was read is kept here over restarts. */
  readonly folder: string | undefined;
}): HostedFiles {
  const entries = new Map<string, Promise<Entry>>();
  const listeners = new Set<(refs: readonly string[]) => void>();
  const queue: (() => Promise<void>)[] = [];
  let working = 0;
  let idle: (() => void)[] = [];

  return {
    look: async (ref, place, patterns) => {
      const key = `${place.sourceId} ${place.repository}`;
      const opened = entries.get(key) ?? openEntry(key);
      entries.set(key, opened);
      const entry = await opened;
      entry.asked.set(ref, { dir: place.dir, patterns });
      if (isToRead(entry, place) && !entry.reading && entry.notBefore <= Date.now()) {
        entry.reading = true;
        queue.push(() => read(key, entry, place));
        work();
      }
      return answer(entry, place.dir);
    },
    doubt: async (refs) => {
      for (const opened of entries.values()) {
        const entry = await opened;
        if (entry.known && refs.some((ref) => entry.asked.has(ref))) entry.known = { ...entry.known, checkedAt: 0 };
      }
    },
    onRead: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    settled: () => (working === 0 && queue.length === 0 ? Promise.resolve() : new Promise((resolve) => void idle.push(resolve))),
  };

  function work(): void {
    while (working < AT_ONCE && queue.length > 0) {
      working++;
      void queue.shift()!().finally(() => {
        working--;
        work();
        if (working === 0 && queue.length === 0) for (const done of idle.splice(0)) done();
      });
    }
  }

  async function read(key: string, entry: Entry, place: HostedPlace): Promise<void> {
    const before = entry.known;
    const said = entry.because;
    try {
      entry.known = await readRepository(entry, place);
      entry.because = undefined;
      entry.notBefore = 0;
      if (entry.known !== before) await keep(key, entry.known);
    } catch (error) {
      entry.because = error instanceof DomainError ? error.message : "the host cannot be read";
      entry.notBefore = Date.now() + (error instanceof TooManyError ? error.retryAfterSeconds * 1_000 : AGAIN_MS);
      o.log.warn("files of a repository are not known", { repository: place.repository, error: String(error) });
    }
    entry.reading = false;
    const isOther =
      before?.mark !== entry.known?.mark || before?.texts !== entry.known?.texts || (before === undefined && said !== entry.because);
    if (isOther) for (const listener of listeners) listener([...entry.asked.keys()]);
  }

  /** What is as it was costs one question. */
  async function readRepository(entry: Entry, { sourceId, repository: path }: HostedPlace): Promise<Known> {
    const hosted = await open(sourceId, path);
    const budget = hosted.budget();
    if (budget && budget.remaining < budget.limit * LEFT_TO_OTHERS)
      throw new TooManyError("the host allows few calls more for now", Math.max(60, (budget.resetAt.getTime() - Date.now()) / 1_000));
    const { known } = entry;
    const isSame = known !== undefined && known.mark === hosted.mark && hosted.mark !== "";
    const { files, isPart } = isSame ? known : await hosted.list();
    const wanted = files.filter((file) => isAsked(entry, file.path)).slice(0, MOST_FILES);
    const missing = wanted.filter(({ id }) => known?.texts[id] === undefined);
    const small = missing.filter(({ bytes = 0 }) => bytes <= MOST_BYTES);
    const contents = small.length === 0 ? new Map<string, Uint8Array>() : await hosted.read(small);
    const texts = Object.fromEntries(wanted.map(({ path: name, id }) => [id, known?.texts[id] ?? textOf(contents.get(name))] as const));
    return { mark: hosted.mark, checkedAt: Date.now(), files, isPart, texts: isSame && missing.length === 0 ? known.texts : texts };
  }

  async function open(sourceId: string, path: string): Promise<HostedRepository> {
    const { rows } = await o.sql.query<SourceRow & Record<string, unknown>>(`select ${SOURCE_COLUMNS} from catalog.source where id = $1`, [
      sourceId,
    ]);
    const [source] = rows;
    if (!source) throw new UnavailableError("the source that describes it is gone");
    const connector = o.connectors.get(source.connector ?? "");
    if (!connector.repository) throw new UnavailableError(`files at ${connector.title} are not read`);
    const call = o.connectors.call({ state: {}, signal: AbortSignal.timeout(LONGEST_MS), now: () => new Date() });
    const found = await connector.repository(await o.connectors.settingsOf(source), path, call);
    if (!found) throw new UnavailableError(`the host has no repository ${path}, or hides it from the token of ${source.name}`);
    return found;
  }

  function fileOf(key: string): string | undefined {
    return o.folder && join(o.folder, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);
  }

  async function openEntry(key: string): Promise<Entry> {
    const file = fileOf(key);
    const text = file === undefined ? undefined : await readFile(file, "utf8").catch(() => undefined);
    let known: Known | undefined;
    try {
      known = text === undefined ? undefined : (JSON.parse(text) as Known);
    } catch {
      // Half written: it is read again.
    }
    return { known, because: undefined, asked: new Map(), reading: false, notBefore: 0 };
  }

  async function keep(key: string, known: Known): Promise<void> {
    const file = fileOf(key);
    if (file === undefined) return;
    await mkdir(o.folder!, { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify(known), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

function isToRead(entry: Entry, { readAt }: HostedPlace): boolean {
  const { known } = entry;
  if (known === undefined || (readAt !== null && readAt.getTime() > known.checkedAt)) return true;
  const asked = known.files.filter((file) => isAsked(entry, file.path)).slice(0, MOST_FILES);
  return asked.some(({ id }) => known.texts[id] === undefined);
}

function isAsked({ asked }: Entry, path: string): boolean {
  for (const { dir, patterns } of asked.values()) {
    const inside = within(dir, path);
    if (inside !== undefined && patterns.some((pattern) => inside === pattern || posix.matchesGlob(inside, pattern))) return true;
  }
  return false;
}

function within(dir: string, path: string): string | undefined {
  if (dir === "") return path;
  return path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : undefined;
}

function answer({ known, because }: Entry, dir: string): Looked {
  if (known === undefined) return { because: because ?? "it is being read from its host" };
  const ids = new Map(known.files.flatMap(({ path, id }) => (within(dir, path) === undefined ? [] : [[within(dir, path)!, id] as const])));
  return {
    paths: [...ids.keys()].sort(),
    isPart: known.isPart,
    text: (path) => known.texts[ids.get(path) ?? ""] ?? undefined,
  };
}

function textOf(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined || bytes.length > MOST_BYTES) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
