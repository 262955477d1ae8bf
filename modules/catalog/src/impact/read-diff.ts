import { InvalidError } from "@roadbed/core";

/** One file of a unified diff. */
export interface FileChange {
  /** Path before; undefined for a new file. */
  readonly before: string | undefined;
  /** Path after; undefined for a removed one. */
  readonly after: string | undefined;
  /** Numbers of the lines before that are removed, or next to which something was added. */
  readonly oldLines: readonly number[];
  readonly lines: readonly DiffLine[];
}

export interface DiffLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
  /** Of the file before: its own number, or that of the line after which it is added. */
  readonly old: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const MOST_FILES = 5_000;

/** Reads a unified diff as `git diff` and `diff -u` write it. Throws `InvalidError` where it is none. */
export function readDiff(text: string): FileChange[] {
  const files: (FileChange & { oldLines: number[]; lines: DiffLine[] })[] = [];
  const lines = text.split(/\r?\n/);
  let before: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.startsWith("--- ")) before = pathOf(line);
    else if (line.startsWith("+++ ")) {
      files.push({ before, after: pathOf(line), oldLines: [], lines: [] });
      if (files.length > MOST_FILES) throw new InvalidError(`The diff touches more than ${MOST_FILES} files.`);
    } else if (line.startsWith("@@")) at = readHunk(lines, at, files.at(-1));
  }
  if (files.length > 0) return files;
  throw new InvalidError("This is no unified diff: no line begins with +++.", {
    mend: "Send the output of git diff or diff -u.",
    problems: [{ at: "diff", reason: "is no unified diff" }],
  });
}

/** Answers the index of the hunk's last line. */
function readHunk(
  lines: readonly string[],
  at: number,
  file: { readonly oldLines: number[]; readonly lines: DiffLine[] } | undefined,
): number {
  const head = HUNK.exec(lines[at]!);
  if (!head || !file) {
    throw new InvalidError(`Line ${at + 1} of the diff is no head of a hunk that belongs to a file.`, {
      problems: [{ at: "diff", reason: `line ${at + 1}: not understood` }],
    });
  }
  let old = Number(head[1]);
  let [oldLeft, newLeft] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
  let next = at + 1;
  for (; next < lines.length && (oldLeft > 0 || newLeft > 0); next++) {
    const line = lines[next]!;
    if (line.startsWith("\\")) continue;
    if (line.startsWith("-")) {
      file.oldLines.push(old);
      file.lines.push({ sign: "-", text: line.slice(1), old: old++ });
      oldLeft--;
    } else if (line.startsWith("+")) {
      // Between the line before and the one after: it belongs to the document of the line before.
      file.oldLines.push(Math.max(1, old - 1));
      file.lines.push({ sign: "+", text: line.slice(1), old: Math.max(1, old - 1) });
      newLeft--;
    } else {
      file.lines.push({ sign: " ", text: line.slice(1), old: old++ });
      oldLeft--;
      newLeft--;
    }
  }
  return next - 1;
}

/** The path without `a/`, `b/` and a time stamp; undefined for `/dev/null`. */
function pathOf(line: string): string | undefined {
  const raw = line
    .slice(4)
    .split("\t")[0]!
    .trim()
    .replace(/^"(.*)"$/, "$1");
  return raw === "/dev/null" ? undefined : raw.replace(/^[abciwo]\//, "");
}
