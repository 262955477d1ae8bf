import type { AggregateExpr } from "./ast.ts";
import { keyOf, only, without, type Labels, type Sample } from "./labels.ts";
import * as over from "./over-time.ts";

const SINGLE: Readonly<Record<string, (values: readonly number[], parameter: number) => number>> = {
  sum: over.sum,
  avg: over.mean,
  min: over.least,
  max: over.greatest,
  count: (values) => values.length,
  group: () => 1,
  stdvar: over.variance,
  stddev: (values) => Math.sqrt(over.variance(values)),
  quantile: (values, q) => over.quantile(q, values),
};

/** Puts a vector together by labels. */
export function aggregate(expr: AggregateExpr, vector: readonly Sample[], parameter: number): Sample[] {
  const groups = new Map<string, { readonly labels: Labels; readonly members: Sample[] }>();
  for (const sample of vector) {
    const labels = groupOf(expr, sample.labels);
    const key = keyOf(labels);
    const group = groups.get(key) ?? { labels, members: [] };
    groups.set(key, group);
    group.members.push(sample);
  }
  const single = SINGLE[expr.op];
  return [...groups.values()].flatMap(({ labels, members }) => {
    if (single !== undefined)
      return [
        {
          labels,
          value: single(
            members.map(({ value }) => value),
            parameter,
          ),
        },
      ];
    return best(members, expr.op === "topk" ? -1 : 1, parameter);
  });
}

/** topk and bottomk keep the series as they are; what is no number comes last. */
function best(members: readonly Sample[], sign: number, count: number): Sample[] {
  const order = (a: Sample, b: Sample): number => {
    if (Number.isNaN(a.value) || Number.isNaN(b.value)) return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
    return sign * (a.value - b.value);
  };
  return members.toSorted(order).slice(0, Math.max(0, Math.trunc(count)));
}

const known = new WeakMap<AggregateExpr, WeakMap<Labels, Labels>>();

/** Series come again at every step, with the same labels. */
function groupOf(expr: AggregateExpr, labels: Labels): Labels {
  const groups = known.get(expr) ?? new WeakMap<Labels, Labels>();
  known.set(expr, groups);
  const before = groups.get(labels);
  if (before !== undefined) return before;
  const group = expr.without ? without(labels, [...expr.labels, "__name__"]) : only(labels, expr.labels);
  groups.set(labels, group);
  return group;
}
