import { MAX_DOCUMENT_BYTES, tooLarge, type Document, type Parsed } from "./document.ts";

/** Parses a JSON file that holds one entity or a list of them. Lines of fields are not known: all point to the first. */
export function* parseJson(text: string): Generator<Parsed> {
  try {
    const value = JSON.parse(text) as unknown;
    for (const item of Array.isArray(value) ? value : [value]) yield { document: documentOf(item, 1) };
  } catch (error) {
    yield unreadable(error, 1);
  }
}

/** Parses a file with one JSON entity per line. A broken line spoils no other. */
export function* parseNdjson(text: string): Generator<Parsed> {
  let line = 0;
  for (let start = 0; start < text.length;) {
    line++;
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end - start > MAX_DOCUMENT_BYTES) yield tooLarge(line, end - start);
    else yield* parseLine(text.slice(start, end), line);
    start = end + 1;
  }
}

function* parseLine(text: string, line: number): Generator<Parsed> {
  if (text.trim() === "") return;
  try {
    yield { document: documentOf(JSON.parse(text) as unknown, line) };
  } catch (error) {
    yield unreadable(error, line);
  }
}

function documentOf(value: unknown, line: number): Document {
  return { value, line, lineOf: () => line };
}

function unreadable(error: unknown, line: number): Parsed {
  const reason = error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
  return { unreadable: { line, reason: `not JSON: ${reason}`, mend: "Correct the file, or write it as YAML." } };
}
