import { useState, type ReactNode } from "react";

import classes from "./diff.module.css";

export interface DiffFile {
  readonly path: string;
  readonly status: "added" | "changed" | "deleted" | "renamed";
  readonly was?: string | undefined;
  readonly added: number;
  readonly removed: number;
  readonly patch?: string | undefined;
  /** What to know about this file before reading it. */
  readonly note?: ReactNode;
}

/** Longer differences are opened by who wants to read them. */
const SHOWN_LINES = 400;

/** Files with what is different in them, one under the other. */
export function Diff({ files }: { readonly files: readonly DiffFile[] }): ReactNode {
  return (
    <div className={classes.files}>
      {files.map((file) => (
        <File key={file.path} file={file} />
      ))}
    </div>
  );
}

function File({ file: { path, status, was, added, removed, patch, note } }: { readonly file: DiffFile }): ReactNode {
  const lines = linesOf(patch ?? "");
  const [isOpen, setOpen] = useState(lines.length <= SHOWN_LINES);
  return (
    <section className={classes.file} aria-label={path}>
      <button type="button" className={classes.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={classes.path}>{was === undefined ? path : `${was} → ${path}`}</span>
        <span className="rb-dim">{status}</span>
        <span data-state="ok">+{added}</span>
        <span data-state="fail">−{removed}</span>
      </button>
      {note !== undefined && <div className={classes.note}>{note}</div>}
      {isOpen &&
        (lines.length === 0 ? (
          <p className={classes.empty}>{status === "renamed" ? "Only its name is different." : "No text, or too long to be shown."}</p>
        ) : (
          <div className={classes.scroll}>
            <table className={classes.lines}>
              <tbody>
                {lines.map(({ kind, left, right, text }, index) => (
                  <tr key={index} data-kind={kind}>
                    <td className={classes.number}>{left}</td>
                    <td className={classes.number}>{right}</td>
                    <td className={classes.text}>{text}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ))}
    </section>
  );
}

export interface DiffLine {
  readonly kind: "hunk" | "same" | "added" | "removed" | "mark";
  readonly left?: number;
  readonly right?: number;
  readonly text: string;
}

/** The lines of a unified patch with their numbers on both sides; lines that mark a conflict stand out. */
export function linesOf(patch: string): DiffLine[] {
  let [left, right] = [0, 0];
  return patch
    .replace(/\n$/, "")
    .split("\n")
    .flatMap((line): DiffLine[] => {
      const [, from, to] = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line) ?? [];
      if (from !== undefined && to !== undefined) {
        [left, right] = [Number(from), Number(to)];
        return [{ kind: "hunk", text: line }];
      }
      const text = line.slice(1);
      if (line.startsWith("-")) return [{ kind: "removed", left: left++, text }];
      if (line.startsWith("+")) return [{ kind: /^(<{7}|={7}|>{7}|\|{7})( |$)/.test(text) ? "mark" : "added", right: right++, text }];
      if (line.startsWith(" ")) return [{ kind: "same", left: left++, right: right++, text }];
      return line.startsWith("\\") ? [{ kind: "hunk", text: line.slice(2) }] : [];
    });
}
