import { examine, InvalidError, toProblem, type Problem } from "@roadbed/core";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";

const MAX_BYTES = 64 * 1_024;

/** Reads a file of a repository by its schema. Throws `InvalidError`; each problem says on which line. */
export function readYaml<S extends z.ZodType>(schema: S, file: string, text: string): z.output<S> {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new InvalidError(`${file} is larger than ${MAX_BYTES} bytes.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (line: number): string => `${file}:${line}`;
  const syntax = document.errors.map((error): Problem => ({ at: place(lines.linePos(error.pos[0]).line), reason: error.message }));
  if (syntax.length > 0) throw invalid(file, syntax);
  const { value, faults } = examine(schema, plain(document, file));
  if (faults === undefined) return value as z.output<S>;
  throw invalid(
    file,
    faults.map((fault) => {
      const path = fault.path.filter((part) => typeof part !== "symbol");
      const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
      const line = node?.range === undefined ? 1 : lines.linePos(node.range[0]).line;
      return { ...toProblem(fault), at: place(line), reason: [path.join("."), fault.reason].filter(Boolean).join(": ") };
    }),
  );
}

function plain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    throw invalid(file, [{ at: `${file}:1`, reason: (error as Error).message }]);
  }
}

function invalid(file: string, problems: readonly Problem[]): InvalidError {
  const words = problems.map(({ at, reason }) => `${at}: ${reason}`).join("; ");
  return new InvalidError(`${file} cannot be used. ${words}`, { problems, mend: "Correct the file and push again." });
}
