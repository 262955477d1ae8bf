/** A metric as it was sent. */
export interface StoredMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram" | "exponential" | "summary" | "none";
  readonly monotonic: boolean;
  readonly description: string;
}

/** What of a metric a name in PromQL stands for. */
export type Part = "value" | "bucket" | "sum" | "count" | "quantile";

export interface Exposed {
  readonly name: string;
  readonly part: Part;
  readonly metric: StoredMetric;
}

/** As Prometheus writes units out when it takes OTLP. */
const UNITS: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "%": "percent",
};

/** A name in Prometheus' alphabet, with unit and, for counters, `_total`: as Prometheus names what comes by OTLP. */
export function promName({ name, unit, kind, monotonic }: Omit<StoredMetric, "description">): string {
  const words = name.split(/[^A-Za-z0-9:]+/).filter((word) => word !== "");
  const suffixes = [unitOf(unit, kind), kind === "sum" && monotonic ? "total" : undefined].filter((word) => word !== undefined);
  for (const suffix of suffixes) {
    const at = words.indexOf(suffix);
    if (at >= 0 && suffix === "total") words.splice(at, 1);
    if (at < 0 || suffix === "total") words.push(suffix);
  }
  const made = words.join("_");
  return /^\d/.test(made) ? `_${made}` : made;
}

function unitOf(unit: string, kind: StoredMetric["kind"]): string | undefined {
  if (unit === "1") return kind === "gauge" ? "ratio" : undefined;
  return unit.startsWith("{") || unit === "" ? undefined : Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
}

/** The names under which PromQL finds a metric. */
export function exposedAs(metric: StoredMetric): Exposed[] {
  const name = promName(metric);
  const sums: Exposed[] = [
    { name: `${name}_sum`, part: "sum", metric },
    { name: `${name}_count`, part: "count", metric },
  ];
  if (metric.kind === "histogram" || metric.kind === "exponential") return [{ name: `${name}_bucket`, part: "bucket", metric }, ...sums];
  if (metric.kind === "summary") return [{ name, part: "quantile", metric }, ...sums];
  return [{ name, part: "value", metric }];
}

/** A label in Prometheus' alphabet. */
export function promLabel(key: string): string {
  const made = key.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^\d/.test(made) ? `_${made}` : made;
}

/** As Prometheus writes a value: without an exponent. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = String(value);
  const [, sign = "", whole = "", part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? [];
  const shift = Number(power);
  if (shift === 0) return Object.is(value, -0) ? "-0" : text;
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - 1)}${whole}${part}`;
  return `${sign}${whole}${part.padEnd(shift, "0")}`;
}
