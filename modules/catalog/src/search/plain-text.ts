/** Markdown without its marks, for searching and for excerpts; at most 30,000 characters. */
export function plainText(markdown: string): string {
  return markdown
    .slice(0, 30_000)
    .replaceAll(/^---\n[\s\S]{0,5000}?\n---\n/g, "")
    .replaceAll(/!?\[([^\]\n]{0,300})\]\([^)\n]{0,1000}\)/g, "$1")
    .replaceAll(/<[^>\n]{0,500}>/g, " ")
    .replaceAll(/[`*_#>|~]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The part of a text around the first of some words, cut at spaces. */
export function excerptOf(text: string, words: readonly string[], length = 160): string {
  const lower = text.toLowerCase();
  const hits = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...(hits.length > 0 ? hits : [0])) - 40);
  const start = from === 0 ? 0 : text.indexOf(" ", from) + 1;
  const cut = text.slice(start, start + length);
  return `${start > 0 ? "… " : ""}${cut.trim()}${start + length < text.length ? " …" : ""}`;
}
