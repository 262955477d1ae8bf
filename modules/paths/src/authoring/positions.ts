import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from "yaml";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text, and where in it each value stands. */
export interface Located {
  readonly document: Document;
  /** What makes it no YAML. */
  readonly faults: readonly (Position & { readonly message: string })[];
  /** Where the value at a path stands; of what is not there, the nearest thing around it. `key`: the name itself. */
  at(path: readonly (string | number)[], key?: boolean): Position;
}

export function locate(text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return {
    document,
    faults: document.errors.map(({ message, pos }) => ({ message, ...position(pos[0]) })),
    at(path, key = false) {
      let node: unknown = document.contents;
      let offset = offsetOf(node);
      for (const [index, part] of path.entries()) {
        const next = childOf(node, part);
        if (next === undefined) break;
        node = next.value;
        offset = (key && index === path.length - 1 ? offsetOf(next.key) : undefined) ?? offsetOf(node) ?? offsetOf(next.key) ?? offset;
      }
      return position(offset);
    },
  };
}

function childOf(node: unknown, part: string | number): { key: unknown; value: unknown } | undefined {
  if (isAlias(node)) return undefined;
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? undefined : { key: value, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item): item is Pair => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
