import type { Indicator } from "@roadbed/contracts/telemetry/slos";

/** A select of `minute`, `good` and `total` over `{from}` and `{to}`, and the values of its placeholders. */
export interface IndicatorSql {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** From which of the counted sorts of rows it reads: they tell where something new has come. */
  readonly sources: readonly ("server" | "root" | "inner" | "log" | "metric")[];
}

/** What an indicator is counted over. */
export interface Counted {
  readonly service: string;
  readonly environment: string | undefined;
  readonly indicator: Indicator;
}

const TIME = "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}";
const MINUTE = "toStartOfMinute(toDateTime(time, 'UTC'))";
const SEVERITY = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;

/** How good events and all events are counted by the minute, out of the rows as they came. */
export function indicatorSql({ service, environment, indicator }: Counted): IndicatorSql {
  const values = createParams({ service });
  const ours = [`service = {service:String}`, TIME, ...(environment === undefined ? [] : [inEnvironment(values.add(environment))])];
  const select = (table: string, good: string, conditions: readonly string[]): string =>
    `select ${MINUTE} as minute, countIf(${good}) as good, count() as total from ${table} where ${[...ours, ...conditions].join(" and ")} group by minute`;
  const spans = (good: string, which: "entering" | "roots", conditions: readonly string[]): Omit<IndicatorSql, "params"> => ({
    sql: select("spans", good, [
      which === "entering" ? "kind in ('server', 'consumer')" : "parent_span_id = toFixedString('', 8)",
      ...conditions,
    ]),
    sources: ["server", "root", "inner"],
  });
  const named = (operations: readonly string[] | undefined): string[] =>
    operations === undefined ? [] : [`name in ${values.addList(operations)}`];
  const quick = (ms: number): string => `duration_ns < ${values.addNumber(Math.round(ms * 1e6), "UInt64")}`;
  const read = (): Omit<IndicatorSql, "params"> => {
    switch (indicator.kind) {
      case "availability":
        return spans("status != 'error'", indicator.spans, [...named(indicator.operations), ...having(indicator.where, values)]);
      case "latency":
        // What failed is the business of availability: a quick refusal is no quick answer.
        return spans(quick(indicator.thresholdMs), indicator.spans, [
          "status != 'error'",
          ...named(indicator.operations),
          ...having(indicator.where, values),
        ]);
      case "journey":
        return spans(
          ["status != 'error'", ...(indicator.thresholdMs === undefined ? [] : [quick(indicator.thresholdMs)])].join(" and "),
          "roots",
          [...named([indicator.operation]), ...having(indicator.where, values)],
        );
      case "ratio":
        return { sql: ratio(indicator, ours, values), sources: ["metric"] };
      case "gauge": {
        const { below, above } = indicator;
        const good = below === undefined ? `value > ${values.addNumber(above ?? 0)}` : `value < ${values.addNumber(below)}`;
        const conditions = [
          `name = ${values.add(indicator.metric)}`,
          "kind = 'gauge'",
          "isNotNull(value)",
          ...having(indicator.where, values),
        ];
        return { sql: select("metric_points", good, conditions), sources: ["metric"] };
      }
      case "logs":
        return {
          sql: select(
            "logs",
            `not (${lines(indicator.bad, values)})`,
            indicator.lines === undefined ? [] : [lines(indicator.lines, values)],
          ),
          sources: ["log"],
        };
    }
  };
  return { ...read(), params: values.params };
}

/** Two sums: what each has grown by in a minute, counter restarts taken as such. Of a cumulative one the first point ever says nothing. */
function ratio(indicator: Extract<Indicator, { kind: "ratio" }>, ours: readonly string[], values: Params): string {
  const part = indicator.good ?? indicator.bad;
  const isPart = [`name = ${values.add(part?.metric ?? "")}`, ...having(part?.where, values)].join(" and ");
  const isTotal = [`name = ${values.add(indicator.total.metric)}`, ...having(indicator.total.where, values)].join(" and ");
  const grown = `multiIf(temporality = 'delta', amount, isNull(before), 0, amount >= before, amount - before, amount)`;
  // A point before the time that is counted tells what the first one in it has grown by.
  const wider = ours.map((condition) =>
    condition.replace("time >= {from:DateTime64(3, 'UTC')}", "time >= {from:DateTime64(3, 'UTC')} - toIntervalMinute(15)"),
  );
  const sum = indicator.good === undefined ? "greatest(all - part, 0)" : "least(part, all)";
  return `select minute, toUInt64(round(${sum})) as good, toUInt64(round(all)) as total from (
    select ${MINUTE} as minute, sumIf(${grown}, is_part) as part, sumIf(${grown}, is_total) as all
    from (
      select time, temporality, is_part, is_total, amount, lagInFrame(toNullable(amount)) over
        (partition by name, resource, series order by time rows between unbounded preceding and current row) as before
      from (
        select time, name, resource, temporality, toString(mapSort(attributes)) as series, (${isPart}) as is_part, (${isTotal}) as is_total,
          if(kind in ('histogram', 'exponential', 'summary'), toFloat64(count), ifNull(value, 0)) as amount
        from metric_points
        where ${wider.join(" and ")} and kind != 'gauge' and ((${isPart}) or (${isTotal}))
      )
    )
    where ${TIME}
    group by minute
  ) where all > 0`;
}

function lines(
  { text, minSeverity }: { readonly text?: string | undefined; readonly minSeverity?: keyof typeof SEVERITY | undefined },
  values: Params,
): string {
  return [
    ...(text === undefined ? [] : [`positionCaseInsensitiveUTF8(body, ${values.add(text)}) > 0`]),
    ...(minSeverity === undefined ? [] : [`severity >= ${SEVERITY[minSeverity]}`]),
  ].join(" and ");
}

function having(where: Readonly<Record<string, string>> | undefined, values: Params): string[] {
  return Object.entries(where ?? {}).map(([key, value]) => `attributes[${values.add(key)}] = ${values.add(value)}`);
}

/** The newer name of the attribute before the older one. */
function inEnvironment(value: string): string {
  const read = (name: string): string => `JSONExtractString(resource, '${name}')`;
  return `if(${read("deployment.environment.name")} != '', ${read("deployment.environment.name")}, ${read("deployment.environment")}) = ${value}`;
}

interface Params {
  readonly params: Readonly<Record<string, unknown>>;
  add(text: string): string;
  addList(texts: readonly string[]): string;
  addNumber(value: number, type?: string): string;
}

/** Names for values, so that no text of a definition becomes SQL. */
function createParams(first: Readonly<Record<string, unknown>>): Params {
  const params: Record<string, unknown> = { ...first };
  let n = 0;
  const put = (value: unknown, type: string): string => {
    n += 1;
    params[`p${n}`] = value;
    return `{p${n}:${type}}`;
  };
  return {
    params,
    add: (text) => put(text, "String"),
    addList: (texts) => put(texts, "Array(String)"),
    addNumber: (value, type = "Float64") => put(value, type),
  };
}
