import { NotFoundError, type Sql } from "@roadbed/core";

import type { Definition } from "./definition.ts";
import type { Definitions } from "./definition-store.ts";
import { readResultsAfter } from "./result-store.ts";
import { standingOf, type Standing } from "./standing.ts";

/** How one entity stands in one scorecard. */
export interface Entry {
  readonly ref: string;
  readonly version: number;
  readonly rank: number | undefined;
  readonly codes: string;
  readonly firstAt: number;
  readonly since: number;
}

/** All results in memory, as of the database when it was asked. */
export interface Board {
  readonly definitions: readonly Definition[];
  /** True while everything is being looked at anew. */
  readonly computing: boolean;
  /** How far that has come; undefined while nothing has to be. */
  readonly progress: Progress | undefined;
  entries(scorecard: string): ReadonlyMap<string, Entry>;
  /** Throws `NotFoundError`. */
  definition(name: string): Definition;
  /** One letter per rule of the definition, also where the result is still of the version before. */
  codes(definition: Definition, entry: Entry): string;
  /** What the results come to now. */
  standing(definition: Definition, entry: Entry): Standing;
}

export interface Progress {
  readonly looked: number;
  readonly of: number;
}

/** The rubric, where there is one and none is named. */
export function rubricOf({ definitions }: Board): Definition | undefined {
  return definitions.find(({ document }) => document.spec.rubric);
}

const BATCH = 20_000;

/** Keeps the board: each process its own, brought up to date when it is asked for. */
export function createBoardKeeper(definitions: Definitions): (sql: Sql) => Promise<Board> {
  const rows = new Map<string, Map<string, Entry>>();
  const texts = new Map<string, string>();
  /** Few results differ: what each comes to is worked out once. */
  const standings = new WeakMap<Definition, Standings>();
  const older = new Map<string, Definition>();
  /** Versions of which there is, or was, a result. */
  const versions = new Map<string, Set<number>>();
  let applied = "-1";
  let running: Promise<void> = Promise.resolve();

  return async (sql) => {
    const { rows: found } = await sql.query<{
      change: string;
      definitions: string;
      sweeping: boolean;
      sweep_looked: number;
      sweep_of: number;
    }>("select change, definitions, sweep_after is not null as sweeping, sweep_looked, sweep_of from standards.scorecard_state");
    const state = found[0]!;
    if (BigInt(state.change) > BigInt(applied)) {
      running = running.catch(() => {}).then(() => catchUp(sql, state.change));
      await running;
    }
    const current = await definitions.current(sql, state.definitions);
    if (state.sweeping) await prepareVersions(sql, current);
    return viewOf(current, state.sweeping ? { looked: state.sweep_looked, of: state.sweep_of } : undefined);
  };

  async function catchUp(sql: Sql, target: string): Promise<void> {
    if (BigInt(applied) >= BigInt(target)) return;
    const from = applied;
    for (let after: [string, string] = ["", ""]; ;) {
      const batch = await readResultsAfter(sql, from, BATCH, after);
      for (const { scorecard, ref, version, rank, codes, first_at, since } of batch) {
        const of = rows.get(scorecard) ?? new Map<string, Entry>();
        rows.set(scorecard, of);
        const seen = versions.get(scorecard) ?? new Set<number>();
        versions.set(scorecard, seen.add(version));
        if (codes === null) of.delete(ref);
        else
          of.set(ref, { ref, version, rank: rank ?? undefined, codes: shared(codes), firstAt: first_at.getTime(), since: since.getTime() });
      }
      const last = batch.at(-1);
      if (batch.length < BATCH || !last) break;
      after = [last.scorecard, last.ref];
    }
    // What came while the pages were read is read again the next time: some of it was not on them.
    applied = target;
  }

  function shared(text: string): string {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  }

  /** While everything is looked at anew, some results are still of the version before. */
  async function prepareVersions(sql: Sql, current: readonly Definition[]): Promise<void> {
    for (const definition of current) {
      for (const version of versions.get(definition.name) ?? []) {
        if (version !== definition.version) await remember(sql, definition.name, version);
      }
    }
  }

  async function remember(sql: Sql, name: string, version: number): Promise<void> {
    if (older.has(`${name} ${version}`)) return;
    const definition = await definitions.ofVersion(sql, name, version);
    if (definition) older.set(`${name} ${version}`, definition);
  }

  function viewOf(current: readonly Definition[], progress: Progress | undefined): Board {
    return {
      definitions: current,
      computing: progress !== undefined,
      progress,
      entries: (scorecard) => rows.get(scorecard) ?? NONE,
      definition: (name) => {
        const found = current.find((one) => one.name === name);
        if (!found) throw new NotFoundError("scorecard", name, "List the scorecards to see what there is.");
        return found;
      },
      codes: codesOf,
      standing: (definition, entry) => {
        const of = entry.version === definition.version ? standingsOf(definition).own : standingsOf(definition).older;
        const key = entry.version === definition.version ? entry.codes : `${entry.version} ${entry.codes}`;
        let standing = of.get(key);
        if (!standing) of.set(key, (standing = standingOf(definition, codesOf(definition, entry), Date.now())));
        return standing;
      },
    };
  }

  /** What a rule counts for changes with the time: kept for a minute. */
  function standingsOf(definition: Definition): Standings {
    const minute = Math.floor(Date.now() / 60_000);
    let kept = standings.get(definition);
    if (kept?.minute !== minute) standings.set(definition, (kept = { minute, own: new Map(), older: new Map() }));
    return kept;
  }

  function codesOf(definition: Definition, { codes, version }: Entry): string {
    return version === definition.version ? codes : alignCodes(definition, codes, older.get(`${definition.name} ${version}`));
  }
}

/** By codes: those of the version itself, and those of versions before. */
interface Standings {
  readonly minute: number;
  readonly own: Map<string, Standing>;
  readonly older: Map<string, Standing>;
}

const NONE: ReadonlyMap<string, Entry> = new Map();

/** Results of another version, put under the rules of this one; of a rule that it did not have nothing is known. */
export function alignCodes(definition: Pick<Definition, "rules">, codes: string, from: Pick<Definition, "rules"> | undefined): string {
  const at = new Map(from?.rules.map(({ id }, n) => [id, n]) ?? []);
  return definition.rules.map(({ id }) => codes[at.get(id) ?? -1] ?? "n").join("");
}
