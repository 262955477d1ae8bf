import { InvalidError, type Problem } from "@roadbed/core";
import { z } from "zod";

import { locate } from "../authoring/positions.ts";

/** As the specification `score.dev/v1b1` has it: names are labels of RFC 1123. */
const Name = z
  .string()
  .min(2)
  .max(63)
  .regex(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/, "must be lower-case letters, digits and dashes");
const ResourceName = z
  .string()
  .min(2)
  .max(63)
  .regex(/^[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]$/, "must be lower-case letters, digits, dots and dashes");
const Word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/, "must be letters, digits and dashes");
const PortNumber = z.number().int().min(1).max(65_535);
const Annotations = z.record(z.string(), z.string()).default({});
const Amounts = z.strictObject({
  memory: z
    .string()
    .regex(/^[1-9]\d*(K|M|G|T|Ki|Mi|Gi|Ti)?$/, "must be an amount like 128Mi")
    .optional(),
  cpu: z
    .string()
    .regex(/^\d*(?:m|\.\d+)?$/, "must be an amount like 250m or 0.5")
    .optional(),
});
const Probe = z.strictObject({
  httpGet: z.strictObject({
    host: z.string().min(1).optional(),
    scheme: z.enum(["HTTP", "HTTPS"]).optional(),
    path: z.string(),
    port: PortNumber,
    httpHeaders: z.array(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9_-]+$/), value: z.string().min(1) })).optional(),
  }),
});
const FileBody = {
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "must be octal, e.g. 0600")
    .optional(),
  source: z.string().min(1).optional(),
  content: z.string().optional(),
  binaryContent: z.string().optional(),
  noExpand: z.boolean().default(false),
};
const VolumeBody = { source: z.string(), path: z.string().optional(), readOnly: z.boolean().default(false) };

/** Files and volumes are lists with a `target`, or maps by it: both are written. */
function byTarget<S extends z.ZodRawShape>(shape: S) {
  const listed = z.array(z.strictObject({ target: z.string().min(1), ...shape }));
  const mapped = z
    .record(z.string(), z.strictObject(shape))
    .transform((map) => Object.entries(map).map(([target, rest]) => ({ target, ...rest })));
  return z.union([listed, mapped]).default([]);
}

const Container = z.strictObject({
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  variables: z.record(z.string().regex(/^[^=]+$/), z.string()).default({}),
  files: byTarget(FileBody),
  volumes: byTarget(VolumeBody),
  resources: z.strictObject({ limits: Amounts.optional(), requests: Amounts.optional() }).default({}),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
});
export type Container = z.output<typeof Container>;

const Resource = z.strictObject({
  type: Word,
  class: Word.optional(),
  id: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/, "must be lower-case labels, joined by dots")
    .optional(),
  metadata: z.looseObject({ annotations: Annotations }).optional(),
  params: z.record(z.string(), z.unknown()).optional(),
});
export type Resource = z.output<typeof Resource>;

export const Workload = z.strictObject({
  apiVersion: z.literal("score.dev/v1b1", { error: "must be score.dev/v1b1" }),
  metadata: z.looseObject({ name: Name, annotations: Annotations }),
  service: z
    .strictObject({
      ports: z
        .record(
          Name,
          z.strictObject({ port: PortNumber, protocol: z.enum(["TCP", "UDP"]).default("TCP"), targetPort: PortNumber.optional() }),
        )
        .default({}),
    })
    .optional(),
  containers: z.record(Name, Container).refine((containers) => Object.keys(containers).length > 0, "needs a container"),
  resources: z.record(ResourceName, Resource).default({}),
});
export type Workload = z.output<typeof Workload>;

/** Reads a Score file. Throws `InvalidError` with line and column of everything that does not fit, placeholders that lead nowhere among it. */
export function parseWorkload(text: string, file = "score.yaml"): Workload {
  const located = locate(text);
  const broken = located.faults.map(({ line, column, message }): Problem => ({ at: `${file}:${line}:${column}`, reason: message }));
  if (broken.length > 0) throw fault(file, broken);
  const parsed = Workload.safeParse(located.document.toJS({ maxAliasCount: 100 }));
  const place = (path: readonly PropertyKey[], key = false): string => {
    const { line, column } = located.at(
      path.map((part) => (typeof part === "symbol" ? String(part) : part)),
      key,
    );
    return `${file}:${line}:${column}`;
  };
  if (!parsed.success) {
    throw fault(
      file,
      parsed.error.issues.map((issue) => ({
        at: issue.code === "unrecognized_keys" ? place([...issue.path, issue.keys[0] ?? ""], true) : place(issue.path),
        reason: `${issue.path.join(".")} ${issue.message}`.trim(),
      })),
    );
  }
  const loose = placeholdersOf(parsed.data).flatMap(({ path, name }) => {
    const reason = whyUnknown(parsed.data, name);
    return reason === undefined ? [] : [{ at: place(path), reason }];
  });
  if (loose.length > 0) throw fault(file, loose);
  return parsed.data;
}

function fault(file: string, problems: readonly Problem[]): InvalidError {
  return new InvalidError(`${file} is no workload of score.dev/v1b1: ${problems.map(({ at, reason }) => `${at} ${reason}`).join("; ")}`, {
    problems,
  });
}

/** `$${` stands for itself. */
const PLACEHOLDER = /\$(?:\$|\{([^}]*)\})/g;

/** Puts values in the place of `${…}`; a `$$` becomes one. */
export function expand(text: string, valueOf: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_, name: string | undefined) => (name === undefined ? "$" : valueOf(name.trim())));
}

interface Used {
  readonly path: (string | number)[];
  readonly name: string;
}

function placeholdersOf(workload: Workload): Used[] {
  const found: Used[] = [];
  const look = (text: string, path: (string | number)[]): void => {
    expand(text, (name) => (found.push({ path, name }), ""));
  };
  for (const [name, container] of Object.entries(workload.containers)) {
    for (const [key, text] of Object.entries(container.variables)) look(text, ["containers", name, "variables", key]);
    for (const [index, { content, noExpand }] of container.files.entries())
      if (content !== undefined && !noExpand) look(content, ["containers", name, "files", index]);
    for (const [index, { source }] of container.volumes.entries()) look(source, ["containers", name, "volumes", index, "source"]);
  }
  return found;
}

function whyUnknown(workload: Workload, name: string): string | undefined {
  const [root, first] = splitPlaceholder(workload, name);
  if (root === "metadata") return metadataAt(workload, name) === undefined ? `\${${name}} leads to nothing in metadata` : undefined;
  if (root !== "resources") return `\${${name}} leads nowhere: it begins with metadata or resources`;
  return workload.resources[first] === undefined ? `\${${name}} names a resource that is not in resources` : undefined;
}

/** `resources`, the resource's name, which may hold dots, and the output that is meant. */
export function splitPlaceholder(workload: Pick<Workload, "resources">, name: string): [root: string, first: string, rest: string] {
  const [root = "", ...parts] = name.split(".");
  if (root !== "resources") return [root, parts[0] ?? "", parts.slice(1).join(".")];
  for (let length = parts.length; length > 0; length--) {
    const first = parts.slice(0, length).join(".");
    if (workload.resources[first] !== undefined) return [root, first, parts.slice(length).join(".")];
  }
  return [root, parts[0] ?? "", parts.slice(1).join(".")];
}

export function metadataAt(workload: Workload, name: string): string | undefined {
  const value = name
    .split(".")
    .slice(1)
    .reduce<unknown>(
      (found, part) => (typeof found === "object" && found !== null && Object.hasOwn(found, part) ? (found as never)[part] : undefined),
      workload.metadata,
    );
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
}
