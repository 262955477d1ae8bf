import type { CallExpr, Expr } from "./ast.ts";
import type { Value } from "./binary.ts";
import { histogramQuantile } from "./histogram.ts";
import type { Labels, Sample } from "./labels.ts";
import { refuse } from "./refuse.ts";

/** Functions that look at more than one value, or at labels. */
export function callOwn(expr: CallExpr, at: number, valueOf: (arg: Expr) => Value): Value {
  const vector = (i: number): readonly Sample[] => {
    const value = valueOf(expr.args[i] as Expr);
    return typeof value === "number" ? [{ labels: {}, value }] : value;
  };
  const number = (i: number): number => {
    const value = valueOf(expr.args[i] as Expr);
    return typeof value === "number" ? value : Number.NaN;
  };
  const text = (i: number): string => {
    const arg = expr.args[i];
    return arg?.kind === "string" ? arg.value : "";
  };
  switch (expr.name) {
    case "histogram_quantile":
      return histogramQuantile(number(0), vector(1));
    case "scalar": {
      const [only, ...more] = vector(0);
      return only === undefined || more.length > 0 ? Number.NaN : only.value;
    }
    case "vector":
      return [{ labels: {}, value: number(0) }];
    case "time":
      return at / 1_000;
    case "pi":
      return Math.PI;
    case "timestamp":
      return vector(0).map(({ labels }) => ({ labels: withLabel(labels, "__name__", ""), value: at / 1_000 }));
    case "sort":
      return vector(0).toSorted((a, b) => a.value - b.value);
    case "sort_desc":
      return vector(0).toSorted((a, b) => b.value - a.value);
    case "absent":
      return vector(0).length > 0 ? [] : [{ labels: wantedBy(expr.args[0] as Expr), value: 1 }];
    case "label_join": {
      const sources = expr.args.slice(3).map((_, i) => text(i + 3));
      return vector(0).map(({ labels, value }) => ({
        labels: withLabel(labels, text(1), sources.map((name) => labels[name] ?? "").join(text(2))),
        value,
      }));
    }
    case "label_replace":
      return labelReplace(expr, vector(0), [text(1), text(2), text(3), text(4)]);
    default:
      throw refuse(`the function ${expr.name} is not supported`, expr.at);
  }
}

/** An empty value is no label. */
function withLabel(labels: Labels, name: string, value: string): Labels {
  const { [name]: _, ...rest } = labels;
  return value === "" ? rest : { ...rest, [name]: value };
}

function wantedBy(expr: Expr): Labels {
  if (expr.kind !== "selector") return {};
  const equal = expr.matchers.filter(({ label, op }) => op === "=" && label !== "__name__");
  return Object.fromEntries(equal.map(({ label, value }) => [label, value]));
}

/** Patterns run here and not in the store, so only those that cannot run away are taken. */
const SAFE =
  /^(?:[^()[\]{}*+?|\\]|\\[.dwsDWS/_-]|\[[^\]\\[]*\][*+?]?|\(\.[*+]\)|\.[*+?]|\(\[[^\]\\[]*\][*+]\)|\(\\[dwsDWS][*+]\)|\\[dwsDWS][*+])*$/;
const MOST_GREEDY = 4;

function labelReplace(
  expr: CallExpr,
  vector: readonly Sample[],
  [to, by, from, pattern]: readonly [string, string, string, string],
): Sample[] {
  if (!/^[A-Za-z_]\w*$/.test(to)) throw refuse(`${JSON.stringify(to)} is no label`, expr.args[1]?.at ?? expr.at);
  if (pattern.length > 200 || !SAFE.test(pattern) || (pattern.match(/[*+]/g)?.length ?? 0) > MOST_GREEDY)
    throw refuse(
      "this pattern is not supported by label_replace",
      expr.args[4]?.at ?? expr.at,
      "Use parts like (.*), ([a-z]+) or (\\d+), at most four of them.",
    );
  const regex = new RegExp(`^(?:${pattern})$`, "s");
  return vector.map(({ labels, value }) => {
    const found = regex.exec((labels[from] ?? "").slice(0, 1_000));
    if (found === null) return { labels, value };
    const made = by.replaceAll(/\$(?:\{(\d+)\}|(\d+))/g, (_all, a?: string, b?: string) => found[Number(a ?? b)] ?? "");
    return { labels: withLabel(labels, to, made), value };
  });
}
