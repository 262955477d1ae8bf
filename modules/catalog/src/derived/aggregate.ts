import type { AggregateFunction } from "./define.ts";

/**
 * One value out of many. What has no value does not count; of nothing there is no sum, average, median or extreme (undefined), for
 * no data is not zero; but there are nought of them. Least and greatest are also found among texts, e.g. dates, when all are texts.
 */
export function aggregate(name: AggregateFunction, values: readonly unknown[]): number | string | undefined {
  const given = values.flat().filter((value) => value !== undefined && value !== null);
  if (name === "count") return given.length;
  const numbers = given.map(toNumber).filter((value) => value !== undefined);
  if (name === "min" || name === "max") return numbers.length > 0 ? extreme(name, numbers) : extremeText(name, given);
  if (numbers.length === 0) return undefined;
  // Sorted, so that every process adds in the same order and comes to the same last digit.
  const sorted = numbers.toSorted((a, b) => a - b);
  const sum = sorted.reduce((all, value) => all + value, 0);
  if (name === "sum") return finite(sum);
  if (name === "average") return finite(sum / numbers.length);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : finite((sorted[middle - 1]! + sorted[middle]!) / 2);
}

/** Annotations and labels are texts always: one that is a number counts as one. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return finite(value);
  return typeof value === "string" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value.trim()) ? finite(Number(value)) : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function extreme(name: "min" | "max", numbers: readonly number[]): number {
  return numbers.reduce((best, value) => (name === "min" ? Math.min(best, value) : Math.max(best, value)));
}

function extremeText(name: "min" | "max", values: readonly unknown[]): string | undefined {
  if (values.length === 0 || !values.every((value) => typeof value === "string")) return undefined;
  return values.reduce((best, value) => ((name === "min") === value < best ? value : best));
}
