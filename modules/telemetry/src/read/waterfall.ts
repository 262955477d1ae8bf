/** A span as far as its place in the waterfall is concerned. */
export interface Placed {
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly offsetUs: number;
}

/**
 * Depth first: each span before its children, brothers in the order in which they began. A span whose parent is not
 * there stands at the top level; a circle of parents is broken at its earliest span.
 */
export function waterfall<T extends Placed>(spans: readonly T[]): T[] {
  const inTime = [...spans].sort((a, b) => a.offsetUs - b.offsetUs || (a.spanId < b.spanId ? -1 : 1));
  const ids = new Set(inTime.map(({ spanId }) => spanId));
  const parentOf = ({ spanId, parentSpanId }: T) =>
    parentSpanId !== undefined && parentSpanId !== spanId && ids.has(parentSpanId) ? parentSpanId : "";
  const children = Map.groupBy(inTime, parentOf);
  const placed = new Set<T>();

  function place(first: T): void {
    for (const stack = [first]; stack.length > 0;) {
      const span = stack.pop() as T;
      if (placed.has(span)) continue;
      placed.add(span);
      stack.push(...(children.get(span.spanId) ?? []).toReversed());
    }
  }

  for (const root of children.get("") ?? []) place(root);
  for (const span of inTime) place(span);
  return [...placed];
}
