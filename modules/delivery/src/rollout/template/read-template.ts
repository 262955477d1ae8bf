import { z } from "zod";

import { readYaml } from "../../workload/read-yaml.ts";
import { readJsonPath } from "./json-path.ts";
import type { Provider, TemplateMetric } from "./metric.ts";
import { toCel, TranslationFault } from "./to-cel.ts";

/** What is asked for: a file of the repository, and values for its arguments. */
export interface TemplateUse {
  readonly file: string;
  readonly args: Readonly<Record<string, string>>;
}

const MOST_METRICS = 20;
const PROVIDERS_NOT_READ: Readonly<Record<string, string>> = {
  job: "it would run a Job in a cluster",
  kayenta: "it needs a Kayenta server; rollouts are compared with their baseline by analysis steps here",
  plugin: "it is a program of Argo's own",
};
const ARGUMENT = /\{\{\s*args\.([\w.-]+)\s*\}\}/g;
const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

const Duration = z.string().transform((text, check) => secondsOf(text) ?? unreadable(check, "must be a time such as 30s, 5m or 1h30m"));
const Header = z.strictObject({ key: z.string().min(1).max(200), value: z.string().max(4_000) });
const Count = z.union([z.number().int(), z.string().max(200)]);
const Loose = z.record(z.string(), z.unknown());

const Metric = z.strictObject({
  name: z.string().min(1).max(200),
  interval: z.string().max(200).optional(),
  initialDelay: z.string().max(200).optional(),
  count: Count.optional(),
  successCondition: z.string().max(4_000).optional(),
  failureCondition: z.string().max(4_000).optional(),
  failureLimit: Count.optional(),
  inconclusiveLimit: Count.optional(),
  consecutiveErrorLimit: Count.optional(),
  consecutiveSuccessLimit: Count.optional(),
  provider: Loose,
});

const Prometheus = z.strictObject({
  address: z.string(),
  query: z.string().min(1).max(20_000),
  timeout: z.number().int().min(1).max(60).default(30),
  headers: z.array(Header).max(20).default([]),
});

const Web = z.strictObject({
  url: z.string(),
  method: z.enum(["GET", "POST", "PUT"]).default("GET"),
  headers: z.array(Header).max(20).default([]),
  body: z.string().max(50_000).optional(),
  jsonBody: z.unknown().optional(),
  jsonPath: z.string().max(1_000).default("{$}"),
  timeoutSeconds: z.number().int().min(1).max(60).default(10),
});

const Argument = z.strictObject({
  name: z.string().min(1).max(200),
  value: z.string().max(4_000).optional(),
  valueFrom: z.unknown().optional(),
});

const Template = z.object({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.enum(["AnalysisTemplate", "ClusterAnalysisTemplate"]),
  metadata: z.object({ name: z.string().optional() }).optional(),
  spec: z.strictObject({
    args: z.array(Argument).max(100).default([]),
    metrics: z.array(Metric).min(1, "must have one metric or more").max(MOST_METRICS),
    dryRun: z
      .array(z.strictObject({ metricName: z.string().max(500) }))
      .max(50)
      .default([]),
    // How many measurements are kept: here always the last ten.
    measurementRetention: z.unknown().optional(),
    templates: z.array(z.unknown()).max(0, "templates of templates are not read: name each file in rollout.tripwires.templates").optional(),
  }),
});

/**
 * The metrics of an AnalysisTemplate, with its arguments filled in and its conditions in CEL. Throws `InvalidError` that says in which line what
 * cannot be read: what is not understood is never passed.
 */
export function readTemplate({ file, args }: TemplateUse, text: string): readonly TemplateMetric[] {
  const schema = Template.superRefine(({ spec }, check) => {
    for (const name of Object.keys(args))
      if (!spec.args.some((one) => one.name === name))
        check.addIssue({
          code: "custom",
          path: ["spec", "args"],
          message: `has no ${name}, which rollout.tripwires.templates gives a value`,
        });
    for (const [at, one] of spec.args.entries()) {
      if (one.valueFrom !== undefined && args[one.name] === undefined)
        check.addIssue({
          code: "custom",
          path: ["spec", "args", at, "valueFrom"],
          message: `secrets and fields of pods are not read: give ${one.name} a value in rollout.tripwires.templates`,
        });
      else if (one.value === undefined && args[one.name] === undefined)
        check.addIssue({
          code: "custom",
          path: ["spec", "args", at],
          message: `${one.name} needs a value: args of rollout.tripwires.templates`,
        });
    }
  }).transform(({ spec }, check) => {
    const values = { ...Object.fromEntries(spec.args.map(({ name, value }) => [name, value])), ...args };
    const dry = spec.dryRun.flatMap(({ metricName }, at) => patternOf(check, ["spec", "dryRun", at, "metricName"], metricName));
    const names = spec.metrics.map(({ name }) => name);
    return spec.metrics.flatMap((metric, at) => {
      const path = ["spec", "metrics", at];
      if (names.indexOf(metric.name) !== at)
        check.addIssue({ code: "custom", path: [...path, "name"], message: `${metric.name} is there twice` });
      const dryRun = dry.some((pattern) => pattern.test(metric.name));
      const made = makeMetric(filler(check, values), path, metric);
      return made === undefined ? [] : [{ ...made, file, dryRun }];
    });
  });
  return readYaml(schema, file, text);
}

type Check = { addIssue(issue: { code: "custom"; path?: PropertyKey[]; message: string }): void };
type Path = (string | number)[];

interface Filler {
  readonly check: Check;
  text(path: Path, text: string): string;
  fail(path: Path, message: string): undefined;
}

/** Puts values where arguments stand. */
function filler(check: Check, values: Readonly<Record<string, string | undefined>>): Filler {
  const fail = (path: Path, message: string): undefined => {
    check.addIssue({ code: "custom", path, message });
  };
  return {
    check,
    fail,
    text: (path, text) =>
      text.replace(ARGUMENT, (_, name: string) => {
        if (!Object.hasOwn(values, name)) fail(path, `there is no argument ${name}`);
        return values[name] ?? "";
      }),
  };
}

function makeMetric(fill: Filler, path: Path, metric: z.infer<typeof Metric>): Omit<TemplateMetric, "file" | "dryRun"> | undefined {
  const provider = providerOf(fill, [...path, "provider"], metric.provider);
  const seconds = (field: "interval" | "initialDelay"): number | undefined => {
    const said = metric[field];
    if (said === undefined) return undefined;
    const read = Duration.safeParse(fill.text([...path, field], said));
    return read.success ? read.data : fill.fail([...path, field], read.error.issues[0]!.message);
  };
  const whole = (
    field: "count" | "failureLimit" | "inconclusiveLimit" | "consecutiveErrorLimit" | "consecutiveSuccessLimit",
    least: number,
  ): number | undefined => {
    const said = metric[field];
    if (said === undefined) return undefined;
    const value = typeof said === "number" ? said : Number(fill.text([...path, field], said) || Number.NaN);
    return Number.isInteger(value) && value >= least ? value : fill.fail([...path, field], `must be a whole number from ${least} on`);
  };
  const condition = (field: "successCondition" | "failureCondition"): { readonly written: string; readonly cel: string } | undefined => {
    const said = metric[field];
    if (said === undefined || said.trim() === "") return undefined;
    const written = fill.text([...path, field], said);
    try {
      return { written, cel: toCel(written) };
    } catch (error) {
      if (!(error instanceof TranslationFault)) throw error;
      return fill.fail([...path, field], `cannot be translated, column ${error.column}: ${error.message}`);
    }
  };
  const [success, failure] = [condition("successCondition"), condition("failureCondition")];
  const [everySeconds, count] = [seconds("interval"), whole("count", 1)];
  if ((count ?? 1) > 1 && everySeconds === undefined) fill.fail([...path, "interval"], "is needed where it is measured more than once");
  if (provider === undefined) return undefined;
  return {
    name: metric.name,
    provider,
    ...(success === undefined ? {} : { success: success.cel }),
    ...(failure === undefined ? {} : { failure: failure.cel }),
    written: {
      ...(success === undefined ? {} : { success: success.written }),
      ...(failure === undefined ? {} : { failure: failure.written }),
    },
    delaySeconds: seconds("initialDelay") ?? 0,
    ...(everySeconds === undefined ? {} : { everySeconds: Math.max(1, everySeconds) }),
    ...(count === undefined ? {} : { count }),
    failureLimit: whole("failureLimit", -1) ?? 0,
    inconclusiveLimit: whole("inconclusiveLimit", 0) ?? 0,
    consecutiveErrorLimit: whole("consecutiveErrorLimit", 0) ?? 4,
    consecutiveSuccessLimit: whole("consecutiveSuccessLimit", 0) ?? 0,
  };
}

function providerOf(fill: Filler, path: Path, provider: Record<string, unknown>): Provider | undefined {
  const kinds = Object.keys(provider);
  const [kind] = kinds;
  if (kinds.length !== 1 || kind === undefined) return fill.fail(path, "must be exactly one of prometheus and web");
  if (kind !== "prometheus" && kind !== "web") {
    const why = PROVIDERS_NOT_READ[kind] ?? "only prometheus and web are asked from here";
    return fill.fail([...path, kind], `this provider is not read: ${why}`);
  }
  const read = (kind === "prometheus" ? Prometheus : Web).safeParse(provider[kind]);
  if (!read.success) {
    for (const issue of read.error.issues)
      fill.fail(
        [...path, kind, ...(issue.path as Path)],
        issue.code === "unrecognized_keys" ? `${issue.keys.join(", ")}: is not read here` : issue.message,
      );
    return undefined;
  }
  return kind === "prometheus"
    ? prometheusOf(fill, [...path, kind], read.data as z.infer<typeof Prometheus>)
    : webOf(fill, [...path, kind], read.data as z.infer<typeof Web>);
}

function prometheusOf(fill: Filler, path: Path, { address, query, headers, timeout }: z.infer<typeof Prometheus>): Provider | undefined {
  const place = addressOf(fill, [...path, "address"], address);
  if (place === undefined) return undefined;
  return {
    kind: "prometheus",
    address: place,
    query: fill.text([...path, "query"], query),
    headers: headersOf(fill, path, headers),
    timeoutSeconds: timeout,
  };
}

function webOf(fill: Filler, path: Path, web: z.infer<typeof Web>): Provider | undefined {
  const place = addressOf(fill, [...path, "url"], web.url);
  const body = web.jsonBody === undefined ? web.body : JSON.stringify(web.jsonBody);
  try {
    const into = readJsonPath(fill.text([...path, "jsonPath"], web.jsonPath));
    if (place === undefined) return undefined;
    const headers = headersOf(fill, path, web.headers);
    return {
      kind: "web",
      address: place,
      method: web.method,
      headers: web.jsonBody === undefined ? headers : { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: fill.text([...path, "body"], body) }),
      path: into,
      timeoutSeconds: web.timeoutSeconds,
    };
  } catch (error) {
    if (!(error instanceof TranslationFault)) throw error;
    return fill.fail([...path, "jsonPath"], `cannot be read, column ${error.column}: ${error.message}`);
  }
}

function headersOf(fill: Filler, path: Path, headers: readonly z.infer<typeof Header>[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ key, value }, at) => [key.toLowerCase(), fill.text([...path, "headers", at, "value"], value)]));
}

function addressOf(fill: Filler, path: Path, said: string): string | undefined {
  const address = fill.text(path, said);
  const isWeb = URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
  return isWeb ? address : fill.fail(path, `${address} is no address that begins with http:// or https://`);
}

function patternOf(check: Check, path: Path, text: string): RegExp[] {
  // A name or the beginning of one: no expression of anybody's is run here.
  if (/^[\w.* -]*$/.test(text)) return [new RegExp(`^${text.replaceAll(".*", "*").replaceAll(".", "\\.").replaceAll("*", ".*")}$`)];
  check.addIssue({ code: "custom", path, message: "must be a name, or one with .* in it" });
  return [];
}

function secondsOf(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

function unreadable(check: Check, message: string): never {
  check.addIssue({ code: "custom", message });
  return z.NEVER;
}
