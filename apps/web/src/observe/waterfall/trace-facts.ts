import type { SpanRow } from "@roadbed/contracts/telemetry";

import { formatCount, formatMs } from "../../format/number.ts";
import type { TreeRow } from "./span-tree.ts";

/** A service's part in a trace. */
export interface ServicePart {
  readonly service: string;
  /** Which of the colours; the same service has the same one in the whole trace. */
  readonly hue: number;
  readonly spans: number;
  readonly errors: number;
  /** Time during which it, and nothing that it called, was at work. */
  readonly selfUs: number;
}

/** As many as the stylesheet has; more services share. */
export const HUES = 10;

/** What each service had to do with a trace, in the order in which they appear. */
export function partsByService(rows: readonly TreeRow[]): readonly ServicePart[] {
  const parts = new Map<string, { service: string; hue: number; spans: number; errors: number; selfUs: number }>();
  for (const { span, selfUs } of rows) {
    const part = parts.get(span.service) ?? { service: span.service, hue: parts.size % HUES, spans: 0, errors: 0, selfUs: 0 };
    parts.set(span.service, part);
    part.spans++;
    part.selfUs += selfUs;
    if (span.status === "error") part.errors++;
  }
  return [...parts.values()];
}

/** A trace in one sentence: how long, how much, whether anything failed, and where that began. */
export function sentenceOf(durationUs: number, rows: readonly TreeRow[]): string {
  const services = new Set(rows.map(({ span }) => span.service)).size;
  const errors = rows.filter(({ span }) => span.status === "error").length;
  const origin = failureOrigin(rows)?.span;
  const failed =
    origin === undefined
      ? "nothing failed"
      : `${formatCount(errors, "span")} failed${errors > 1 ? `, first ${origin.name} of ${origin.service}` : ""}`;
  return `${formatMs(durationUs / 1_000)}, ${formatCount(rows.length, "span")} in ${formatCount(services, "service")}; ${failed}.`;
}

/** Where a failure began, and not where it surfaced: the earliest failed span without a failed one below it. */
export function failureOrigin(rows: readonly TreeRow[]): TreeRow | undefined {
  let origin: TreeRow | undefined;
  for (const row of rows) {
    if (row.span.status !== "error" || row.errorsBelow > 0) continue;
    if (origin === undefined || row.span.offsetUs < origin.span.offsetUs) origin = row;
  }
  return origin;
}

/** How many spans name a parent that is not there. */
export function orphansOf(spans: readonly SpanRow[]): number {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)).length;
}

/** Round moments within a duration, from zero on, about `wanted` of them. */
export function durationTicks(durationUs: number, wanted: number): readonly number[] {
  if (!(durationUs > 0)) return [0];
  const rough = durationUs / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(durationUs / step) + 1 }, (_, index) => index * step);
}
