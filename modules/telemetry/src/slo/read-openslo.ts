import { Indicator, SloName, type Slo, type SloPeriod } from "@roadbed/contracts/telemetry/slos";
import { InvalidError, type Problem } from "@roadbed/core";
import { isScalar, parseAllDocuments, stringify } from "yaml";
import { z } from "zod";

/** What somebody says of an objective; everything else comes of itself. */
export type SloText = Pick<Slo, "name" | "title" | "service" | "entityRef" | "indicator" | "target" | "period" | "minimumEvents"> & {
  readonly description: string | undefined;
  readonly environment: string | undefined;
  /** Its document, by itself. */
  readonly text: string;
};

const SORTS = ["availability", "latency", "journey", "ratio", "gauge", "logs"] as const;
const MOST_DOCUMENTS = 200;
/** Under this many events in a window a share says too little. */
const MINIMUM_EVENTS = 50;

const Target = z.strictObject({
  displayName: z.string().max(200).optional(),
  target: z.number().gt(0).lt(1, "must be under 1: nothing holds always, and then there is no budget").optional(),
  targetPercent: z.number().gt(0).lt(100, "must be under 100: nothing holds always, and then there is no budget").optional(),
});

const TimeWindow = z.strictObject({
  duration: z.string().regex(/^(\d{1,2}d|[1-9]\d?w|1M)$/, "must be days or weeks, e.g. 30d or 4w, or 1M for the calendar month"),
  isRolling: z.boolean().optional(),
  calendar: z.looseObject({ timeZone: z.literal("UTC", "must be UTC: months are counted there").optional() }).optional(),
});

const Document = z.strictObject({
  apiVersion: z.literal("openslo/v1"),
  kind: z.literal("SLO"),
  metadata: z.looseObject({ name: SloName, displayName: z.string().min(1).max(200).optional() }),
  spec: z.strictObject({
    description: z.string().max(2_000).optional(),
    service: z.string().min(1).max(200),
    indicator: z.strictObject({
      metadata: z.looseObject({}).optional(),
      spec: z.record(z.string(), z.unknown()),
    }),
    timeWindow: z.array(TimeWindow).length(1, "must be one window"),
    budgetingMethod: z.literal("Occurrences", "must be Occurrences: events are counted, not slices of time").optional(),
    objectives: z.array(Target).length(1, "must be one objective; say another in a document of its own"),
    entity: z
      .string()
      .regex(/^[a-z]+:[a-z0-9._-]+\/[a-z0-9._-]+$/i, "must be a reference, e.g. component:default/orders")
      .optional(),
    environment: z.string().min(1).max(60).optional(),
    minimumEvents: z.number().int().min(1).max(1_000_000).optional(),
  }),
});

/** Reads every document of a text. Throws `InvalidError` that names document and field of each thing that is wrong. */
export function readOpenSlo(text: string): readonly SloText[] {
  const problems: Problem[] = [];
  const found: SloText[] = [];
  const documents = parseAllDocuments(text).filter(({ contents, errors }) => errors.length > 0 || !isNothing(contents));
  if (documents.length === 0) problems.push({ at: "text", reason: "holds no document" });
  if (documents.length > MOST_DOCUMENTS) problems.push({ at: "text", reason: `holds more than ${MOST_DOCUMENTS} documents` });
  for (const [index, document] of documents.slice(0, MOST_DOCUMENTS).entries()) {
    const at = (path: string): string =>
      [documents.length > 1 ? `document ${index + 1}` : "", path].filter((part) => part !== "").join(": ");
    const [broken] = document.errors;
    if (broken !== undefined) {
      problems.push({ at: at(`line ${broken.linePos?.[0].line ?? 1}`), reason: broken.message.split("\n")[0] ?? "is no YAML" });
      continue;
    }
    found.push(
      ...readDocument(
        valueOf(() => document.toJS({ maxAliasCount: 20 })),
        (path, reason, mend) => problems.push({ at: at(path), reason, ...(mend && { mend }) }),
      ),
    );
  }
  for (const [name, same] of Map.groupBy(found, (one) => one.name)) {
    if (same.length > 1) problems.push({ at: `metadata.name: ${name}`, reason: "is said more than once" });
  }
  if (problems.length > 0) {
    throw new InvalidError(
      problems
        .map(({ at, reason }) => `${at}: ${reason}`)
        .slice(0, 3)
        .join("; "),
      {
        problems,
        mend: "Mend it and try it with roadbed slo test FILE.",
      },
    );
  }
  return found;
}

/** Behind a last `---` stands nothing, which is no document. */
function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** An alias that goes round and round is told as a broken document. */
function valueOf(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readDocument(value: unknown, fault: (path: string, reason: string, mend?: string) => void): SloText[] {
  const read = Document.safeParse(value);
  if (!read.success) {
    for (const { path, message } of read.error.issues) fault(path.join("."), message.toLowerCase().replace(/^invalid input: /, ""));
    return [];
  }
  const { metadata, spec } = read.data;
  const indicator = readIndicator(spec.indicator.spec, fault);
  const [said] = spec.objectives;
  const target = targetOf(said ?? {});
  if (target === undefined) fault("spec.objectives.0", "must have either target (0.999) or targetPercent (99.9)");
  const period = periodOf(spec.timeWindow[0]!, fault);
  if (indicator === undefined || target === undefined || period === undefined) return [];
  return [
    {
      name: metadata.name,
      title: metadata.displayName ?? metadata.name,
      description: spec.description,
      service: spec.service,
      entityRef: spec.entity?.toLowerCase() ?? `component:default/${spec.service}`,
      environment: spec.environment,
      indicator,
      target,
      period,
      minimumEvents: spec.minimumEvents ?? MINIMUM_EVENTS,
      text: stringify(value),
    },
  ];
}

function readIndicator(spec: Readonly<Record<string, unknown>>, fault: (path: string, reason: string, mend?: string) => void) {
  const [kind, ...more] = Object.keys(spec);
  const known = SORTS.find((sort) => sort === kind);
  if (known === undefined || more.length > 0) {
    fault(
      "spec.indicator.spec",
      `must be exactly one of ${SORTS.join(", ")}`,
      "OpenSLO's ratioMetric is ratio here, thresholdMetric is gauge.",
    );
    return undefined;
  }
  const body = spec[known] ?? {};
  if (typeof body !== "object" || Array.isArray(body)) {
    fault(`spec.indicator.spec.${known}`, "must be a map");
    return undefined;
  }
  const read = Indicator.safeParse({ ...body, kind: known });
  if (read.success) return read.data;
  for (const { path, message } of read.error.issues)
    fault(["spec.indicator.spec", known, ...path].join("."), message.replace(/^Invalid input: /, ""));
  return undefined;
}

function targetOf({ target, targetPercent }: z.infer<typeof Target>): number | undefined {
  if ((target === undefined) === (targetPercent === undefined)) return undefined;
  // 99.9 / 100 is not 0.999 in binary; twelve digits are.
  return target ?? Number(((targetPercent ?? 0) / 100).toFixed(12));
}

function periodOf(
  { duration, isRolling }: z.infer<typeof TimeWindow>,
  fault: (path: string, reason: string) => void,
): SloPeriod | undefined {
  if (duration === "1M") {
    if (isRolling !== true) return { kind: "calendar-month" };
    fault("spec.timeWindow.0", "a month does not roll; say 30d, or isRolling: false");
    return undefined;
  }
  const days = Number(duration.slice(0, -1)) * (duration.endsWith("w") ? 7 : 1);
  if (isRolling === false) fault("spec.timeWindow.0", "days and weeks roll; for a window of the calendar say 1M");
  else if (days < 1 || days > 90) fault("spec.timeWindow.0.duration", "must be 1 to 90 days");
  else return { kind: "rolling", days };
  return undefined;
}
