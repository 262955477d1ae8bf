import type { ClickHouse } from "@roadbed/clickhouse";

import { literal } from "../read/receipt.ts";
import { sqlTime } from "../read/window.ts";
import type { Matcher, SelectorExpr } from "./ast.ts";
import { cumulativeOf, explicitOf, type Cumulative } from "./buckets.ts";
import { keyOf, type Labels, type Series } from "./labels.ts";
import { exposedAs, formatValue, promLabel, promName, type Exposed, type StoredMetric } from "./names.ts";
import { refuse } from "./refuse.ts";

export interface MetricStore {
  /** Names in the window that the matchers fit. */
  exposed(matchers: readonly Matcher[], from: Date, to: Date): Promise<readonly Exposed[]>;
  /** Both ends belong to it. */
  series(selector: SelectorExpr, fromMs: number, toMs: number): Promise<readonly Series[]>;
  /** All labels in the window, or the values of one. */
  labels(label: string | undefined, from: Date, to: Date): Promise<readonly string[]>;
  exemplars(selector: SelectorExpr, from: Date, to: Date, limit: number): Promise<readonly Exemplar[]>;
  /** What was read so far. */
  readonly read: { points: number };
}

export interface Exemplar {
  readonly labels: Labels;
  readonly at: string;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Labels;
}

const MOST_METRICS = 100;
const MOST_POINTS = 2_000_000;
const MOST_NAMES = 20_000;
/** Whatever a query asks for: the store gives up after this. */
const SETTINGS = { max_execution_time: 20, max_rows_to_read: "100000000", max_memory_usage: "2000000000" } as const;

/** Metrics as PromQL sees them, without those of services that the caller may not see. */
export function createMetricStore(
  clickhouse: ClickHouse,
  o: { readonly hidden: readonly string[]; readonly signal: AbortSignal },
): MetricStore {
  const ask = { settings: SETTINGS, who: "telemetry.promql", signal: o.signal };
  const seen = o.hidden.length === 0 ? "1" : `service not in (${o.hidden.map(literal).join(", ")})`;
  const read = { points: 0 };

  /** Patterns are matched by the store, whose matcher takes linear time whatever they are. */
  async function fitting(values: readonly string[], matchers: readonly Matcher[]): Promise<ReadonlySet<string>> {
    const plain = values.filter((value) =>
      matchers.every((matcher) => (matcher.op === "=" ? value === matcher.value : matcher.op !== "!=" || value !== matcher.value)),
    );
    const patterns = matchers.filter(({ op }) => op === "=~" || op === "!~");
    if (patterns.length === 0 || plain.length === 0) return new Set(plain);
    const conditions = patterns.map(({ op, value }) => `${op === "!~" ? "not " : ""}match(v, ${literal(anchored(value))})`);
    const [row] = await clickhouse.query<{ fit: string[] }>(
      `select arrayFilter(v -> ${conditions.join(" and ")}, [${plain.map(literal).join(", ")}]) as fit`,
      ask,
    );
    return new Set(row?.fit);
  }

  async function exposed(matchers: readonly Matcher[], from: Date, to: Date): Promise<readonly Exposed[]> {
    const rows = await clickhouse.query<StoredMetric>(
      `select name, any(unit) as unit, toString(kind) as kind, monotonic, any(description) as description from metric_points
       where ${WITHIN} and ${seen} and ${serviceOf(matchers)} group by name, kind, monotonic order by name limit ${MOST_NAMES}`,
      { ...ask, params: { from: sqlTime(from), to: sqlTime(to) } },
    );
    const all = rows.flatMap(exposedAs);
    const fit = await fitting(
      [...new Set(all.map(({ name }) => name))],
      matchers.filter(({ label }) => label === "__name__"),
    );
    return all.filter(({ name }) => fit.has(name));
  }

  async function seriesOf(
    { name, part, metric }: Exposed,
    matchers: readonly Matcher[],
    from: Date,
    to: Date,
    at: number,
  ): Promise<Series[]> {
    const own = matchers.filter(
      ({ label }) => label !== "__name__" && !(part === "bucket" && label === "le") && !(part === "quantile" && label === "quantile"),
    );
    const where = [
      WITHIN,
      seen,
      serviceOf(matchers),
      `name = ${literal(metric.name)} and kind = ${literal(metric.kind)} and monotonic = ${metric.monotonic ? 1 : 0}`,
      ...own.map(conditionOf),
    ].join(" and ");
    const params = { from: sqlTime(from), to: sqlTime(to) };
    const [counted] = await clickhouse.query<{ n: number }>(`select count() as n from metric_points where ${where}`, { ...ask, params });
    read.points += counted?.n ?? 0;
    if (read.points > MOST_POINTS)
      throw refuse(
        `the query would read more than ${MOST_POINTS} points`,
        at,
        'Ask for a shorter time, a shorter range, or name more labels, e.g. {job="…"}.',
      );
    const rows = await clickhouse.query<StoredSeries>(
      `select ${JOB} as job, ${INSTANCE} as instance, attributes, toString(temporality) as temporality,
         arraySort(p -> p.1, groupArray((toUnixTimestamp64Milli(time), ${COLUMNS[part][metric.kind] ?? COLUMNS[part].histogram}))) as points
       from metric_points where ${where} group by job, instance, attributes, temporality`,
      { ...ask, params },
    );
    const made = rows.flatMap((row) => linesOf(name, part, metric, row));
    const extra = part === "bucket" ? "le" : part === "quantile" ? "quantile" : undefined;
    if (extra === undefined) return made;
    const fit = await fitting(
      [...new Set(made.map(({ labels }) => labels[extra] ?? ""))],
      matchers.filter(({ label }) => label === extra),
    );
    return made.filter(({ labels }) => fit.has(labels[extra] ?? ""));
  }

  return {
    read,
    exposed,
    async series({ matchers, at }, fromMs, toMs) {
      const [from, to] = [new Date(fromMs), new Date(toMs + 1)];
      const fit = await exposed(matchers, from, to);
      if (fit.length > MOST_METRICS)
        throw refuse(
          `the selector fits ${fit.length} metrics, and at most ${MOST_METRICS} are read`,
          at,
          'Name the metric, or the job: {__name__="…"}.',
        );
      const all: Series[] = [];
      for (const one of fit) all.push(...(await seriesOf(one, matchers, from, to, at)));
      return merged(all);
    },
    async labels(label, from, to) {
      const params = { from: sqlTime(from), to: sqlTime(to) };
      const of = label === undefined ? `arrayJoin(mapKeys(attributes))` : textOf(label);
      const rows = await clickhouse.query<{ v: string }>(
        `select distinct ${of} as v from metric_points where ${WITHIN} and ${seen} and v != '' order by v limit ${MOST_NAMES}`,
        { ...ask, params },
      );
      const own = label === undefined ? ["__name__", "job", "instance", "le", "quantile"] : [];
      return [...own, ...rows.map(({ v }) => (label === undefined ? promLabel(v) : v))];
    },
    async exemplars({ matchers }, from, to, limit) {
      const params = { from: sqlTime(from), to: sqlTime(to) };
      const fit = await exposed(matchers, from, to);
      const names = [...new Set(fit.map(({ metric }) => metric.name))].slice(0, MOST_METRICS);
      if (names.length === 0) return [];
      const own = matchers.filter(({ label }) => !["__name__", "le", "quantile"].includes(label)).map(conditionOf);
      const rows = await clickhouse.query<StoredExemplar>(
        `select name, toString(kind) as kind, monotonic, unit, ${JOB} as job, ${INSTANCE} as instance, attributes as of,
           formatDateTime(at, '%FT%T.%fZ', 'UTC') as when, e_value as value, lower(hex(e_trace)) as traceId, lower(hex(e_span)) as spanId, e_attributes as said
         from metric_points
         array join exemplar_time as at, exemplar_value as e_value, exemplar_trace_id as e_trace, exemplar_span_id as e_span, exemplar_attributes as e_attributes
         where ${[WITHIN, seen, serviceOf(matchers), `name in (${names.map(literal).join(", ")})`, ...own].join(" and ")}
         order by at desc limit ${limit}`,
        { ...ask, params },
      );
      return rows.map(toExemplar);
    },
  };
}

const WITHIN = "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}";
const NAMESPACE = "JSONExtractString(resource, 'service.namespace')";
const JOB = `if(${NAMESPACE} = '', toString(service), concat(${NAMESPACE}, '/', service))`;
const INSTANCE = "JSONExtractString(resource, 'service.instance.id')";

/** What a point is of each part, by the sort of metric. */
const COLUMNS: Readonly<Record<Exposed["part"], Readonly<Record<string, string>> & { readonly histogram: string }>> = {
  value: { histogram: "value" },
  sum: { histogram: "sum" },
  count: { histogram: "toFloat64(count)" },
  quantile: { histogram: "quantiles, quantile_values" },
  bucket: {
    histogram: "bounds, arrayMap(c -> toFloat64(c), bucket_counts)",
    exponential:
      "scale, toFloat64(zero_count), zero_threshold, positive_offset, arrayMap(c -> toFloat64(c), positive_counts), negative_offset, arrayMap(c -> toFloat64(c), negative_counts)",
  },
};

interface StoredSeries {
  readonly job: string;
  readonly instance: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly temporality: string;
  /** The time in milliseconds, then the columns. */
  readonly points: readonly (readonly [number, ...unknown[]])[];
}

interface StoredExemplar {
  readonly name: string;
  readonly kind: StoredMetric["kind"];
  readonly monotonic: boolean;
  readonly unit: string;
  readonly job: string;
  readonly instance: string;
  readonly of: Labels;
  readonly when: string;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly said: Labels;
}

function toExemplar(row: StoredExemplar): Exemplar {
  const labels: Record<string, string> = { __name__: promName(row) };
  for (const [key, value] of Object.entries(row.of)) labels[promLabel(key)] = value;
  labels["job"] = row.job;
  if (row.instance !== "") labels["instance"] = row.instance;
  return { labels, at: row.when, value: row.value, traceId: row.traceId, spanId: row.spanId, attributes: row.said };
}

function anchored(pattern: string): string {
  return `^(?s:${pattern})$`;
}

/** The table is sorted by service: a job that is named makes the query cheap. */
function serviceOf(matchers: readonly Matcher[]): string {
  const job = matchers.find(({ label, op, value }) => label === "job" && op === "=" && value !== "");
  return job === undefined ? "1" : `service in (${literal(job.value)}, ${literal(job.value.slice(job.value.indexOf("/") + 1))})`;
}

function conditionOf({ label, op, value }: Matcher): string {
  const text = textOf(label);
  if (op === "=" || op === "!=") return `${text} ${op} ${literal(value)}`;
  return `${op === "!~" ? "not " : ""}match(${text}, ${literal(anchored(value))})`;
}

/** The value of a label, empty where there is none. */
function textOf(label: string): string {
  if (label === "job") return JOB;
  if (label === "instance") return INSTANCE;
  return `attributes[arrayFirst(k -> replaceRegexpOne(replaceRegexpAll(k, '[^A-Za-z0-9_]', '_'), '^([0-9])', '_\\\\1') = ${literal(label)}, mapKeys(attributes))]`;
}

function linesOf(name: string, part: Exposed["part"], metric: StoredMetric, row: StoredSeries): Series[] {
  const labels: Record<string, string> = { __name__: name };
  for (const [key, value] of Object.entries(row.attributes)) if (value !== "") labels[promLabel(key)] = value;
  labels["job"] = row.job;
  if (row.instance !== "") labels["instance"] = row.instance;
  const delta = row.temporality === "delta" && metric.kind !== "gauge";
  const times = row.points.map(([time]) => time);
  if (part === "quantile") return quantileLines(labels, times, row);
  if (part !== "bucket")
    return [
      lineOf(
        labels,
        times,
        row.points.map(([, value]) => value as number | null),
        delta,
      ),
    ];
  const { bounds, counts } = bucketsOf(metric, row);
  return bounds.map((bound, i) =>
    lineOf(
      { ...labels, le: formatValue(bound) },
      times,
      counts.map((point) => point[i] ?? 0),
      delta,
    ),
  );
}

function bucketsOf(metric: StoredMetric, { points }: StoredSeries): Cumulative {
  if (metric.kind === "histogram")
    return cumulativeOf(points.map(([, bounds, counts]) => ({ bounds: bounds as number[], counts: counts as number[] })));
  return explicitOf(
    points.map(([, scale, zeroCount, zeroThreshold, positiveOffset, positive, negativeOffset, negative]) => ({
      scale: scale as number,
      zeroCount: zeroCount as number,
      zeroThreshold: zeroThreshold as number,
      positiveOffset: positiveOffset as number,
      positive: positive as number[],
      negativeOffset: negativeOffset as number,
      negative: negative as number[],
    })),
  );
}

function quantileLines(labels: Labels, times: readonly number[], { points }: StoredSeries): Series[] {
  const quantiles = [...new Set(points.flatMap(([, list]) => list as number[]))];
  return quantiles.map((quantile) => {
    const values = points.map(([, list, of]) => (of as number[])[(list as number[]).indexOf(quantile)] ?? null);
    return lineOf({ ...labels, quantile: formatValue(quantile) }, times, values, false);
  });
}

/** What is sent as differences is added up: PromQL knows counters that grow. Of points at the same instant the last counts. */
function lineOf(labels: Labels, times: readonly number[], values: readonly (number | null)[], delta: boolean): Series {
  const line = { labels, times: [] as number[], values: [] as number[] };
  let sum = 0;
  values.forEach((value, i) => {
    if (value === null) return;
    sum += value;
    const time = times[i] as number;
    if (line.times.at(-1) === time) line.values[line.values.length - 1] = delta ? sum : value;
    else {
      line.times.push(time);
      line.values.push(delta ? sum : value);
    }
  });
  return line;
}

/** Two senders of the same series are one line. */
function merged(all: readonly Series[]): Series[] {
  return [...Map.groupBy(all, ({ labels }) => keyOf(labels)).values()].map((same) => {
    const [first, ...more] = same;
    if (first === undefined || more.length === 0) return first as Series;
    const points = new Map(same.flatMap(({ times, values }) => times.map((time, i) => [time, values[i] as number] as const)));
    const times = [...points.keys()].toSorted((a, b) => a - b);
    return { labels: first.labels, times, values: times.map((time) => points.get(time) as number) };
  });
}
