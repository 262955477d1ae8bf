import type { AiReading } from "../genai/ai-reading.ts";
import type { LabelGuard } from "../senders/label-guard.ts";
import { pushRange, readAttributes, within, type Ranges } from "./attributes.ts";
import { BYTES, nextTag, readText, skip, type Reader } from "./reader.ts";
import { createRowWriter, putByte, putText, type RowWriter } from "./row-writer.ts";

/** What one request became. Rows that were refused one by one are counted, with the first reason. */
export interface Outcome {
  rows: number;
  rejected: number;
  reason: string | undefined;
}

export interface TranscodeOptions {
  /** Marks every row as sample data, whatever the resource says. */
  readonly sample: boolean;
  /** Rows outside are refused: too old to be kept, or from the future. Milliseconds since 1970. */
  readonly oldest: number;
  readonly newest: number;
  /** How spans that speak of models are read. Absent: as all others. */
  readonly ai?: AiReading | undefined;
  /** What the sender's metrics may be told apart by. Absent: everything. */
  readonly labels?: LabelGuard | undefined;
}

/** Whose an item is. */
export interface Owner {
  readonly scope: string;
  readonly service: string;
  /** Why nothing of it can be taken. */
  readonly fault: string | undefined;
}

export function reject(outcome: Outcome, reason: string): void {
  outcome.rejected++;
  outcome.reason ??= reason;
}

/** The first columns of every row: whose it is. */
export const ENVELOPE_COLUMNS = ["sample", "service", "resource", "scope_name", "scope_version"] as const;

/**
 * Walks request > resource > scope > item, which traces, logs and metrics have in common, and calls `item` inside
 * each item with the row's first columns already written to `prefix`.
 */
export function eachItem(r: Reader, o: TranscodeOptions, item: (prefix: RowWriter, owner: Owner) => void): void {
  const prefix = createRowWriter(4_096);
  const [resources, scopes, items]: [Ranges, Ranges, Ranges] = [[], [], []];
  collect(r, undefined, resources);
  for (let i = 0; i < resources.length; i += 2) {
    within(r, resources, i, () => {
      const resource: Ranges = [];
      scopes.length = 0;
      collect(r, resource, scopes);
      prefix.pos = 0;
      const service = putResource(prefix, readAll(r, resource, readResource).flat(), o.sample);
      const resourceEnd = prefix.pos;
      const fault = o.labels?.refusesService(service);
      for (let j = 0; j < scopes.length; j += 2) {
        within(r, scopes, j, () => {
          const scope: Ranges = [];
          items.length = 0;
          collect(r, scope, items);
          prefix.pos = resourceEnd;
          const [name, version] = readAll(r, scope, readScope).at(-1) ?? ["", ""];
          putText(prefix, name);
          putText(prefix, version);
          const owner = { scope: name, service, fault };
          for (let k = 0; k < items.length; k += 2) within(r, items, k, () => item(prefix, owner));
        });
      }
    });
  }
}

const DEFAULT_SERVICE = "unknown_service";
const MAX_SERVICE = 200;
const HEAD = (1 << 3) | BYTES;
const CHILDREN = (2 << 3) | BYTES;

/** Field 1 into `head` and field 2 into `children`; the request itself has its children in field 1. */
function collect(r: Reader, head: Ranges | undefined, children: Ranges): void {
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === HEAD) pushRange(r, head ?? children);
    else if (tag === CHILDREN && head !== undefined) pushRange(r, children);
    else skip(r, tag);
  }
}

function readAll<T>(r: Reader, ranges: Ranges, read: (r: Reader) => T): T[] {
  const all: T[] = [];
  for (let i = 0; i < ranges.length; i += 2) all.push(within(r, ranges, i, () => read(r)));
  return all;
}

function readResource(r: Reader): [key: string, value: string][] {
  const attributes: Ranges = [];
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === HEAD) pushRange(r, attributes);
    else skip(r, tag);
  }
  return readAttributes(r, attributes);
}

function readScope(r: Reader): [name: string, version: string] {
  let [name, version] = ["", ""];
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === HEAD) name = readText(r);
    else if (tag === CHILDREN) version = readText(r);
    else skip(r, tag);
  }
  return [name, version];
}

function putResource(w: RowWriter, attributes: readonly (readonly [key: string, value: string])[], sample: boolean): string {
  const valueOf = (name: string) => attributes.find(([key]) => key === name)?.[1];
  putByte(w, sample || valueOf("roadbed.sample") === "true" ? 1 : 0);
  const service = (valueOf("service.name") || DEFAULT_SERVICE).slice(0, MAX_SERVICE);
  putText(w, service);
  putText(w, JSON.stringify(Object.fromEntries(attributes)));
  return service;
}
