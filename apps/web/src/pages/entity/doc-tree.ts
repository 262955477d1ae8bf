interface PageLine {
  readonly path: string;
  readonly title: string;
  readonly section: readonly string[];
}

/** A line of the navigation: a section's title, or a page, so many levels in. */
export type NavLine =
  | { readonly kind: "section"; readonly title: string; readonly level: number; readonly key: string }
  | { readonly kind: "page"; readonly title: string; readonly level: number; readonly path: string };

/** Pages in their order, with the titles of sections before the first page of each. With `words`, only pages that have them in their title or section. */
export function navOf(pages: readonly PageLine[], words = ""): readonly NavLine[] {
  const lines: NavLine[] = [];
  let open: readonly string[] = [];
  for (const { path, title, section } of pages) {
    if (!matches([title, ...section].join(" "), words)) continue;
    const shared = section.findIndex((name, at) => open[at] !== name);
    const from = shared < 0 ? section.length : shared;
    for (let level = from; level < section.length; level++) {
      lines.push({ kind: "section", title: section[level]!, level, key: section.slice(0, level + 1).join("/") });
    }
    open = section;
    lines.push({ kind: "page", title, level: section.length, path });
  }
  return lines;
}

function matches(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
