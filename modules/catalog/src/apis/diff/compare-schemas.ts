import { asList, asObject, deref, type Json } from "@roadbed/contracts/api-document/schema";

import type { Report, Severity } from "./change.ts";

/** Who writes the value: a client sends it (`in`), or receives it (`out`). What is harmless in one direction breaks in the other. */
export type Direction = "in" | "out";

interface Comparison {
  readonly roots: readonly [before: Json, after: Json];
  readonly direction: Direction;
  readonly at: string;
  readonly report: Report;
}

/** Schemas refer to themselves; deeper than this nobody tells a field's name. */
const DEEPEST = 12;

/** Compares two JSON Schemas as OpenAPI and AsyncAPI use them. `path` is the field's way in words, "" for the whole body. */
export function compareSchemas(before: unknown, after: unknown, path: string, o: Comparison, depth = 0): void {
  const old = flat(o.roots[0], before);
  const now = flat(o.roots[1], after);
  // Schemas name each other in rings and many times over: a pair that is being compared, or was found equal, is done.
  if (depth > DEEPEST || !o.report.begin(o.direction, old, now)) return;
  const found = o.report.changes.length;
  compareTypes(old, now, path, o);
  compareEnums(old, now, path, o);
  compareBounds(old, now, path, o);
  compareChoices(old, now, path, o);
  compareProperties(old, now, path, o, depth);
  if (old["items"] !== undefined && now["items"] !== undefined) compareSchemas(old["items"], now["items"], `${path}[]`, o, depth + 1);
  else if (typeof old["additionalProperties"] === "object" && typeof now["additionalProperties"] === "object") {
    compareSchemas(old["additionalProperties"], now["additionalProperties"], `${path}.*`, o, depth + 1);
  }
  if (o.report.changes.length > found) o.report.again(o.direction, old, now);
}

/** References resolved and `allOf` put together: what holds for the value. */
function flat(root: Json, schema: unknown, depth = 0): Json {
  const own = deref(root, schema);
  const parts = asList(own["allOf"]);
  if (parts.length === 0 || depth > DEEPEST) return own;
  return parts.reduce<Json>((all, part) => {
    const next = flat(root, part, depth + 1);
    return {
      ...all,
      ...next,
      properties: { ...asObject(all["properties"]), ...asObject(next["properties"]) },
      required: [...asList(all["required"]), ...asList(next["required"])],
    };
  }, own);
}

/** Severity by direction: what breaks who sends, what breaks who receives. */
function by(direction: Direction, whenIn: Severity, whenOut: Severity): Severity {
  return direction === "in" ? whenIn : whenOut;
}

function typesOf(schema: Json): readonly string[] {
  const { type } = schema;
  const named = Array.isArray(type) ? type.map(String) : typeof type === "string" ? [type] : [];
  if (named.length > 0) return schema["nullable"] === true ? [...named, "null"] : named;
  return schema["properties"] === undefined ? [] : ["object"];
}

function compareTypes(old: Json, now: Json, path: string, { direction, at, report }: Comparison): void {
  const [before, after] = [typesOf(old), typesOf(now)];
  if (before.length === 0 || after.length === 0) return;
  const gone = before.filter((type) => !after.includes(type) && !(type === "integer" && after.includes("number")));
  const come = after.filter((type) => !before.includes(type) && !(type === "integer" && before.includes("number")));
  if (gone.length > 0 && come.filter((type) => type !== "null").length > 0) {
    report.add("breaking", at, `${nameOf(path)} is ${after.join(" or ")}, was ${before.join(" or ")}`);
  } else if (gone.length > 0) {
    report.add(by(direction, "breaking", "safe"), at, `${nameOf(path)} is no longer ${gone.join(" or ")}`);
  } else if (come.length > 0) {
    report.add(by(direction, "safe", "breaking"), at, `${nameOf(path)} can be ${come.join(" or ")} now`);
  } else if (typeof old["format"] === "string" && typeof now["format"] === "string" && old["format"] !== now["format"]) {
    report.add("risky", at, `${nameOf(path)} has the format ${now["format"]}, was ${old["format"]}`);
  }
}

function compareEnums(old: Json, now: Json, path: string, { direction, at, report }: Comparison): void {
  const [before, after] = [valuesOf(old), valuesOf(now)];
  if (!before && !after) return;
  if (!before) return report.add(by(direction, "breaking", "safe"), at, `${nameOf(path)} takes only ${after!.join(", ")} now`);
  if (!after) return report.add(by(direction, "safe", "risky"), at, `${nameOf(path)} is no longer a closed list`);
  const gone = before.filter((value) => !after.includes(value));
  const come = after.filter((value) => !before.includes(value));
  if (gone.length > 0) report.add(by(direction, "breaking", "safe"), at, `${nameOf(path)} no longer has the value ${gone.join(", ")}`);
  if (come.length > 0) report.add(by(direction, "safe", "risky"), at, `${nameOf(path)} has the new value ${come.join(", ")}`);
}

function valuesOf(schema: Json): readonly string[] | undefined {
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value));
  return schema["const"] === undefined ? undefined : [JSON.stringify(schema["const"])];
}

/** Keywords that let through less when they grow, and those that do when they shrink. */
const LOWER = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

function compareBounds(old: Json, now: Json, path: string, { direction, at, report }: Comparison): void {
  for (const key of [...LOWER, ...UPPER]) {
    const sign = LOWER.includes(key) ? 1 : -1;
    const [before, after] = [old[key], now[key]];
    if (before === after || (typeof before !== "number" && typeof after !== "number")) continue;
    const tighter = typeof after === "number" && (typeof before !== "number" || sign * after > sign * before);
    const words = `${nameOf(path)}: ${key} is ${typeof after === "number" ? after : "gone"}, was ${typeof before === "number" ? before : "not there"}`;
    report.add(tighter ? by(direction, "breaking", "safe") : by(direction, "safe", "risky"), at, words);
  }
  if (old["pattern"] !== now["pattern"] && typeof now["pattern"] === "string") {
    report.add(by(direction, "risky", "safe"), at, `${nameOf(path)} must match ${now["pattern"]} now`);
  }
}

function compareChoices(old: Json, now: Json, path: string, { direction, at, report }: Comparison): void {
  for (const key of ["oneOf", "anyOf"]) {
    const [before, after] = [asList(old[key]).map((one) => JSON.stringify(one)), asList(now[key]).map((one) => JSON.stringify(one))];
    const gone = before.filter((one) => !after.includes(one)).length;
    const come = after.filter((one) => !before.includes(one)).length;
    if (gone > 0) report.add(by(direction, "breaking", "risky"), at, `${nameOf(path)} lost ${gone} of its alternatives`);
    if (come > 0)
      report.add(by(direction, "safe", "risky"), at, `${nameOf(path)} has ${come} new ${come === 1 ? "alternative" : "alternatives"}`);
  }
}

function compareProperties(old: Json, now: Json, path: string, o: Comparison, depth: number): void {
  const [before, after] = [asObject(old["properties"]), asObject(now["properties"])];
  const [mustBefore, mustAfter] = [new Set(asList(old["required"])), new Set(asList(now["required"]))];
  const { direction, at, report } = o;
  for (const [name, schema] of Object.entries(before)) {
    const field = path === "" ? name : `${path}.${name}`;
    if (after[name] === undefined) {
      report.add(by(direction, closes(now) ? "breaking" : "risky", "breaking"), at, `${nameOf(field)} is gone`);
      continue;
    }
    if (!mustBefore.has(name) && mustAfter.has(name)) report.add(by(direction, "breaking", "safe"), at, `${nameOf(field)} is required now`);
    if (mustBefore.has(name) && !mustAfter.has(name)) {
      report.add(by(direction, "safe", "breaking"), at, `${nameOf(field)} need not be there any more`);
    }
    compareSchemas(schema, after[name], field, o, depth + 1);
  }
  for (const name of Object.keys(after)) {
    if (before[name] !== undefined) continue;
    const field = path === "" ? name : `${path}.${name}`;
    const required = mustAfter.has(name);
    const severity = direction === "in" && required ? "breaking" : "safe";
    report.add(severity, at, `${nameOf(field)} is new${direction === "in" ? (required ? " and required" : ", optional") : ""}`);
  }
}

function closes(schema: Json): boolean {
  return schema["additionalProperties"] === false;
}

function nameOf(path: string): string {
  return path === "" ? "the body" : `\`${path}\``;
}
