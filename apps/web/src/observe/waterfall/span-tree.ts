import type { SpanRow } from "@roadbed/contracts/telemetry";

/** A span at its place in the tree. */
export interface TreeRow {
  readonly span: SpanRow;
  /** 0 at the top. */
  readonly depth: number;
  /** The id of the row above it in the tree. */
  readonly parent: string | undefined;
  /** How many rows hang below it, at any depth. */
  readonly below: number;
  /** How many of those failed. */
  readonly errorsBelow: number;
  /** Its own time in µs: during which none of its children ran. */
  readonly selfUs: number;
}

/**
 * Places spans that come in the order of a waterfall (each before its children). A span whose parent is not among
 * them, or does not come before it, stands at the top.
 */
export function toTree(spans: readonly SpanRow[]): readonly TreeRow[] {
  const depths = new Map<string, number>();
  const parents = new Map<string, string>();
  const children = new Map<string, SpanRow[]>();
  for (const span of spans) {
    const parentDepth = span.parentSpanId === undefined ? undefined : depths.get(span.parentSpanId);
    depths.set(span.spanId, parentDepth === undefined ? 0 : parentDepth + 1);
    if (parentDepth === undefined || span.parentSpanId === undefined) continue;
    parents.set(span.spanId, span.parentSpanId);
    const brothers = children.get(span.parentSpanId);
    if (brothers === undefined) children.set(span.parentSpanId, [span]);
    else brothers.push(span);
  }
  const counts = countBelow(spans, parents);
  return spans.map((span) => ({
    span,
    depth: depths.get(span.spanId) ?? 0,
    parent: parents.get(span.spanId),
    below: counts.get(span.spanId)?.all ?? 0,
    errorsBelow: counts.get(span.spanId)?.errors ?? 0,
    selfUs: selfTime(span, children.get(span.spanId) ?? []),
  }));
}

/** The rows one sees when these are closed. */
export function openRows(rows: readonly TreeRow[], closed: ReadonlySet<string>): readonly TreeRow[] {
  if (closed.size === 0) return rows;
  const shown: TreeRow[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (row === undefined) break;
    shown.push(row);
    // In the order of a waterfall, what hangs below a row follows it at once.
    if (closed.has(row.span.spanId)) index += row.below;
  }
  return shown;
}

/** The time of a span that no child covers, in µs; children that overlap are counted once. */
export function selfTime(span: SpanRow, children: readonly SpanRow[]): number {
  const end = span.offsetUs + span.durationUs;
  let covered = 0;
  let reached = span.offsetUs;
  for (const child of children.toSorted((a, b) => a.offsetUs - b.offsetUs)) {
    const from = Math.max(child.offsetUs, reached);
    const to = Math.min(child.offsetUs + child.durationUs, end);
    if (to > from) covered += to - from;
    reached = Math.max(reached, to);
  }
  return Math.max(0, span.durationUs - covered);
}

function countBelow(
  spans: readonly SpanRow[],
  parents: ReadonlyMap<string, string>,
): ReadonlyMap<string, { readonly all: number; readonly errors: number }> {
  const counts = new Map(spans.map(({ spanId }) => [spanId, { all: 0, errors: 0 }]));
  // From the end, so that every span has counted its own before its parent counts it.
  for (const span of spans.toReversed()) {
    const own = counts.get(span.spanId);
    const above = counts.get(parents.get(span.spanId) ?? "");
    if (own === undefined || above === undefined) continue;
    above.all += own.all + 1;
    above.errors += own.errors + (span.status === "error" ? 1 : 0);
  }
  return counts;
}
