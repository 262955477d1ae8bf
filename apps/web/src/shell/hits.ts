import { searchAll } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";

export type Hit = OutputOf<typeof searchAll>["items"][number];

export interface HitGroup {
  readonly label: string;
  readonly hits: readonly Hit[];
}

const LABELS: Readonly<Record<Hit["kind"], string>> = {
  entity: "Catalogue",
  person: "People and teams",
  operation: "API operations",
  path: "Golden paths",
  doc: "Documentation",
};
/** Of one sort, so many: the others are to be seen too. */
const MOST_OF_A_SORT = 8;

/** What was found, sort by sort, the sort of the best first. Golden paths that are offered already are left out. */
export function groupHits(hits: readonly Hit[], offered: ReadonlySet<string> = new Set()): HitGroup[] {
  const groups = new Map<Hit["kind"], Hit[]>();
  for (const hit of hits) {
    if (hit.kind === "path" && offered.has(hit.ref.slice(hit.ref.indexOf("/") + 1))) continue;
    const group = groups.get(hit.kind) ?? [];
    if (group.length < MOST_OF_A_SORT) groups.set(hit.kind, [...group, hit]);
  }
  return [...groups].map(([kind, some]) => ({ label: LABELS[kind], hits: some }));
}

/** Where on the entity's page the hit is. */
export function placeOf({ kind, page }: Hit): { readonly tab?: string; readonly page?: string } {
  if (kind === "doc") return { tab: "docs", ...(page !== undefined && { page }) };
  return kind === "operation" ? { tab: "api" } : {};
}

/** A text in pieces, each marked or not. */
export function piecesOf(text: string, marks: readonly (readonly [from: number, to: number])[]): { text: string; marked: boolean }[] {
  const pieces: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    if (to > from) pieces.push({ text: text.slice(from, to), marked: true });
    at = Math.max(at, to);
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}
