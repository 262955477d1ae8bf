import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";

import { closestWord, explainJson, InvalidError, type Problem } from "@roadbed/core";

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
  positional: readonly string[],
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
      problems.push(...error.problems.map((one) => (positional.includes(field.name) ? { ...one, at: `<${field.flag}>` } : one)));
    }
  }
  if (problems.length > 0) throw new InvalidError("The command line does not fit.", { problems });
  return values;
}

async function readValue(field: Field, words: readonly string[], sources: ValueSources): Promise<unknown> {
  if (field.kind === "list") return words.flatMap((word) => word.split(",")).map((word) => readScalar(field, word.trim()));
  const [word = "", second] = words;
  if (second !== undefined) throw problem(field, "is given twice", "Give it once.");
  if (field.folder) {
    const { readFolder } = await import("./folder.ts");
    return readFolder(word, (reason, mend) => problem(field, reason, mend));
  }
  if (field.kind === "value") return readAny(field, word, sources);
  if (field.kind === "document") return readDocument(field, word, sources);
  if (field.fromFile && word === "-") return (await sources.readStdin()).replace(/\r?\n$/, "");
  if (field.fromFile && word.startsWith("@")) return readText(field, word.slice(1));
  if (field.file) return readText(field, word);
  if (field.path) return toAbsolute(field, word);
  return readScalar(field, word);
}

/** The server stands in another folder. What is not here may be an address, or a whole path on the server's machine. */
function toAbsolute(field: Field, word: string): string {
  const isAddress = word.includes(":");
  if (!isAddress && existsSync(word)) return resolve(word);
  if (isAddress || isAbsolute(word)) return word;
  throw problem(
    field,
    `there is no file or folder ${resolve(word)}`,
    "Name one that is there, or give an address, e.g. https://example.com/team/catalog.git.",
  );
}

function readScalar(field: Field, word: string): unknown {
  if (field.choices.length > 0 && !field.choices.includes(word) && !field.takesOther(word)) {
    const near = closestWord(word, field.choices);
    throw problem(field, `"${word}" is none of ${field.choices.join(", ")}`, near === undefined ? undefined : `Did you mean ${near}?`);
  }
  if (field.kind === "boolean") return readBoolean(field, word);
  if (field.kind !== "number" && !field.numeric) return word;
  const number = Number(word);
  if (word === "" || !Number.isFinite(number)) throw problem(field, `"${word}" is not a number`, "Give a number, e.g. 10.");
  return number;
}

function readBoolean(field: Field, word: string): boolean {
  if (["true", "yes", "1"].includes(word)) return true;
  if (["false", "no", "0"].includes(word)) return false;
  throw problem(field, `"${word}" is neither true nor false`, `Give --${field.flag} or --no-${field.flag}.`);
}

/** `{...}` in place, `-` for standard input, else the name of a file, with or without `@`. */
async function readDocument(field: Field, word: string, sources: ValueSources): Promise<unknown> {
  if (/^\s*[[{]/.test(word)) return parseDocument(field, word, "the value given", sources);
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
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw problem(
      field,
      `cannot read ${resolve(file)}: ${UNREADABLE[code] ?? message}`,
      "Name a file, give - for standard input, or give the value in place.",
    );
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};

async function parseDocument(field: Field, text: string, origin: string, { parseYaml }: ValueSources): Promise<unknown> {
  const isYaml = parseYaml !== undefined && /\.ya?ml$/i.test(origin);
  try {
    return isYaml ? await parseYaml(text) : (JSON.parse(text) as unknown);
  } catch (error) {
    if (!isYaml)
      throw problem(
        field,
        `${origin} is not valid JSON: ${explainJson(text)}`,
        "Mend it there, or give YAML in a file that ends with .yaml.",
      );
    const isMany = (error as { code?: string }).code === "MULTIPLE_DOCS";
    const why = isMany ? "it holds several documents" : ((error as Error).message.split("\n", 1)[0] ?? "").replace(/:$/, "");
    throw problem(
      field,
      `${origin} is not valid YAML: ${why}`,
      isMany ? "Give one document." : "Mend it there; indentation and quotes are most often to blame.",
    );
  }
}

function problem(field: Field, reason: string, mend?: string): InvalidError {
  return new InvalidError(`--${field.flag}: ${reason}`, {
    problems: [{ at: `--${field.flag}`, reason, ...(mend === undefined ? {} : { mend }) }],
  });
}
