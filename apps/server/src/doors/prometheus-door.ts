import { listExemplars, listMetricLabels, listMetricNames, listMetricSeries, queryMetrics } from "@roadbed/contracts/telemetry/promql";
import {
  InvalidError,
  newId,
  perform,
  UnauthenticatedError,
  type Call,
  type Handler,
  type InputOf,
  type Operation,
  type OutputOf,
  type Runtime,
} from "@roadbed/core";
import { toProblemBody, type FastifyInstance, type FastifyReply, type FastifyRequest } from "@roadbed/http";

type Authenticate = (
  request: FastifyRequest,
) => Promise<(Pick<Call, "actor" | "scopes"> & { readonly via: "cookie" | "token" }) | undefined>;
type Answer = (fields: Fields, call: Call, path: string) => Promise<unknown>;

/** Each parameter with all its values. */
type Fields = ReadonlyMap<string, readonly string[]>;

const MAX_BYTES = 256 * 1024;
/** Where programs for Prometheus find it: at the root, and under a name of its own. */
const ROOTS = ["", "/prometheus"];
/** Prometheus looks at all of its data where no time is given; here it is a day. */
const DEFAULT_MS = 24 * 3_600_000;

/**
 * Prometheus' HTTP API, so that Grafana and others use Roadbed as a data source: `/api/v1/query`, `query_range`, `series`, `labels`,
 * `label/NAME/values`, `metadata`, `query_exemplars`, by GET or as a form by POST, for tokens with the scope `telemetry:read` (as a bearer,
 * or as the password of Basic authentication). Everybody gets what they may see.
 */
export function openPrometheusDoor(
  app: FastifyInstance,
  o: { readonly handlers: readonly Handler[]; readonly runtime: Runtime; readonly authenticate: Authenticate },
): void {
  async function ask<O extends Operation>(operation: O, call: Call, input: InputOf<O>): Promise<OutputOf<O>> {
    const handler = o.handlers.find((each) => each.operation === operation)!;
    return (await perform(o.runtime, handler, call, input)) as OutputOf<O>;
  }

  const answers: Readonly<Record<string, Answer>> = {
    query: async (fields, call) => {
      const time = momentOf(fields, "time");
      const { type, series } = await ask(queryMetrics, call, { query: one(fields, "query"), ...(time === undefined ? {} : { time }) });
      const last = series[0]?.points.at(-1);
      if (type === "scalar") return { resultType: "scalar", result: last === undefined ? [Date.now() / 1_000, "NaN"] : pairOf(last) };
      return {
        resultType: "vector",
        result: series.flatMap(({ labels, points }) => points.slice(-1).map((point) => ({ metric: labels, value: pairOf(point) }))),
      };
    },
    query_range: async (fields, call) => {
      const { series } = await ask(queryMetrics, call, {
        query: one(fields, "query"),
        from: momentOf(fields, "start") ?? missing("start"),
        to: momentOf(fields, "end") ?? missing("end"),
        stepSeconds: secondsOf(one(fields, "step")),
      });
      return { resultType: "matrix", result: series.map(({ labels, points }) => ({ metric: labels, values: points.map(pairOf) })) };
    },
    series: async (fields, call) =>
      (await ask(listMetricSeries, call, { match: selectorsIn(fields), ...windowOf(fields), limit: 20_000 })).items,
    labels: async (fields, call) => (await ask(listMetricLabels, call, { ...matchOf(fields), ...windowOf(fields) })).values,
    values: async (fields, call, path) =>
      (await ask(listMetricLabels, call, { label: decodeURIComponent(path), ...matchOf(fields), ...windowOf(fields) })).values,
    metadata: async (fields, call) => {
      const metric = fields.get("metric")?.[0];
      const { items } = await ask(listMetricNames, call, { ...windowOf(fields), ...(metric === undefined ? {} : { metric }) });
      return Object.fromEntries(items.map(({ name, type, help, unit }) => [name, [{ type, help, unit }]]));
    },
    query_exemplars: async (fields, call) => {
      const { items } = await ask(listExemplars, call, { query: one(fields, "query"), ...windowOf(fields) });
      return [...Map.groupBy(items, ({ labels }) => JSON.stringify(labels)).values()].map((same) => ({
        seriesLabels: same[0]?.labels ?? {},
        exemplars: same.map(({ at, value, traceId, spanId, attributes }) => ({
          labels: { ...attributes, trace_id: traceId, span_id: spanId },
          value: String(value),
          timestamp: Date.parse(at) / 1_000,
        })),
      }));
    },
  };

  async function serve(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const caller = await o.authenticate(request);
      if (caller === undefined)
        throw new UnauthenticatedError("Metrics need a token.", {
          mend: "Send one with the scope telemetry:read as a bearer, or as the password of Basic authentication.",
        });
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const call: Call = { actor: caller.actor, scopes: caller.scopes, face: "http", requestId: newId("req"), signal: gone.signal };
      const answer = answers[name] as Answer;
      const data = await answer(fieldsOf(request), call, (request.params as { readonly label?: string }).label ?? "");
      return await reply.header("content-type", "application/json").send(JSON.stringify({ status: "success", data }));
    } catch (error) {
      return refused(error, request, reply);
    }
  }

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BYTES }, (_request, body, done) => done(null, body));
    for (const root of ROOTS) {
      for (const name of Object.keys(answers)) {
        const path = `${root}/api/v1/${name === "values" ? "label/:label/values" : name}`;
        scope.get(path, (request, reply) => serve(name, request, reply));
        if (name !== "values" && name !== "metadata") scope.post(path, (request, reply) => serve(name, request, reply));
      }
      // Grafana asks what it speaks with.
      scope.get(`${root}/api/v1/status/buildinfo`, async () => ({
        status: "success",
        data: { version: "2.42.0", application: "roadbed" },
      }));
    }
  });
}

/** As Prometheus says what is wrong. */
function refused(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblemBody(error, request.id);
  if (problem.status >= 500) request.log.error({ error }, "a query in PromQL failed");
  const errorType = problem.status < 500 ? (problem.status === 413 ? "execution" : "bad_data") : "internal";
  const said = error instanceof Error && problem.status < 500 ? error.message : "Something broke here.";
  const mend = error instanceof Error && "mend" in error && typeof error.mend === "string" ? ` ${error.mend}` : "";
  const code = problem.status === 413 ? 422 : problem.status;
  return reply
    .code(code)
    .header("content-type", "application/json")
    .send(JSON.stringify({ status: "error", errorType, error: `${said}${mend}` }));
}

function fieldsOf(request: FastifyRequest): Fields {
  const fields = new Map<string, string[]>();
  const add = (key: string, value: string): void => void fields.set(key, [...(fields.get(key) ?? []), value]);
  for (const [key, value] of new URL(request.url, "http://x").searchParams) add(key, value);
  if (typeof request.body === "string") for (const [key, value] of new URLSearchParams(request.body)) add(key, value);
  return fields;
}

function one(fields: Fields, name: string): string {
  return fields.get(name)?.[0] ?? missing(name);
}

function missing(name: string): never {
  throw wrong(name, "is missing");
}

function wrong(name: string, reason: string): InvalidError {
  return new InvalidError(`${name} ${reason}.`, { problems: [{ at: name, reason }] });
}

/** Seconds since 1970, or RFC 3339. */
function momentOf(fields: Fields, name: string): string | undefined {
  const text = fields.get(name)?.[0];
  if (text === undefined || text === "") return undefined;
  const ms = /^-?[\d.]+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) throw wrong(name, "is no time: send seconds since 1970, or RFC 3339");
  return new Date(Math.round(ms)).toISOString();
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 };

/** Seconds, or a duration like 1m30s. */
function secondsOf(text: string): number {
  const plain = Number(text);
  if (Number.isFinite(plain) && text !== "") return plain;
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) throw wrong("step", "is no duration: send seconds, or e.g. 30s");
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}

function windowOf(fields: Fields): { from: string; to: string } {
  const to = momentOf(fields, "end") ?? new Date().toISOString();
  return { from: momentOf(fields, "start") ?? new Date(Date.parse(to) - DEFAULT_MS).toISOString(), to };
}

function selectorsIn(fields: Fields): string[] {
  return [...(fields.get("match[]") ?? []), ...(fields.get("match") ?? [])];
}

function matchOf(fields: Fields): { match?: string[] } {
  const match = selectorsIn(fields);
  return match.length === 0 ? {} : { match };
}

function pairOf({ at, value }: { readonly at: string; readonly value: string }): [number, string] {
  return [Date.parse(at) / 1_000, value];
}
