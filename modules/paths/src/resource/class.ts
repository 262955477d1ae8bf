import { ClassName, MonthlyCost, ResourceType } from "@roadbed/contracts/paths/resource-classes";
import { InvalidError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import { z } from "zod";

/** Path -> content in base64: what lies beside a class's text. */
export type ClassFiles = Readonly<Record<string, string>>;

/** A class as its file says it. */
export interface Class {
  readonly type: string;
  readonly class: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly promises: readonly string[];
  /** Inputs that a request may set. */
  readonly open: readonly string[];
  readonly modules: readonly Module[];
  readonly yaml: string;
  readonly files: ClassFiles;
  readonly origin: "shipped" | "saved";
  readonly actor?: string;
  readonly at?: Date;
}

export interface Module {
  readonly environments: readonly string[];
  readonly provisioner: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly cost?: MonthlyCost | undefined;
}

export const CLASS_FILE = "class.yaml";
const ANY = "*";

const Cost = MonthlyCost.extend({
  // YAML reads an unquoted day or number as what it looks like; a number is taken as it was written only where that is exact.
  amount: z.preprocess((value) => (typeof value === "number" && Number.isInteger(value) ? String(value) : value), MonthlyCost.shape.amount),
  date: z.preprocess((value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value), MonthlyCost.shape.date),
});

const ClassDocument = z.object({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("ResourceClass"),
  metadata: z.object({ name: z.string().min(1).max(100), title: z.string().min(1).max(100), description: z.string().max(500).optional() }),
  spec: z.strictObject({
    type: ResourceType,
    class: ClassName,
    promises: z.array(z.string().min(1).max(300)).max(30).default([]),
    open: z.array(z.string().min(1).max(60)).max(50).default([]),
    modules: z
      .array(
        z.strictObject({
          environments: z.array(z.string().min(1).max(40)).min(1).max(50),
          provisioner: z.string().min(1).max(60),
          inputs: z.record(z.string(), z.unknown()).default({}),
          cost: Cost.optional(),
        }),
      )
      .min(1)
      .max(50),
  }),
});

/** Reads the text of a class. Throws `InvalidError` with what does not fit, and where. */
export function readClass(yaml: string, rest: Pick<Class, "files" | "origin" | "actor" | "at">): Class {
  const document = parseDocument(yaml, { logLevel: "silent" });
  const [broken] = document.errors;
  if (broken) throw new InvalidError(`${CLASS_FILE} cannot be read: ${broken.message.split("\n")[0]}`);
  const parsed = ClassDocument.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ at: path.join("."), reason: message }));
    throw new InvalidError(`${CLASS_FILE} is no class: ${problems.map(({ at, reason }) => `${at} ${reason}`).join("; ")}`, { problems });
  }
  const { metadata, spec } = parsed.data;
  return { ...spec, title: metadata.title, description: metadata.description, yaml, ...rest };
}

/** What makes a class in an environment: the module that names it, else the one for any. Throws `InvalidError` where there is none. */
export function moduleFor(of: Class, environment: string): Module {
  const found =
    of.modules.find(({ environments }) => environments.includes(environment)) ??
    of.modules.find(({ environments }) => environments.includes(ANY));
  if (found) return found;
  const known = [...new Set(of.modules.flatMap(({ environments }) => environments))].join(", ");
  throw new InvalidError(`${of.type}/${of.class} is not there for ${environment}.`, {
    problems: [{ at: "environment", reason: `has no ${of.type}/${of.class}`, mend: `Choose one of: ${known}.` }],
  });
}

/** The module's inputs with what a request sets. Throws `InvalidError` for what the class does not leave open. */
export function inputsOf(of: Class, { inputs }: Module, params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const closed = Object.keys(params).filter((name) => !of.open.includes(name));
  if (closed.length === 0) return { ...inputs, ...params };
  throw new InvalidError(`${of.type}/${of.class} does not leave ${closed.join(", ")} open.`, {
    problems: closed.map((name) => ({ at: `params.${name}`, reason: "is set by the class" })),
    mend: of.open.length === 0 ? "Leave params out." : `Set only: ${of.open.join(", ")}.`,
  });
}

/** Of all files together; undefined where there are none. */
export function digestOfFiles(files: ClassFiles): string | undefined {
  const entries = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : createHash("sha256").update(JSON.stringify(entries)).digest("hex");
}
