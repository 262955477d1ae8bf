import type { Problem } from "@roadbed/core";
import { Ajv } from "ajv";

import { objectsIn } from "../../gitops/render.ts";
import type { Manifest } from "../manifest.ts";
import { followReads } from "./follow-reads.ts";
import { schemaOf, type CompiledSchema, type SchemaFault } from "./kinds.ts";

/** A wrong field of a manifest: where, why, and what to do. */
export type ManifestProblem = Problem;

const MOST = 50;
/** Kinds of Roadbed itself, which no cluster ever sees. */
const OURS = /^apps\/[^/]+\/(release|workload|accepted)\.yaml$/;

/**
 * Everything that is wrong with rendered files, by the schemas that Kubernetes and the makers of its extensions publish; fields that a schema
 * does not know are refused. Kinds that somebody else made are known where their CustomResourceDefinition is among the files.
 */
export async function validateManifests(files: ReadonlyMap<string, string>): Promise<ManifestProblem[]> {
  const all = [...files]
    .filter(([path]) => !OURS.test(path))
    .flatMap(([path, text]) => objectsIn(path, text).map((object) => ({ path, object })));
  const brought = definitionsIn(all.map(({ object }) => object));
  const problems: ManifestProblem[] = [];
  for (const { path, object } of all) {
    problems.push(...(await validateManifest(path, object, brought)));
    if (problems.length > MOST) return problems.slice(0, MOST);
  }
  return problems;
}

/** Everything that is wrong with one object. */
export async function validateManifest(
  path: string,
  object: Manifest,
  brought: ReadonlyMap<string, CompiledSchema> = new Map(),
): Promise<ManifestProblem[]> {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string") return [{ at: `${path}: apiVersion`, reason: "is missing", mend: "Say it, e.g. apps/v1." }];
  const schema = brought.get(`${apiVersion} ${kind}`) ?? (await schemaOf(apiVersion, kind));
  if (schema === undefined) {
    return [
      {
        at: `${path}: kind`,
        reason: `there is no schema of ${kind} in ${apiVersion}, so nobody could say whether it is right`,
        mend: "Correct apiVersion and kind, or put its CustomResourceDefinition into deploy/ beside it.",
      },
    ];
  }
  let faults: readonly SchemaFault[] = [];
  const unread = followReads(object, (followed) => {
    if (!schema(followed)) faults = schema.errors ?? [];
  });
  const told = [
    ...faults.map((fault) => toProblem(path, object, fault)),
    ...unread.map(({ path: at }) => ({
      at: `${path}: ${textOf(at)}`,
      reason: `is no field of ${kind} in ${apiVersion}`,
      mend: `Correct its name, or leave it out. kubectl explain ${explained(kind, at)} shows which there are.`,
    })),
  ];
  // Alternatives of a union repeat each other.
  return [...new Map(told.map((one) => [`${one.at} ${one.reason}`, one])).values()];
}

/** What the repository's own definitions say of the kinds that they make. */
function definitionsIn(objects: readonly Manifest[]): ReadonlyMap<string, CompiledSchema> {
  const found = new Map<string, CompiledSchema>();
  for (const object of objects) {
    if (object.kind !== "CustomResourceDefinition") continue;
    const spec = object["spec"] as
      | {
          group?: string;
          names?: { kind?: string };
          versions?: { name?: string; schema?: { openAPIV3Schema?: Record<string, unknown> } }[];
        }
      | undefined;
    for (const { name, schema } of spec?.versions ?? []) {
      const compiled = compile(schema?.openAPIV3Schema);
      if (compiled !== undefined) found.set(`${spec?.group}/${name} ${spec?.names?.kind}`, compiled);
    }
  }
  return found;
}

function compile(schema: Record<string, unknown> | undefined): CompiledSchema | undefined {
  if (schema === undefined) return undefined;
  const own = (schema["properties"] ?? {}) as Record<string, unknown>;
  // What every object has, which definitions leave out.
  const whole = {
    ...schema,
    properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, ...own },
  };
  try {
    return new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false }).compile(whole) as unknown as CompiledSchema;
  } catch {
    return undefined;
  }
}

function toProblem(file: string, object: Manifest, { instancePath, keyword, params, message }: SchemaFault): ManifestProblem {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const at = (more: readonly string[] = []): string => `${file}: ${textOf([...path, ...more]) || object.kind}`;
  const wrong = reasonOf(keyword, params, message);
  if (keyword === "required") return { at: at([String(params["missingProperty"])]), reason: "is missing", mend: "Say it." };
  return { at: at(), reason: wrong, mend: `Correct the value. kubectl explain ${explained(object.kind, path)} says what belongs there.` };
}

function reasonOf(keyword: string, params: Readonly<Record<string, unknown>>, message: string | undefined): string {
  if (keyword === "type") return `must be ${params["type"] === "integer" ? "a whole number" : `of type ${String(params["type"])}`}`;
  if (keyword === "enum")
    return `must be one of ${(params["allowedValues"] as unknown[] | undefined)?.join(", ") ?? "the values of its schema"}`;
  if (keyword === "pattern") return `must match ${String(params["pattern"])}`;
  if (keyword === "format") return `must be ${String(params["format"])}`;
  return message ?? `does not hold to ${keyword}: ${JSON.stringify(params)}`;
}

function textOf(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number" || /^\d+$/.test(part)) return `${text}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}["${part}"]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

function explained(kind: string, path: readonly (string | number)[]): string {
  const fields = path.slice(0, -1).filter((part) => typeof part === "string" && /^[a-zA-Z]+$/.test(part));
  return [kind.toLowerCase(), ...fields].join(".");
}
