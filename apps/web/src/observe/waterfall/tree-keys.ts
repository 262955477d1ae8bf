import type { KeyboardEvent } from "react";

import type { TreeRow } from "./span-tree.ts";

interface Tree {
  /** The rows that are open to sight, in order. */
  readonly shown: readonly TreeRow[];
  readonly selected: string | undefined;
  readonly closed: ReadonlySet<string>;
  readonly select: (spanId: string) => void;
  readonly toggle: (spanId: string, open: boolean) => void;
}

/** The keys of a tree: up and down between rows, right opens or goes in, left closes or goes out. */
export function treeKeys({ shown, selected, closed, select, toggle }: Tree): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = shown.findIndex(({ span }) => span.spanId === selected);
    const row = shown[index];
    const go = (to: number): void => {
      const target = shown[Math.min(shown.length - 1, Math.max(0, to))];
      if (target !== undefined) select(target.span.spanId);
    };
    switch (event.key) {
      case "ArrowDown":
        go(index + 1);
        break;
      case "ArrowUp":
        go(index - 1);
        break;
      case "PageDown":
        go(index + PAGE);
        break;
      case "PageUp":
        go(index - PAGE);
        break;
      case "Home":
        go(0);
        break;
      case "End":
        go(shown.length - 1);
        break;
      case "ArrowRight":
        if (row === undefined || row.below === 0) break;
        if (closed.has(row.span.spanId)) toggle(row.span.spanId, true);
        else go(index + 1);
        break;
      case "ArrowLeft":
        if (row === undefined) break;
        if (row.below > 0 && !closed.has(row.span.spanId)) toggle(row.span.spanId, false);
        else if (row.parent !== undefined) select(row.parent);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
}

const PAGE = 15;
