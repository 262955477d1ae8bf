import { setTimeout as pause } from "node:timers/promises";

import type { HostedRepository } from "@roadbed/contracts/connector";
import { DomainError, InvalidError, TooManyError, type Sql } from "@roadbed/core";

import type { Connectors } from "../../connector/connectors.ts";
import type { SourceRow } from "../../source/source-store.ts";
import { analyseTree } from "../analyse/analyse-tree.ts";
import type { Author } from "../finding.ts";
import { openHostedTree } from "./hosted-tree.ts";
import { readRemote, SINCE_DAYS, type ReadRepository } from "./read-clone.ts";
import { forgetMissing, readFingerprints, writeRepository } from "./repository-store.ts";
import type { Work } from "./work.ts";

/** Repositories that are asked about side by side; hosts ask their callers to be few. */
const SIDE_BY_SIDE = 3;
/** Most repositories of one organisation. */
const MAX_REPOSITORIES = 10_000;
/** Most files of one repository that are fetched, those nearest to the root first. */
const MAX_FILES = 600;
/** The part of the host's budget that is left to readings of the source and to other callers. */
const RESERVE = 0.1;
/** So long it is waited on the spot; longer, others have their turn. */
const SHORT_MS = 90_000;

/**
 * Reads the repositories behind a connector over the host's API. What was read is kept one by one, and a repository in which nothing was
 * pushed costs no call. Answers when to go on, where the host allows no more calls before: what is left is read then.
 */
export async function readHosted(
  deps: { readonly db: Sql; readonly connectors: Connectors },
  source: SourceRow,
  o: Work & { readonly root: string; readonly discoveryId: string },
): Promise<Date | undefined> {
  const { db, connectors } = deps;
  const { state, notes, signal, root, discoveryId } = o;
  const connector = connectors.get(source.connector ?? "");
  if (!connector.repositories) throw new InvalidError(`The source ${source.name} has no files to read.`);
  const call = connectors.call({ state: {}, signal, now: () => new Date(), hours: 12 });
  const repositories: HostedRepository[] = [];
  try {
    for await (const one of connector.repositories(await connectors.settingsOf(source), call)) {
      if (repositories.length === MAX_REPOSITORIES) {
        notes.push({ repository: source.target, file: "", reason: `more than ${MAX_REPOSITORIES} repositories: the rest was left out` });
        break;
      }
      repositories.push(one);
    }
  } catch (error) {
    if (error instanceof TooManyError) return hence(error.retryAfterSeconds);
    throw error;
  }
  state.total += repositories.length;
  const known = await readFingerprints(db, root);
  const queue = [...repositories];
  const waits: Date[] = [];
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next));
  if (waits.length === 0 && repositories.length < MAX_REPOSITORIES) {
    const paths = repositories.map(({ url }) => url);
    await forgetMissing(db, root, paths);
  }
  return waits.sort((a, b) => b.getTime() - a.getTime())[0];

  async function next(): Promise<void> {
    for (let one = queue.shift(); one !== undefined && waits.length === 0; one = queue.shift()) {
      signal.throwIfAborted();
      const before = known.get(one.url);
      if (before?.fingerprint === one.mark) {
        if (before.discoveryId !== discoveryId) state.unchanged++;
        state.done++;
        continue;
      }
      state.current = one.url;
      const wait = await patiently(one);
      if (wait) waits.push(wait);
      else state.done++;
    }
  }

  /** Answers when to come back, where that is too long to wait for. */
  async function patiently(one: HostedRepository): Promise<Date | undefined> {
    for (;;) {
      const at = shortUntil(one) ?? (await readOne(one));
      if (at === undefined || at.getTime() - Date.now() > SHORT_MS) return at;
      await pause(Math.max(0, at.getTime() - Date.now()) + 1_000, undefined, { signal, ref: false });
    }
  }

  async function readOne(one: HostedRepository): Promise<Date | undefined> {
    try {
      const read = await readRepository(one, source.target, signal);
      await writeRepository(db, { ...read, root, path: one.url, discoveryId }, new Date());
      if (notes.length < 500) notes.push(...read.notes);
    } catch (error) {
      if (error instanceof TooManyError) return hence(error.retryAfterSeconds);
      if (!(error instanceof DomainError) || signal.aborted) throw error;
      notes.push({ repository: one.url, file: "", reason: error.message });
    }
    return undefined;
  }
}

/** When the host allows enough again; undefined while it does. */
function shortUntil(one: HostedRepository): Date | undefined {
  const budget = one.budget();
  if (!budget || budget.resetAt.getTime() <= Date.now()) return undefined;
  return budget.remaining < budget.limit * RESERVE ? budget.resetAt : undefined;
}

function hence(seconds: number): Date {
  return new Date(Date.now() + seconds * 1_000);
}

async function readRepository(one: HostedRepository, target: string, signal: AbortSignal): Promise<ReadRepository> {
  const tree = await openHostedTree(one);
  const { findings, notes } = await analyseTree(tree, { signal, maxFiles: MAX_FILES });
  const commits = tree.files.length === 0 ? [] : await one.commits(new Date(Date.now() - SINCE_DAYS * 86_400_000));
  const { key, name, url } = readRemote(one.url) ?? { key: one.url, name: one.url.split("/").at(-1)!, url: one.url };
  const folders = key.startsWith(`${target.toLowerCase()}/`)
    ? key
        .slice(target.length + 1)
        .split("/")
        .slice(0, -1)
    : [];
  return {
    repository: { key, name, url, group: folders.at(-1) ?? "", findings, authors: authorsOf(commits) },
    // By what the host says without being asked about the repository itself.
    fingerprint: one.mark,
    notes: [...tree.skipped, ...notes].map(({ file, reason }) => ({ repository: name, file, reason })),
  };
}

function authorsOf(commits: Awaited<ReturnType<HostedRepository["commits"]>>): readonly Author[] {
  const found = new Map<string, { name: string; commits: number; last: string; login?: string }>();
  for (const { name, email, login, at } of commits) {
    if (!email.includes("@")) continue;
    const known = found.get(email.toLowerCase());
    // Newest first: the first that is seen is the last day.
    if (known) known.commits++;
    else {
      found.set(email.toLowerCase(), {
        name,
        commits: 1,
        last: at.toISOString().slice(0, 10),
        ...(login === undefined ? {} : { login: login.toLowerCase() }),
      });
    }
  }
  return [...found].map(([email, rest]) => ({ email, ...rest })).sort((a, b) => b.commits - a.commits || (a.email < b.email ? -1 : 1));
}
