import { completePath } from "@roadbed/contracts/paths/authoring";
import type { Completion } from "@roadbed/contracts/standards/writing";
import { handle, type Handler } from "@roadbed/core";
import { parseDocument } from "yaml";

import { schemaOf } from "../../action/action-handlers.ts";
import type { Actions } from "../../action/actions.ts";
import { placeOf, type Place } from "./place.ts";
import { FIELD, FILTERS, KEYS, offer, ROOTS, VALUES } from "./words.ts";

type Node = Readonly<Record<string, unknown>>;
type Offered = { readonly length: number; readonly options: readonly Completion[] };

const MOST = 300;
const NOTHING: Offered = { length: 0, options: [] };

/** What may be written at a place of a template. The text is seldom whole while it is written: what cannot be read offers nothing. */
export function makeCompletePath({ actions }: { readonly actions: Actions }): Handler {
  return handle(completePath, async (_ctx, { text, line, column }) => {
    const { length, options } = complete(actions, text, line, column);
    return { from: column - length, options: options.slice(0, MOST) };
  });
}

export function complete(actions: Actions, text: string, line: number, column: number): Offered {
  const lines = text.split(/\r?\n/);
  const cut = (lines[line - 1] ?? "").slice(0, column - 1);
  const place = placeOf([...lines.slice(0, line - 1), cut]);
  // The line that is being written is seldom whole: it says nothing of what stands around it.
  const spec =
    specOf([...lines.slice(0, line - 1), "", ...lines.slice(line)].join("\n")) ?? specOf(lines.slice(0, line - 1).join("\n")) ?? {};
  if (place.kind === "expression") return inExpression(actions, spec, place);
  const actionHere = /(?:^|\s)action:\s*["']?([\w:.-]+)/.exec(cut)?.[1];
  return place.kind === "value" ? valueAt(actions, spec, place) : keyAt(actions, spec, place, actionHere);
}

function specOf(text: string): Node | undefined {
  try {
    const parsed: unknown = parseDocument(text, { logLevel: "silent", strict: false }).toJS({ maxAliasCount: 100 });
    return isNode(parsed) && isNode(parsed["spec"]) ? parsed["spec"] : undefined;
  } catch {
    return undefined;
  }
}

function keyAt(actions: Actions, spec: Node, { path, typed }: Place, actionHere: string | undefined): Offered {
  if (!/^[\w:".-]*$/.test(typed)) return NOTHING;
  const answer = (options: readonly Completion[]): Offered => ({ length: typed.length, options });
  const input = inputOf(actions, spec, path, actionHere);
  if (input !== undefined) return answer(propertiesOf(input, "key", ": "));
  const at = path.map((part) => (typeof part === "number" ? "*" : part)).join(".");
  const known = KEYS[at.replace(/^spec\.parameters$/, "spec.parameters.*")];
  if (known !== undefined) return answer(offer(known, "key", ": "));
  return path[1] === "parameters" && path.at(-2) === "properties" ? answer(offer(FIELD, "key", ": ")) : NOTHING;
}

function valueAt(actions: Actions, spec: Node, { path, typed }: Place): Offered {
  const word = /^["']?([\w:./-]*)$/.exec(typed)?.[1];
  if (word === undefined) return NOTHING;
  const answer = (options: readonly Completion[]): Offered => ({ length: word.length, options });
  const key = String(path.at(-1));
  if (path[1] === "steps" && path.length === 4 && key === "action") {
    const all = [...actions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return answer(all.map(({ id, description, reach }) => ({ label: id, kind: "value", detail: reach, info: description })));
  }
  const input = inputOf(actions, spec, path.slice(0, -1), undefined);
  if (input !== undefined) return answer(valuesOf(propertyOf(input, key)));
  return Object.hasOwn(VALUES, key) ? answer(offer(VALUES[key] ?? {}, "value")) : NOTHING;
}

/** The schema of what a step's action is given, at a place below `input`. */
function inputOf(actions: Actions, spec: Node, path: Place["path"], actionHere: string | undefined): Node | undefined {
  const [first, list, index, input, ...deeper] = path;
  if (first !== "spec" || list !== "steps" || typeof index !== "number" || input !== "input") return undefined;
  const step = stepsOf(spec)[index];
  const action = actions.get(textOf(step?.["action"]) ?? actionHere ?? "");
  let schema: Node | undefined = action && schemaOf(action.input);
  for (const part of deeper) schema = schema && (typeof part === "number" ? itemsOf(schema) : propertyOf(schema, part));
  return schema;
}

function inExpression(actions: Actions, spec: Node, { path, typed }: Place): Offered {
  const [, filter] = /\|\s*(\w*)$/.exec(typed) ?? [];
  if (filter !== undefined) return { length: filter.length, options: offer(FILTERS, "function") };
  const chain = /(?:^|[\s([{,!=<>+~-])((?:\w+(?:\[(?:'[^']*'|"[^"]*")\])?\.)*)([\w-]*)$/.exec(typed);
  if (chain === null) return NOTHING;
  const [, before = "", word = ""] = chain;
  const names = before.split(".").filter((part) => part !== "");
  return { length: word.length, options: names.length === 0 ? rootsAt(path) : membersOf(actions, spec, path, names) };
}

/** `always()` and `failure()` say something in `if` alone. */
function rootsAt(path: Place["path"]): Completion[] {
  const states = { "always()": "Whatever happened before", "failure()": "Only when an earlier step failed" };
  return [...offer(ROOTS, "variable"), ...(path.at(-1) === "if" ? offer(states, "function") : [])];
}

function membersOf(actions: Actions, spec: Node, path: Place["path"], [root, ...rest]: readonly string[]): Completion[] {
  if (root === "parameters") return parametersAt(spec, rest);
  if (root === "secrets")
    return rest.length > 0
      ? []
      : fieldsOf(spec).flatMap(({ name, schema }) => (schema["ui:field"] === "Secret" ? [fieldOf(name, schema)] : []));
  if (root === "each" && rest.length === 0) return offer({ key: "Its place or name", value: "It itself" }, "field");
  if (root === "user" && rest.length === 0) return offer({ entity: "As the catalogue has them", ref: "Their reference" }, "field");
  if (root === "context") return rest.length === 0 ? offer({ task: "The run" }, "field") : offer({ id: "Of the run" }, "field");
  return root === "steps" ? stepsAt(actions, spec, path, rest) : [];
}

function parametersAt(spec: Node, names: readonly string[]): Completion[] {
  let fields = fieldsOf(spec);
  for (const wanted of names) {
    const found = fields.find(({ name }) => name === wanted)?.schema;
    fields = found === undefined ? [] : propertiesIn(found);
  }
  return fields.map(({ name, schema }) => fieldOf(name, schema));
}

/** Only what stands before this step has put out anything; at its end a path reads of all. */
function stepsAt(actions: Actions, spec: Node, path: Place["path"], [id, output, ...deeper]: readonly string[]): Completion[] {
  const all = stepsOf(spec);
  const before = path[1] === "steps" && typeof path[2] === "number" ? all.slice(0, path[2]) : all;
  if (id === undefined) {
    return before.flatMap((step, index) => ({
      label: textOf(step["id"]) ?? `step-${index + 1}`,
      kind: "field" as const,
      detail: textOf(step["action"]) ?? "",
    }));
  }
  if (output === undefined) return offer({ output: "What it put out" }, "field");
  const schemaNow = actions.get(String(before.find((step) => step["id"] === id)?.["action"]))?.output;
  let schema: Node | undefined = schemaNow && schemaOf(schemaNow);
  for (const part of deeper) schema = schema && propertyOf(schema, part);
  return schema === undefined ? [] : propertiesOf(schema, "field");
}

function stepsOf(spec: Node): readonly Node[] {
  return Array.isArray(spec["steps"]) ? spec["steps"].map((step: unknown) => (isNode(step) ? step : {})) : [];
}

interface Field {
  readonly name: string;
  readonly schema: Node;
}

/** Every field of every page, those that depend on others among them. */
function fieldsOf(spec: Node): Field[] {
  const fields = [spec["parameters"] ?? []].flat().flatMap((page: unknown) => (isNode(page) ? propertiesIn(page) : []));
  return fields.filter(({ name }, index) => fields.findIndex((other) => other.name === name) === index);
}

function propertiesIn(schema: Node, depth = 0): Field[] {
  if (depth > 8) return [];
  const own = isNode(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const parts = [
    ...["oneOf", "anyOf", "allOf", "then", "else"].flatMap((key) => [schema[key] ?? []].flat()),
    ...(isNode(schema["dependencies"]) ? Object.values(schema["dependencies"]) : []),
  ];
  return [
    ...own.map(([name, value]) => ({ name, schema: isNode(value) ? value : {} })),
    ...parts.flatMap((part) => (isNode(part) ? propertiesIn(part, depth + 1) : [])),
  ];
}

function propertiesOf(schema: Node, kind: Completion["kind"], after = ""): Completion[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const found = propertiesIn(schema).map(({ name, schema: of }) => ({
    ...fieldOf(name, of),
    kind,
    ...(required.includes(name) ? { detail: `${typeOf(of)}, needed` } : {}),
    ...(after === "" ? {} : { apply: `${name}${after}` }),
  }));
  return found.toSorted((a, b) => Number(required.includes(b.label)) - Number(required.includes(a.label)));
}

function fieldOf(name: string, schema: Node): Completion {
  const words = schema["description"] ?? schema["title"];
  return { label: name, kind: "field", detail: typeOf(schema), ...(typeof words === "string" ? { info: words } : {}) };
}

function typeOf(schema: Node): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].slice(0, 6).map(String).join(" | ");
  const { type } = schema;
  return typeof type === "string" ? type : Array.isArray(schema["anyOf"]) ? [...new Set(schema["anyOf"].map(typeOf))].join(" | ") : "any";
}

function valuesOf(schema: Node | undefined): Completion[] {
  if (schema === undefined) return [];
  const values = Array.isArray(schema["enum"]) ? schema["enum"].map(String) : schema["type"] === "boolean" ? ["true", "false"] : [];
  return values.map((label) => ({ label, kind: "value" }));
}

function propertyOf(schema: Node, name: string): Node | undefined {
  return propertiesIn(schema).find((field) => field.name === name)?.schema;
}

function itemsOf(schema: Node): Node | undefined {
  const { items } = schema;
  return isNode(items) ? items : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
