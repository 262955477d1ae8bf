import { allOperations } from "@roadbed/contracts/all";
import { EXAMPLES } from "@roadbed/contracts/examples";
import type { Operation } from "@roadbed/core";

import type { ApiField, ApiOperation } from "@roadbed/contracts/api-document/open-api";

export interface CallExamples {
  readonly curl: string;
  /** Absent for an operation that is not one of Roadbed's own. */
  readonly command: string | undefined;
  readonly tool: { readonly name: string; readonly call: string } | undefined;
}

/** How the same operation is called by each face, with values that show their form. */
export function callExamples(operation: ApiOperation, origin: string): CallExamples {
  const own = allOperations.find(({ name }) => name === operation.name);
  return {
    curl: curlOf(operation, origin),
    command: own === undefined ? undefined : commandOf(own, operation),
    tool: own === undefined ? undefined : toolOf(own, operation),
  };
}

function curlOf({ method, path, parameters, body }: ApiOperation, origin: string): string {
  const query = parameters
    .filter(({ where, required }) => where === "query" && required)
    .map((field) => `${field.name}=${encodeURIComponent(asWord(valueOf(field)))}`);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const field = parameters.find((one) => one.name === name && one.where === "path");
    const word = field === undefined ? `<${name}>` : asWord(valueOf(field));
    return word.startsWith("<") ? word : encodeURIComponent(word).replaceAll("%3A", ":");
  });
  const sent = Object.fromEntries(body.filter(({ required }) => required).map((field) => [field.name, valueOf(field)]));
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}'${origin}${filled}${query.length === 0 ? "" : `?${query.join("&")}`}'`,
    `-H "authorization: Bearer $ROADBED_TOKEN"`,
    ...(body.length === 0 ? [] : [`-H 'content-type: application/json'`, `-d ${quote(JSON.stringify(sent))}`]),
  ];
  return lines.join(" \\\n  ");
}

/** `npx roadbed entity get component:default/orders`: the rule of the command line, which leaves the module out. */
function commandOf(own: Operation, { parameters, body, path }: ApiOperation): string {
  const words = own.cli?.command ?? own.name.split(".").slice(1).join(" ");
  const positional = own.cli?.positional ?? [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const fields = [...parameters.filter(({ where }) => where !== "header"), ...body].filter(({ required }) => required);
  const secret = (name: string): boolean => own.secrets?.includes(name) === true;
  const write = (field: ApiField): string => (secret(field.name) ? "-" : asArgument(field));
  const places = positional.flatMap((name) => fields.filter((field) => field.name === name)).map(write);
  const flags = fields
    .filter(({ name }) => !positional.includes(name))
    .map((field) => (field.type === "boolean" ? `--${toFlag(field.name)}` : `--${toFlag(field.name)} ${write(field)}`));
  return [
    "npx roadbed",
    words,
    ...places,
    ...flags,
    ...(own.cli?.waitFor === undefined ? [] : ["--wait"]),
    ...(own.follow === undefined ? [] : ["-f"]),
  ].join(" ");
}

/** The agent's tool; where a mistake can do great harm it must say why. */
function toolOf(own: Operation, { parameters, body }: ApiOperation): CallExamples["tool"] {
  const name = own.name.replaceAll(".", "_");
  const fields = [...parameters.filter(({ where }) => where !== "header"), ...body].filter(({ required }) => required);
  const reason = own.risk === "high" || own.risk === "destructive" ? { reason: "Why, in a sentence, for the audit log" } : {};
  const call = { name, arguments: { ...Object.fromEntries(fields.map((field) => [field.name, valueOf(field)])), ...reason } };
  return { name, call: JSON.stringify(call, null, 2) };
}

/** A value that shows the field's form. */
function valueOf({ name, example, fallback, type, fields }: ApiField): unknown {
  if (example !== undefined) return example;
  if (EXAMPLES[name] !== undefined) return EXAMPLES[name];
  if (fallback !== undefined) return JSON.parse(fallback) as unknown;
  const [, choice] = /^\(?("(?:[^"\\]|\\.)*")/.exec(type) ?? [];
  if (choice !== undefined) return type.endsWith("[]") ? [JSON.parse(choice)] : (JSON.parse(choice) as unknown);
  if (type.endsWith("[]")) return fields.length === 0 ? [] : [sampleOf(fields)];
  if (type === "integer" || type === "number") return 10;
  if (type === "boolean") return true;
  if (type === "object") return sampleOf(fields);
  return `<${toFlag(name)}>`;
}

function sampleOf(fields: readonly ApiField[]): Record<string, unknown> {
  return Object.fromEntries(fields.filter(({ required }) => required).map((field) => [field.name, valueOf(field)]));
}

function asArgument(field: ApiField): string {
  const value = valueOf(field);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return quote(value.join(","));
  if (typeof value === "object") return `${toFlag(field.name)}.json`;
  const text = asWord(value);
  return text.includes("\n") ? "@catalog-info.yaml" : quote(text);
}

function asWord(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toFlag(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** As a shell takes it; a placeholder in pointed brackets stays as it is. */
function quote(text: string): string {
  return /^(?:[\w@./:,=-]+|<[\w-]+>)$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
