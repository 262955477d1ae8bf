import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { closestWord, InvalidError, type Problem } from "@roadbed/core";

import type { Field } from "./fields.ts";

/** Where values come from besides the line itself. */
export interface ValueSources {
  /** All of standard input, as text. */
  readonly readStdin: () => Promise<string>;
  /** Reads YAML documents; without it only JSON is read. */
  readonly parseYaml?: (text: string) => Promise<unknown>;
}

/** Turns the words of the line into an operation's input. Throws one `InvalidError` for everything that does not fit. */
export async function readValues(
  fields: readonly Field[],
  given: ReadonlyMap<string, readonly string[]>,
  sources: ValueSources,
): Promise<Record<string, unknown>> {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const words = given.get(field.flag);
    if (words === undefined) continue;
    try {
      values[field.name] = await readValue(field, words, sources);
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new InvalidError("The command line does not fit.", { problems });
  return values;
}

async function readValue(field: Field, words: readonly string[], sources: ValueSources): Promise<unknown> {
  if (field.kind === "list") return words.flatMap((word) => word.split(",")).map((word) => readScalar(field, word.trim()));
  const [word = "", second] = words;
  if (second !== undefined) throw problem(field, "is given twice", "Give it once.");
  if (field.kind === "value") return readAny(field, word, sources);
  if (field.kind === "document") return readDocument(field, word, sources);
  if (field.fromFile && word === "-") return (await sources.readStdin()).replace(/\r?\n$/, "");
  if (field.fromFile && word.startsWith("@")) return readText(field, word.slice(1));
  if (field.path) return toAbsolute(word);
  return readScalar(field, word);
}

/** The server stands in another folder; what does not exist here is left as it is (an address, a folder of the server's). */
function toAbsolute(word: string): string {
  return !/^[a-z][a-z0-9+.-]*:/i.test(word) && existsSync(word) ? resolve(word) : word;
}

function readScalar(field: Field, word: string): unknown {
  if (field.choices.length > 0 && !field.choices.includes(word) && !field.takesOther(word)) {
    const near = closestWord(word, field.choices);
    throw problem(field, `"${word}" is none of ${field.choices.join(", ")}`, near === undefined ? undefined : `Did you mean ${near}?`);
  }
  if (field.kind === "boolean") return readBoolean(field, word);
  if (field.kind !== "number" && !field.numeric) return word;
  const number = Number(word);
  if (word === "" || !Number.isFinite(number)) throw problem(field, `"${word}" is not a number`);
  return number;
}

function readBoolean(field: Field, word: string): boolean {
  if (["true", "yes", "1"].includes(word)) return true;
  if (["false", "no", "0"].includes(word)) return false;
  throw problem(field, `"${word}" is neither true nor false`);
}

/** `{...}` in place, `-` for standard input, else the name of a file, with or without `@`. */
async function readDocument(field: Field, word: string, sources: ValueSources): Promise<unknown> {
  if (/^\s*[[{]/.test(word)) return parseDocument(field, word, "the command line", sources);
  if (word === "-") return parseDocument(field, await sources.readStdin(), "standard input", sources);
  const file = word.replace(/^@/, "");
  return parseDocument(field, await readText(field, file), file, sources);
}

/** JSON where it is JSON, `-` and `@file` as for documents, else the word itself. */
async function readAny(field: Field, word: string, sources: ValueSources): Promise<unknown> {
  if (word === "-" || word.startsWith("@")) return readDocument(field, word, sources);
  try {
    return JSON.parse(word) as unknown;
  } catch {
    return word;
  }
}

async function readText(field: Field, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw problem(
      field,
      `cannot read ${file}: ${missing ? "there is no such file" : (error as Error).message}`,
      "Name a file, or give the value in place.",
    );
  }
}

async function parseDocument(field: Field, text: string, origin: string, { parseYaml }: ValueSources): Promise<unknown> {
  try {
    if (parseYaml !== undefined && /\.ya?ml$/i.test(origin)) return await parseYaml(text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw problem(
      field,
      `${origin} cannot be read: ${(error as Error).message.split("\n", 1)[0] ?? ""}`,
      "Give valid JSON, or YAML in a file that ends with .yaml.",
    );
  }
}

function problem(field: Field, reason: string, mend?: string): InvalidError {
  return new InvalidError(`--${field.flag}: ${reason}`, {
    problems: [{ at: `--${field.flag}`, reason, ...(mend === undefined ? {} : { mend }) }],
  });
}
