type DocLink =
  | { readonly kind: "page"; readonly path: string }
  | { readonly kind: "inside"; readonly href: string }
  | { readonly kind: "anchor" | "outside" | "dead" };

/** Where a link in a documentation page leads: another page of it, a page of ours, out, or nowhere. */
export function linkOf(href: string, from: string, pages: readonly string[]): DocLink {
  if (href.startsWith("#")) return { kind: "anchor" };
  if (/^https?:|^mailto:/i.test(href)) return { kind: "outside" };
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(href)) return { kind: "dead" };
  if (href.startsWith("/")) return { kind: "inside", href };
  const target = resolvePath(href.replace(/[#?].*$/, ""), from);
  const found = [target, `${target}.md`, `${target}/index.md`, `${target}index.md`].find((path) => pages.includes(path));
  return found === undefined ? { kind: "dead" } : { kind: "page", path: found };
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

/** The path of something named in the page `from`, relative to the folder of the documentation. */
export function resolvePath(href: string, from: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of href.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
