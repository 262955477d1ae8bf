import type { EntityRow } from "@roadbed/contracts/catalog";
import { parseSearchBox } from "@roadbed/contracts/catalog/search-box";

/**
 * True when every word and phrase occurs in name, title, description, owner, type or tags, and nothing that must not: the quick look
 * before the server's, which knows what filters ask.
 */
export function matchesText(row: EntityRow, text: string): boolean {
  const { words, phrases, without } = parseSearchBox(text.toLowerCase());
  const hay = [row.ref, row.title, row.description, row.owner, row.type, ...row.tags].join(" ").toLowerCase();
  return [...words, ...phrases].every((word) => hay.includes(word)) && !without.some((word) => hay.includes(word));
}
