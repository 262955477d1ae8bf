/** A stretch of a page: plain Markdown, or one of the blocks that MkDocs and GitHub add to it. */
export type Block =
  | { readonly kind: "markdown"; readonly text: string }
  | {
      readonly kind: "admonition";
      readonly type: string;
      readonly title: string;
      /** Undefined: always open; else whether it is open at first. */
      readonly folded: boolean | undefined;
      readonly blocks: readonly Block[];
    }
  | { readonly kind: "tabs"; readonly tabs: readonly { readonly title: string; readonly blocks: readonly Block[] }[] };

/**
 * Splits a page at `!!! note "Title"`, `??? note` (folded), `=== "Tab"` with what is indented below them, and at `> [!NOTE]`. What
 * stands in code stays as it is. Attribute lists (`{: .class }`) and icons (`:material-x:`) have no meaning here and are left out.
 */
export function blocksOf(text: string, depth = 0): readonly Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let plain: string[] = [];
  let fence: string | undefined;
  const flush = (): void => {
    if (plain.some((line) => line.trim() !== "")) blocks.push({ kind: "markdown", text: plain.join("\n") });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    fence = fenceAfter(fence, line);
    const begun = fence === undefined && depth < DEEPEST ? begin(lines, at) : undefined;
    if (begun === undefined) {
      plain.push(fence === undefined ? withoutMarks(line) : line);
      at++;
      continue;
    }
    flush();
    add(blocks, begun, depth);
    at = begun.end;
  }
  flush();
  return blocks;
}

/** Blocks inside blocks are followed so far. */
const DEEPEST = 5;

interface Begun {
  readonly sort: "admonition" | "tab";
  readonly type: string;
  readonly title: string;
  readonly folded: boolean | undefined;
  readonly inside: string;
  /** The first line that is no longer part of it. */
  readonly end: number;
}

function begin(lines: readonly string[], at: number): Begun | undefined {
  const line = lines[at]!;
  const [, mark, type = "", rest = ""] = /^(!!!|\?\?\?\+?)[ \t]+([\w-]+)[^"\n]*(.*)$/.exec(line) ?? [];
  if (mark !== undefined) {
    const { inside, end } = indented(lines, at + 1);
    const folded = mark === "!!!" ? undefined : mark === "???";
    return { sort: "admonition", type: type.toLowerCase(), title: quoted(rest) ?? inWords(type), folded, inside, end };
  }
  const tab = /^===!?[ \t]+"([^"]*)"/.exec(line)?.[1];
  if (tab !== undefined) return { sort: "tab", type: "", title: tab, folded: undefined, ...indented(lines, at + 1) };
  const alert = /^>[ \t]*\[!(\w+)\][ \t]*$/.exec(line)?.[1];
  return alert === undefined
    ? undefined
    : { sort: "admonition", type: alert.toLowerCase(), title: inWords(alert), folded: undefined, ...quotedLines(lines, at + 1) };
}

/** What is indented by four columns below a line, blank lines included. */
function indented(lines: readonly string[], from: number): { readonly inside: string; readonly end: number } {
  let end = from;
  while (end < lines.length && (/^(?: {4}|\t)/.test(lines[end]!) || (lines[end]!.trim() === "" && continues(lines, end)))) end++;
  const inside = lines.slice(from, end).map((line) => line.replace(/^(?: {4}|\t)/, ""));
  return { inside: inside.join("\n"), end };
}

function continues(lines: readonly string[], at: number): boolean {
  const next = lines.slice(at).find((line) => line.trim() !== "");
  return next !== undefined && /^(?: {4}|\t)/.test(next);
}

function quotedLines(lines: readonly string[], from: number): { readonly inside: string; readonly end: number } {
  let end = from;
  while (end < lines.length && lines[end]!.startsWith(">")) end++;
  const inside = lines.slice(from, end).map((line) => line.replace(/^> ?/, ""));
  return { inside: inside.join("\n"), end };
}

/** Tabs that follow each other are one set. */
function add(blocks: Block[], { sort, type, title, folded, inside }: Begun, depth: number): void {
  const inner = blocksOf(inside, depth + 1);
  if (sort === "admonition") {
    blocks.push({ kind: "admonition", type, title, folded, blocks: inner });
    return;
  }
  const last = blocks.at(-1);
  if (last?.kind === "tabs") blocks[blocks.length - 1] = { kind: "tabs", tabs: [...last.tabs, { title, blocks: inner }] };
  else blocks.push({ kind: "tabs", tabs: [{ title, blocks: inner }] });
}

function fenceAfter(fence: string | undefined, line: string): string | undefined {
  const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
  if (mark === undefined) return fence;
  if (fence === undefined) return mark;
  return mark[0] === fence[0] && mark.length >= fence.length ? undefined : fence;
}

function withoutMarks(line: string): string {
  return line.replaceAll(/(?:(?<=\S)|^)[ \t]*\{:[^}]*\}/g, "").replaceAll(/:(?:material|octicons|fontawesome|simple)-[\w-]+:/g, "");
}

function quoted(text: string): string | undefined {
  return /^"([^"]*)"/.exec(text)?.[1];
}

function inWords(type: string): string {
  return type.charAt(0).toUpperCase() + type.slice(1).toLowerCase();
}

/** Definitions of links (`[x]: address`): they count in the whole page, whichever block they stand in. */
export function definitionsIn(text: string): string {
  return text.match(/^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S+.*$/gm)?.join("\n") ?? "";
}
