import type { Entity } from "@roadbed/contracts/catalog";
import type { Logger } from "@roadbed/core";

import type { Estate } from "../estate/estate.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { Turns } from "../source/turns.ts";
import { createColumns } from "./columns.ts";
import { createComputer } from "./compute.ts";
import type { Evaluator } from "./evaluate.ts";
import { createMarks } from "./marks.ts";
import { runRule } from "./run-rule.ts";
import { createWalker } from "./walk.ts";
import { isProperty, isRule, makeWorks, propertiesOf, type PropertyWork, type Work } from "./work.ts";

/**
 * Keeps derived properties and the relations of rules right while the estate changes.
 *
 * Definitions stand in an order in which each comes after what it reads. A change marks, per definition, the entities whose value
 * may be another; then the first definition with marks is worked off, again and again, and what it changes marks its readers.
 * What needs no expression is done within the change itself; expressions run in a worker, and whoever reads meanwhile sees the
 * values of a moment ago.
 */
export interface Engine {
  /** Kinds have changed: call it before the estate takes up what arrived with them. */
  define(): void;
  /** What is kept of a document, because definitions read it. */
  pick(entity: Entity): Picked;
  /** The estate has taken these up, and let go of those. */
  arrived(arrivals: readonly Taken[], departures: readonly string[]): Turns;
  /** Ends when nothing is left to be done. */
  settled(): Promise<void>;
  /** Grows whenever a value or a relation becomes another. */
  readonly version: number;
  /** Entities whose values became others since this was asked last. */
  takeChanged(): Set<number>;
  /** Definitions with what they gave, in their order. */
  readonly works: readonly Work[];
  stop(): void;
}

export interface Picked {
  readonly kind: string;
  readonly values: ReadonlyMap<string, unknown>;
}

export interface Taken {
  readonly ref: string;
  readonly picked: Picked;
}

/** Entities that are looked at before others get a turn: of expressions, as many as one batch holds. */
const CHUNK = 500;
const SLICE_MS = 10;
const MANY = 1_000;
const RETRY_MS = 1_000;

export function createEngine(o: {
  readonly estate: Estate;
  readonly kinds: Kinds;
  readonly evaluator: Evaluator;
  readonly log: Logger;
}): Engine {
  const { estate, kinds, evaluator } = o;
  const walker = createWalker(estate, kinds);
  const columns = createColumns();
  const byKind = new Map<string, Set<number>>();
  const marks = createMarks({ estate, kinds, walker, idsOf: (kind) => byKind.get(kind) ?? [] });
  const unflushed = new Set<number>();
  let changed = new Set<number>();
  let works: Work[] = [];
  let version = 0;
  let stamp = 0;
  /** Entities that came while documents were being read: theirs are newer. */
  let loading: Set<number> | "needed" | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  const compute = createComputer({
    estate,
    walker,
    columns,
    idsOf: (kind) => byKind.get(kind) ?? [],
    works: () => works,
    stamp: () => stamp,
    flush,
  });

  estate.watchEdges({
    changed: (id, code, other) => {
      stamp++;
      marks.edge(works, id, code, other);
    },
    all: () => {
      stamp++;
      for (const work of works) marks.all(work);
    },
  });

  return {
    define,
    pick: (entity) => ({ kind: entity.kind.toLowerCase(), values: columns.pick(entity) }),
    arrived,
    settled: async () => {
      while (running) await running;
    },
    get version() {
      return version;
    },
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    get works() {
      return works;
    },
    stop: () => void (stopped = true),
  };

  function define(): void {
    const before = works;
    works = makeWorks(kinds.definitions.order, before, kinds.links);
    for (const gone of before.filter((work) => !works.includes(work))) forget(gone);
    if (columns.need(propertiesOf(works)) && estate.size > 0) loading = "needed";
    for (const work of works) marks.all(work);
    stamp++;
  }

  function forget(work: Work): void {
    if (isRule(work)) inferAnew([...work.edges.keys()]);
    else if (isProperty(work) && !work.hidden) for (const id of work.values.keys()) noteChange(id);
  }

  function noteChange(id: number): void {
    unflushed.add(id);
    changed.add(id);
    version++;
  }

  function* arrived(arrivals: readonly Taken[], departures: readonly string[]): Turns {
    stamp++;
    for (const ref of departures) depart(ref);
    // Beyond this, looking at everything is cheaper than finding out who is meant.
    const many = arrivals.length > MANY;
    for (const [at, { ref, picked }] of arrivals.entries()) {
      if (many && at % MANY === 0) yield;
      const { kind, values } = picked;
      const id = estate.idOf(ref);
      if (id === undefined || !estate.at(id)) continue;
      const peers = byKind.get(kind) ?? new Set();
      byKind.set(kind, peers);
      const isNew = !peers.has(id);
      peers.add(id);
      if (typeof loading === "object") loading.add(id);
      const differing = columns.put(id, values);
      if (!many) marks.entity(works, id, isNew ? "all" : differing);
    }
    if (many) for (const one of works) marks.all(one);
    wake();
  }

  function depart(ref: string): void {
    const id = estate.idOf(ref);
    if (id === undefined || estate.at(id)) return;
    byKind.get(ref.slice(0, ref.indexOf(":")))?.delete(id);
    columns.remove(id);
    for (const one of works) drop(one, id);
    marks.entity(works, id, "all");
  }

  /** Of an entity that is gone nothing is known any more: also when it comes again. */
  function drop(work: Work, id: number): void {
    work.faults.delete(id);
    if (isRule(work)) {
      work.edges.delete(id);
      work.cut.delete(id);
    } else if (isProperty(work) && work.values.delete(id)) changed.add(id);
  }

  function wake(): void {
    if (running || stopped) return;
    let failed = false;
    let ended = false;
    const run = work(() => (ended = true)).catch((error: unknown) => {
      failed = true;
      o.log.error("derived properties could not be brought up to date", { error: String(error) });
    });
    // Most changes are done by now, without having waited for anything. That no marks are left says nothing while answers are
    // awaited: a second run beside this one would settle newer values before older ones.
    if (ended) return;
    running = run.then(async () => {
      if (failed && !stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      running = undefined;
      if (!isDone()) wake();
    });
  }

  function isDone(): boolean {
    return stopped || (loading === undefined && unflushed.size === 0 && works.every(({ dirty }) => dirty.size === 0));
  }

  /** `end` is called in the very moment in which nothing is left. */
  async function work(end: () => void): Promise<void> {
    const pace = createPace();
    while (!stopped) {
      if (loading === "needed") await load();
      const next = works.find(({ dirty }) => dirty.size > 0);
      if (!next) break;
      const ids = take(next.dirty);
      try {
        if (isRule(next)) await runRule({ estate, evaluator, compute, rule: next, ids, inferAnew });
        else if (isProperty(next) && next.definition.how.by === "calculate") await calculate(next, next.definition.how, ids);
        else if (isProperty(next)) {
          for (const id of ids) {
            settle(next, id, estate.at(id) ? compute.valueOf(next, id) : undefined);
            if (pace.isLong()) await pace.pause();
          }
        }
      } catch (error) {
        for (const id of ids) next.dirty.add(id);
        throw error;
      }
      if (pace.isLong()) await pace.pause();
    }
    flush();
    end();
  }

  async function load(): Promise<void> {
    const newer = new Set<number>();
    loading = newer;
    const ids = [...estate.all()];
    for (let start = 0; start < ids.length && !stopped; start += CHUNK) {
      const documents = await evaluator.documents(ids.slice(start, start + CHUNK));
      // What arrives meanwhile is newer than what was read.
      for (const [id, entity] of documents) if (!newer.has(id) && estate.at(id)) columns.put(id, columns.pick(entity));
    }
    if (loading === newer) loading = undefined;
    for (const work of works) marks.all(work);
    stamp++;
  }

  async function calculate(
    next: PropertyWork,
    how: { readonly expression: string; readonly readsRelations: boolean },
    ids: readonly number[],
  ): Promise<void> {
    const documents = await evaluator.documents(ids);
    const there = ids.filter((id) => documents.has(id) && estate.at(id));
    const bindings = there.map((id) => ({ entity: compute.bindingOf(id, documents.get(id)!, how.readsRelations) }));
    const answers = bindings.length === 0 ? [] : await evaluator.run(how.expression, ["entity"], bindings);
    const values = new Map(there.map((id, at) => [id, answers[at]!]));
    for (const id of ids) {
      const answer = values.get(id);
      if (answer && "fault" in answer) next.faults.set(id, answer.fault);
      else next.faults.delete(id);
      settle(next, id, answer && "value" in answer && estate.at(id) ? answer.value : undefined);
    }
  }

  function settle(next: PropertyWork, id: number, value: unknown): void {
    const before = next.values.get(id);
    if (before === value || JSON.stringify(before) === JSON.stringify(value)) return;
    if (value === undefined) next.values.delete(id);
    else next.values.set(id, value);
    if (!next.hidden) noteChange(id);
    marks.readers(next, id);
  }

  /** Writes what became other into the estate, where filters and lists find it. */
  function flush(): void {
    if (unflushed.size === 0) return;
    const records = new Map([...unflushed].map((id) => [id, compute.derivedOf(id)]));
    unflushed.clear();
    estate.derive(records);
    stamp++;
  }

  function inferAnew(sources: readonly number[]): void {
    const rules = works.filter(isRule);
    const changes = new Map<number, readonly number[]>();
    for (const id of sources) {
      const triples = rules.flatMap(({ definition, edges }) => {
        const code = kinds.relations.codeOf(definition.type);
        if (code === undefined) return [];
        const rule = estate.ruleNumber(`${definition.id}`);
        return (edges.get(id) ?? []).flatMap((other) => [code, other, rule]);
      });
      changes.set(id, triples);
    }
    version++;
    estate.infer(changes);
  }
}

function take(dirty: Set<number>): number[] {
  const ids: number[] = [];
  for (const id of dirty) {
    dirty.delete(id);
    if (ids.push(id) === CHUNK) break;
  }
  return ids;
}

function createPace(): { isLong(): boolean; pause(): Promise<void> } {
  let began = performance.now();
  return {
    isLong: () => performance.now() - began > SLICE_MS,
    pause: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      began = performance.now();
    },
  };
}
