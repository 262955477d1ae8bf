import type { ValueChange } from "@roadbed/contracts/catalog";

import { isSame } from "./diff-fields.ts";
import { isRecord } from "./validate-spec.ts";

/** Longer texts (and lists and objects, as JSON) are cut when a change is told. */
const MAX_TEXT = 2_000;
/** Most values of one change that are told. */
const MAX_VALUES = 200;
const MAX_DEPTH = 20;

/** Every value that differs, down to the leaves, by dotted path; lists count as one value. Sorted by path. */
export function diffValues(before: unknown, after: unknown): ValueChange[] {
  const found: ValueChange[] = [];
  compare(before, after, "", 0, found);
  return found.sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0)).slice(0, MAX_VALUES);
}

function compare(before: unknown, after: unknown, field: string, depth: number, found: ValueChange[]): void {
  if (isRecord(before) && isRecord(after) && depth < MAX_DEPTH) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(own(before, key), own(after, key), field === "" ? key : `${field}.${key}`, depth + 1, found);
    }
  } else if (!isSame(before, after)) {
    const [old, isOldCut] = shorten(before);
    const [now, isNowCut] = shorten(after);
    found.push({
      field,
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
      ...(isOldCut || isNowCut ? { cut: true } : {}),
    });
  }
}

function shorten(value: unknown): [shown: unknown, isCut: boolean] {
  if (value === undefined) return [undefined, false];
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= MAX_TEXT ? [value, false] : [`${text.slice(0, MAX_TEXT)}…`, true];
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
