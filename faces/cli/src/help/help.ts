import { EXAMPLES } from "@roadbed/contracts/examples";

import type { Command } from "../command/commands.ts";
import { describeFields, type Field } from "../command/fields.ts";
import { globalFlags } from "../command/global-flags.ts";
import type { Paint } from "../output/text.ts";

/** The commands there are, by noun. */
export function helpForAll(commands: readonly { readonly words: string; readonly summary: string }[], paint: Paint): string {
  const nouns = Map.groupBy(
    commands.toSorted((a, b) => (a.words < b.words ? -1 : 1)),
    ({ words }) => (words.includes(" ") ? (words.split(" ", 1)[0] ?? "") : ""),
  );
  const single = nouns.get("") ?? [];
  nouns.delete("");
  return [
    `${paint.bold("roadbed")}: everything the platform can do, from the command line.\n`,
    `\nUsage: roadbed <noun> <verb> [values] [flags]\n`,
    `\n${lines(single.map(({ words, summary }) => [words, summary]))}`,
    `\n${lines([...nouns].map(([noun, verbs]) => [noun, verbs.map(({ words }) => words.slice(noun.length + 1)).join(", ")]))}`,
    `\nroadbed <noun> <verb> --help shows values, flags and examples.\n`,
    `Exit codes: 0 ok, 1 failed, 2 wrong values, 3 denied by policy, 4 not found, 5 not signed in or not allowed, 6 not reachable.\n`,
  ].join("");
}

/** The verbs of one noun. */
export function helpForNoun(noun: string, commands: readonly { readonly words: string; readonly summary: string }[]): string {
  const verbs = commands.filter(({ words }) => words.startsWith(`${noun} `));
  return `Usage: roadbed ${noun} <verb> [values] [flags]\n\n${lines(verbs.map(({ words, summary }) => [words, summary]))}`;
}

/** One command: what it does, its values, its flags with their types, and an example. */
export function helpForCommand(command: Command): string {
  const { operation, words, positional } = command;
  const fields = describeFields(operation);
  const places = positional.flatMap((name) => fields.filter((field) => field.name === name));
  const flags = fields.filter(({ name }) => !positional.includes(name));
  const globals = globalFlags(operation);
  const usage = ["roadbed", words, ...places.map(placeholder), ...(fields.length > places.length ? ["[flags]"] : [])].join(" ");
  return [
    `${operation.summary}\n\nUsage: ${usage}\n`,
    places.length === 0 ? "" : `\nValues:\n${lines(places.map((field) => [`<${field.flag}>`, describe(field)]))}`,
    flags.length === 0 ? "" : `\nFlags:\n${lines(flags.map((field) => [flagUsage(field), describe(field)]))}`,
    `\nFlags of every such command:\n${lines(globals.map(({ flag, short, value, help }) => [`${short === undefined ? "" : `-${short}, `}--${flag}${value === undefined ? "" : ` ${value}`}`, help]))}`,
    `\nExample:\n  ${exampleFor(command, fields)}\n`,
    `\nNeeds the scope ${operation.scope}. As an API call: ${operation.http.method} ${operation.http.path}\n`,
  ].join("");
}

/** A line that could be typed: what is required, with values that show their form. */
export function exampleFor({ words, operation, positional }: Command, fields: readonly Field[]): string {
  const places = positional
    .flatMap((name) => fields.filter((field) => field.name === name && field.required))
    .map((field) => quote(exampleValue(field)));
  const flags = fields
    .filter((field) => field.required && !positional.includes(field.name))
    .map((field) => (field.kind === "boolean" ? `--${field.flag}` : `--${field.flag} ${quote(exampleValue(field))}`));
  const wait = operation.cli?.waitFor === undefined ? [] : ["--wait"];
  const follow = operation.follow === undefined ? [] : ["-f"];
  return ["roadbed", words, ...places, ...flags, ...wait, ...follow].join(" ");
}

function exampleValue(field: Field): string {
  if (field.kind === "document") return `${field.name}.json`;
  if (field.secret) return "-";
  if (field.fromFile) return "@catalog-info.yaml";
  const example = EXAMPLES[field.name] ?? field.choices[0] ?? field.default;
  if (Array.isArray(example)) return example.join(",");
  if (typeof example === "string" || typeof example === "number") return String(example);
  return field.kind === "number" ? "10" : `<${field.flag}>`;
}

function placeholder(field: Field): string {
  return field.required ? `<${field.flag}>` : `[${field.flag}]`;
}

function flagUsage({ flag, kind, default: fallback }: Field): string {
  if (kind === "boolean") return fallback === true ? `--no-${flag}` : `--${flag}`;
  if (kind === "document") return `--${flag} <json|file|->`;
  return `--${flag} <${kind === "list" ? "a,b" : kind === "choice" ? "word" : kind}>`;
}

function describe({ description, choices, required, default: fallback, kind, fromFile }: Field): string {
  const plainDefault =
    fallback !== undefined && typeof fallback !== "object" && kind !== "boolean"
      ? `default ${String(fallback as string | number)}`
      : undefined;
  return [
    description,
    choices.length === 0 ? undefined : `one of ${choices.join(", ")}`,
    kind === "list" ? "repeat it, or join by commas" : undefined,
    fromFile && kind === "text" ? "@file reads a file, - standard input" : undefined,
    required ? "required" : plainDefault,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(0, ...rows.map(([name]) => name.length)));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd() + "\n").join("");
}

function quote(text: string): string {
  return /^[\w@./:,=<>-]+$/.test(text) && !/[<>]/.test(text)
    ? text
    : text.startsWith("<")
      ? text
      : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
