import { isRecord } from "./validate-spec.ts";

/** Dotted paths of the fields that differ, down to one level below `metadata` and `spec`; sorted. */
export function diffFields(before: unknown, after: unknown): string[] {
  const fields: string[] = [];
  compare(before, after, "", 2, fields);
  return fields.sort();
}

function compare(before: unknown, after: unknown, path: string, levels: number, fields: string[]): void {
  if (isRecord(before) && isRecord(after) && levels > 0) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(own(before, key), own(after, key), path === "" ? key : `${path}.${key}`, levels - 1, fields);
    }
  } else if (!isSame(before, after)) fields.push(path);
}

/** Equal as JSON values, whatever the order of keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
