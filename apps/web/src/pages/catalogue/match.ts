import type { EntityRow } from "@roadbed/contracts/catalog";

/** True when every word occurs in name, title, description, owner, type or tags: the quick look before the server's. */
export function matchesText(row: EntityRow, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const hay = [row.ref, row.title, row.description, row.owner, row.type, ...row.tags].join(" ").toLowerCase();
  return words.every((word) => hay.includes(word));
}
