import type { ClickHouse } from "@roadbed/clickhouse";
import { listExemplars, listMetricLabels, listMetricNames, listMetricSeries, queryMetrics } from "@roadbed/contracts/telemetry/promql";
import { CancelledError, handle, InvalidError, TooLargeError, type Ctx, type Handler } from "@roadbed/core";

import type { Things } from "../deps.ts";
import { resolveWindow } from "../read/window.ts";
import type { Matcher } from "./ast.ts";
import { evaluate, selectorsOf } from "./evaluate.ts";
import type { Series } from "./labels.ts";
import { formatValue } from "./names.ts";
import { parsePromql, typeOf } from "./parse.ts";
import { createMetricStore, type MetricStore } from "./read-series.ts";
import { refuse } from "./refuse.ts";

interface PromqlDeps {
  readonly clickhouse: ClickHouse;
  readonly things: Things;
}

/** As Prometheus has it. */
const MOST_STEPS = 11_000;
const MOST_SECONDS = 30;
const MOST_VALUES = 20_000;

export function promqlHandlers(deps: PromqlDeps): Handler[] {
  return [
    handle(queryMetrics, async (ctx, input) => {
      const expr = parsePromql(input.query);
      const type = typeOf(expr);
      if (type === "matrix" || type === "string")
        throw refuse(`a ${type === "matrix" ? "range vector" : "text"} is no answer`, expr.at, "Use a function over it, e.g. rate(x[5m]).");
      const times = timesOf(input, ctx.now());
      const pointsOf = ({ labels, times: at, values }: Series) => ({
        labels,
        points: at.map((time, i) => ({ at: new Date(time).toISOString(), value: formatValue(values[i] as number) })),
      });
      return inTime(ctx, async (signal) => {
        const store = await storeFor(ctx, deps, signal);
        const series = await evaluate(expr, { ...times, signal }, (selector, from, to) => store.series(selector, from, to));
        return {
          type: times.stepMs === 0 ? type : ("matrix" as const),
          series: series.map(pointsOf),
          ...(times.stepMs === 0 ? {} : { stepSeconds: times.stepMs / 1_000 }),
          pointsRead: store.read.points,
        };
      });
    }),
    handle(listMetricSeries, (ctx, { match, limit, ...input }) =>
      inTime(ctx, async (signal) => {
        const found = await seriesOf(await storeFor(ctx, deps, signal), match, resolveWindow(input, ctx.now()));
        return { items: found.slice(0, limit).map(({ labels }) => labels), truncated: found.length > limit };
      }),
    ),
    handle(listMetricLabels, (ctx, { label, match, ...input }) =>
      inTime(ctx, async (signal) => {
        const store = await storeFor(ctx, deps, signal);
        const window = resolveWindow(input, ctx.now());
        const values = new Set<string>();
        if (match !== undefined && match.length > 0)
          for (const { labels } of await seriesOf(store, match, window)) addTo(values, labels, label);
        else if (label === "__name__") for (const { name } of await store.exposed([], window.from, window.to)) values.add(name);
        else for (const value of await store.labels(label, window.from, window.to)) values.add(value);
        const sorted = [...values].toSorted();
        return { values: sorted.slice(0, MOST_VALUES), truncated: sorted.length > MOST_VALUES };
      }),
    ),
    handle(listMetricNames, (ctx, { metric, ...input }) =>
      inTime(ctx, async (signal) => {
        const { from, to } = resolveWindow(input, ctx.now());
        const matchers: Matcher[] = metric === undefined ? [] : [{ label: "__name__", op: "=", value: metric }];
        const found = await (await storeFor(ctx, deps, signal)).exposed(matchers, from, to);
        return {
          items: found.slice(0, MOST_VALUES).map(({ name, metric: { kind, monotonic, description, unit, name: sentAs } }) => ({
            name,
            type: TYPES[kind] ?? (kind === "sum" ? (monotonic ? ("counter" as const) : ("gauge" as const)) : ("unknown" as const)),
            help: description,
            unit,
            sentAs,
          })),
          truncated: found.length > MOST_VALUES,
        };
      }),
    ),
    handle(listExemplars, (ctx, { query, limit, ...input }) =>
      inTime(ctx, async (signal) => {
        const { from, to } = resolveWindow(input, ctx.now());
        const store = await storeFor(ctx, deps, signal);
        const items = [];
        for (const selector of selectorsOf(parsePromql(query))) items.push(...(await store.exemplars(selector, from, to, limit)));
        return { items: items.slice(0, limit) };
      }),
    ),
  ];
}

const TYPES: Readonly<Record<string, "gauge" | "histogram" | "summary">> = {
  gauge: "gauge",
  histogram: "histogram",
  exponential: "histogram",
  summary: "summary",
};

async function storeFor(ctx: Ctx, { clickhouse, things }: PromqlDeps, signal: AbortSignal): Promise<MetricStore> {
  const hiddenRefs = new Set(await things.hiddenFrom(ctx));
  if (hiddenRefs.size === 0) return createMetricStore(clickhouse, { hidden: [], signal });
  const services = await clickhouse.query<{ service: string }>("select distinct service from metric_points", {
    who: "telemetry.promql",
    signal,
  });
  const whose = await things.whoseServices(services.map(({ service }) => service));
  const hidden = [...whose].flatMap(([service, { ref }]) => (hiddenRefs.has(ref) ? [service] : []));
  return createMetricStore(clickhouse, { hidden, signal });
}

async function seriesOf(
  store: MetricStore,
  match: readonly string[],
  window: { readonly from: Date; readonly to: Date },
): Promise<Series[]> {
  const found: Series[] = [];
  for (const text of match) {
    const selector = parsePromql(text);
    if (selector.kind !== "selector" || selector.rangeMs !== undefined)
      throw refuse('match takes selectors, like x{job="shop"}', selector.at);
    found.push(...(await store.series(selector, window.from.getTime(), window.to.getTime() - 1)));
  }
  return found;
}

function addTo(values: Set<string>, labels: Readonly<Record<string, string>>, label: string | undefined): void {
  if (label === undefined) for (const key of Object.keys(labels)) values.add(key);
  else if (labels[label] !== undefined) values.add(labels[label]);
}

/** What takes too long is cancelled, here and in the store, and said so. */
async function inTime<T>(ctx: Ctx, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(MOST_SECONDS * 1_000);
  try {
    return await work(AbortSignal.any([ctx.signal, limit]));
  } catch (error) {
    if (limit.aborted && !ctx.signal.aborted)
      throw new TooLargeError(`The query was cancelled: it took more than ${MOST_SECONDS} seconds.`, {
        cause: error,
        mend: "Ask for a shorter time, larger steps or fewer series.",
      });
    if (ctx.signal.aborted) throw new CancelledError("The caller went away.", { cause: error });
    throw error;
  }
}

interface Times {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

function timesOf(
  input: {
    readonly time?: string | undefined;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly stepSeconds?: number | undefined;
  },
  now: Date,
): Times {
  if (input.from === undefined) {
    const at = Date.parse(input.time ?? input.to ?? now.toISOString());
    return { startMs: at, endMs: at, stepMs: 0 };
  }
  if (input.time !== undefined) throw wrong("time", "is for one instant and does not go with from");
  const [from, to] = [Date.parse(input.from), Date.parse(input.to ?? now.toISOString())];
  if (from > to) throw wrong("from", "must not be after to");
  const stepMs =
    input.stepSeconds === undefined ? Math.max(1_000, Math.ceil((to - from) / 120 / 1_000) * 1_000) : Math.round(input.stepSeconds * 1_000);
  if (stepMs < 1) throw wrong("stepSeconds", "must be at least a millisecond");
  if ((to - from) / stepMs > MOST_STEPS) throw wrong("stepSeconds", `makes more than ${MOST_STEPS} steps; take larger ones`);
  return { startMs: from, endMs: to, stepMs };
}

function wrong(at: string, reason: string): InvalidError {
  return new InvalidError(`${at}: ${reason}`, { problems: [{ at, reason }] });
}
