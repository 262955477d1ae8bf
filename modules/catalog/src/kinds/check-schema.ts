import formats from "ajv-formats";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

import { describeValue, mustBe, shorten, type Fault } from "../entity/fault.ts";
import { isRecord } from "../entity/validate-spec.ts";

/** Makes a regular expression that needs time linear to the text. Throws for one that it does not know. */
export type LinearRegExp = (pattern: string) => { test(text: string): boolean };

/** Checks the `spec` of entities; what is wrong is named by the path from the root of the document. */
export type SpecCheck = (spec: Readonly<Record<string, unknown>>) => Fault[];

export interface SchemaChecker {
  /** Either what is wrong with the schema, or the check that it stands for. `kind` is for the texts. */
  compile(schema: Readonly<Record<string, unknown>>, kind: string): { readonly faults: readonly Fault[]; readonly check?: SpecCheck };
}

const MAX_CHARACTERS = 200_000;
const MAX_DEPTH = 20;
/** Parts of a schema once every `$ref` is followed: bounds what checking one value can cost. */
const MAX_PARTS = 5_000;
const MAX_UNIQUE_ITEMS = 1_000;
const MAX_FAULTS = 50;
/** Compiled schemas that are kept: all kinds are looked at again whenever one of them changes. */
const MAX_KNOWN = 500;
const PATH = ["spec", "schema"];

/** JSON Schema from people who may mean harm: nothing remote, nothing recursive, nothing that takes more than linear time. */
export function createSchemaChecker(regExp: LinearRegExp | undefined): SchemaChecker {
  const known = new Map<string, ReturnType<SchemaChecker["compile"]>>();
  let made: Ajv2020 | undefined;
  return {
    compile: (schema, kind) => {
      const key = `${kind} ${JSON.stringify(schema)}`;
      const before = known.get(key);
      if (before) return before;
      if (known.size >= MAX_KNOWN) known.clear();
      const compiled = compile(schema, kind);
      known.set(key, compiled);
      return compiled;
    },
  };

  function compile(schema: Readonly<Record<string, unknown>>, kind: string): ReturnType<SchemaChecker["compile"]> {
    const bad = checkBounds(schema, regExp);
    if (bad.length > 0) return { faults: bad };
    const engine = (made ??= createEngine(regExp));
    const closed = { type: "object", ...schema };
    try {
      if (engine.validateSchema(closed) !== true) return { faults: (engine.errors ?? []).slice(0, MAX_FAULTS).map(schemaFault) };
      const validate = engine.compile(closed);
      // It keeps what it compiled for ever, unless it is told.
      engine.removeSchema(closed);
      return { faults: [], check: (spec) => faultsOf(validate, spec, kind) };
    } catch (error) {
      return {
        faults: [{ path: PATH, reason: shorten(String(error instanceof Error ? error.message : error)), mend: "Correct the schema." }],
      };
    }
  }
}

function createEngine(regExp: LinearRegExp | undefined): Ajv2020 {
  const code = regExp === undefined ? {} : { regExp: Object.assign((pattern: string) => regExp(pattern), { code: "linear" }) };
  const engine = new Ajv2020({ strict: false, allErrors: true, logger: false, meta: true, code: code as never });
  // The same package looks different to types and at run time: what it exports is the function.
  (formats as unknown as (ajv: Ajv2020, o: object) => void)(engine, { mode: "fast" });
  return engine;
}

function schemaFault({ instancePath, message }: ErrorObject): Fault {
  return { path: [...PATH, ...segments(instancePath)], reason: `is no JSON Schema: ${message ?? "wrong"}`, mend: "Use draft 2020-12." };
}

function checkBounds(schema: Readonly<Record<string, unknown>>, regExp: LinearRegExp | undefined): Fault[] {
  const { length } = JSON.stringify(schema);
  if (length > MAX_CHARACTERS) {
    return [{ path: PATH, reason: `has ${length} characters; ${MAX_CHARACTERS} are the most`, mend: "Make it smaller." }];
  }
  if (schema["type"] !== undefined && schema["type"] !== "object") {
    return [{ path: [...PATH, "type"], reason: "must be object: it describes a spec", mend: "Write type: object, or leave it out." }];
  }
  const faults: Fault[] = [];
  let parts = 0;
  const visit = (value: unknown, path: Fault["path"], depth: number, refs: readonly string[]): void => {
    if (faults.length > 0 || typeof value !== "object" || value === null) return;
    if (depth > MAX_DEPTH) return void faults.push({ path: PATH, reason: `has more than ${MAX_DEPTH} levels`, mend: "Flatten it." });
    if (++parts > MAX_PARTS) {
      return void faults.push({
        path: PATH,
        reason: `unfolds to more than ${MAX_PARTS} parts`,
        mend: "Refer to the same definition less often.",
      });
    }
    if (Array.isArray(value)) return value.forEach((item, at) => visit(item, [...path, at], depth + 1, refs));
    const part = value as Record<string, unknown>;
    checkPart(part, path, regExp, faults);
    const ref = part["$ref"];
    if (typeof ref === "string") {
      const target = resolve(schema, ref);
      if (refs.includes(ref))
        faults.push({ path: [...path, "$ref"], reason: `${ref} refers to itself`, mend: "Write the levels out that you need." });
      else if (target === undefined) {
        const mend = "Define it under $defs and write #/$defs/<name>; nothing is fetched from elsewhere.";
        faults.push({ path: [...path, "$ref"], reason: `"${shorten(ref)}" is not a definition of this schema`, mend });
      } else visit(target, [...path, "$ref"], depth + 1, [...refs, ref]);
    }
    for (const [key, inner] of Object.entries(part)) if (!PLAIN.has(key)) visit(inner, [...path, key], depth + 1, refs);
  };
  visit(schema, PATH, 0, []);
  return faults;
}

/** Keywords whose values are data, not schemas. */
const PLAIN = new Set(["const", "enum", "default", "examples", "$ref"]);
const FOREIGN = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"];

function checkPart(part: Record<string, unknown>, path: Fault["path"], regExp: LinearRegExp | undefined, faults: Fault[]): void {
  for (const key of FOREIGN) {
    // A property may be called so; then its value is a schema and no text.
    if (typeof part[key] === "string")
      faults.push({ path: [...path, key], reason: `${key} is not understood here`, mend: "Remove it; use $defs and $ref." });
  }
  if (typeof part["$schema"] === "string" && !part["$schema"].startsWith("https://json-schema.org/draft/2020-12/")) {
    faults.push({
      path: [...path, "$schema"],
      reason: "is not draft 2020-12",
      mend: "Write https://json-schema.org/draft/2020-12/schema.",
    });
  }
  if (part["uniqueItems"] === true && !(typeof part["maxItems"] === "number" && part["maxItems"] <= MAX_UNIQUE_ITEMS)) {
    const reason = "uniqueItems compares each item with each: it needs a limit";
    faults.push({ path: [...path, "uniqueItems"], reason, mend: `Add maxItems of at most ${MAX_UNIQUE_ITEMS}.` });
  }
  const patterns: [Fault["path"], string][] = [];
  if (typeof part["pattern"] === "string") patterns.push([[...path, "pattern"], part["pattern"]]);
  if (isRecord(part["patternProperties"])) {
    for (const key of Object.keys(part["patternProperties"])) patterns.push([[...path, "patternProperties", key], key]);
  }
  for (const [at, pattern] of patterns) checkPattern(pattern, at, regExp, faults);
}

function checkPattern(pattern: string, path: Fault["path"], regExp: LinearRegExp | undefined, faults: Fault[]): void {
  if (!regExp) return void faults.push({ path, reason: "patterns are not understood here", mend: "Leave it out, or use enum." });
  try {
    regExp(pattern);
  } catch {
    const mend = "Use the syntax of RE2: no look-around and no back-references.";
    faults.push({ path, reason: `"${shorten(pattern)}" is not a pattern that needs linear time`, mend });
  }
}

function resolve(schema: Readonly<Record<string, unknown>>, ref: string): unknown {
  if (!ref.startsWith("#/")) return undefined;
  return segments(ref.slice(1)).reduce<unknown>((at, name) => (isRecord(at) && Object.hasOwn(at, name) ? at[name] : undefined), schema);
}

function segments(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function faultsOf(validate: ValidateFunction, spec: unknown, kind: string): Fault[] {
  if (validate(spec)) return [];
  const seen = new Set<string>();
  const faults: Fault[] = [];
  for (const error of validate.errors ?? []) {
    const fault = faultOf(error, spec, kind);
    const key = fault.path.join("\0");
    // What a branch of anyOf says of a place stands for what the others say.
    if (seen.has(key)) continue;
    seen.add(key);
    if (faults.push(fault) === MAX_FAULTS) break;
  }
  return faults;
}

function faultOf({ keyword, instancePath, params, message }: ErrorObject, spec: unknown, kind: string): Fault {
  const inner = segments(instancePath);
  const path: Fault["path"] = ["spec", ...inner.map((part) => (/^\d+$/.test(part) ? Number(part) : part))];
  const value = inner.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], spec);
  const given = params as Record<string, any>;
  if (keyword === "required") {
    const name = String(given["missingProperty"]);
    return { path: [...path, name], reason: `is missing: a ${kind} needs it`, mend: `Add ${name}.` };
  }
  if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
    const name = String(given["additionalProperty"] ?? given["unevaluatedProperty"]);
    return { path: [...path, name], reason: `is not a field of a ${kind}`, mend: "Remove it, or add it to the kind." };
  }
  if (keyword === "type") {
    const words = [given["type"]].flat().map((type) => TYPES[String(type)] ?? String(type));
    return { path, reason: mustBe(words.join(" or "), value), mend: mendType(value, given["type"]) };
  }
  if (keyword === "enum") {
    const allowed = (given["allowedValues"] as unknown[]).map(String);
    return {
      path,
      reason: `${describeValue(value)} is not one of ${shorten(allowed.join(", "))}`,
      mend: `Use one of ${allowed.slice(0, 20).join(", ")}.`,
    };
  }
  return { path, reason: `${message ?? "is not right"}, but is ${describeValue(value)}`, mend: `See the schema of ${kind}.` };
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "nothing",
};

function mendType(value: unknown, type: unknown): string {
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return `Put it in quotes: "${value}".`;
  if ((type === "number" || type === "integer") && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return `Leave the quotes out: ${value}.`;
  return "Correct the value.";
}
