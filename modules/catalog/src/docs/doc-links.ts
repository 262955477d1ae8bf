/** A link or picture in a page of Markdown. */
export interface DocReference {
  readonly target: string;
  readonly line: number;
  readonly picture: boolean;
}

/** Inline links and pictures, and definitions of links; what stands in code is none. */
export function referencesIn(markdown: string): DocReference[] {
  const found: DocReference[] = [];
  withoutCode(markdown)
    .split("\n")
    .forEach((text, at) => {
      for (const [, target] of text.matchAll(PICTURE)) found.push({ target: unwrap(target!), line: at + 1, picture: true });
      // A picture can be the text of a link.
      for (const [, target] of text.replaceAll(PICTURE, "").matchAll(LINK))
        found.push({ target: unwrap(target!), line: at + 1, picture: false });
      const [, defined] = DEFINITION.exec(text) ?? [];
      if (defined !== undefined) found.push({ target: unwrap(defined), line: at + 1, picture: false });
    });
  return found;
}

const PICTURE = /!\[[^\][]*\]\(\s*(<[^>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)[^()]*\)/g;
const LINK = /\[(?:[^\][]|\[[^\][]*\])*\]\(\s*(<[^>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)/g;
const DEFINITION = /^ {0,3}\[(?!\^)[^\]]+\]:\s*(<[^>]*>|\S+)/;

function unwrap(target: string): string {
  return target.replace(/^<(.*)>$/, "$1");
}

/** The anchors of a page: its headings as GitHub and MkDocs name them, and those it sets itself. */
export function anchorsIn(markdown: string, slugOf: (heading: string) => string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const times = new Map<string, number>();
  for (const [, heading] of withoutCode(markdown).matchAll(/^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$/gm)) {
    const own = /\{[^}]*#([\w-]+)[^}]*\}\s*$/.exec(heading!)?.[1];
    const slug = slugOf(
      heading!
        .replace(/\s*\{[^}]*\}\s*$/, "")
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replaceAll("`", ""),
    );
    const before = times.get(slug) ?? 0;
    times.set(slug, before + 1);
    for (const anchor of [own, before === 0 ? slug : `${slug}-${before}`, before === 0 ? slug : `${slug}_${before}`]) {
      if (anchor !== undefined) anchors.add(squeezed(anchor));
    }
  }
  for (const [, id] of markdown.matchAll(/\b(?:id|name)=["']([\w-]+)["']/g)) anchors.add(squeezed(id!));
  return anchors;
}

/** The two ways of naming differ in how many dashes they leave. */
export function squeezed(anchor: string): string {
  return anchor.toLowerCase().replaceAll(/-+/g, "-").replaceAll(/^-|-$/g, "");
}

/** The same text with all code blanked out, line by line. */
function withoutCode(markdown: string): string {
  let fence: string | undefined;
  return markdown
    .split("\n")
    .map((line) => {
      const [, mark] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
      if (fence !== undefined) {
        if (mark !== undefined && mark[0] === fence[0] && mark.length >= fence.length) fence = undefined;
        return "";
      }
      if (mark !== undefined) {
        fence = mark;
        return "";
      }
      return line.replaceAll(/(`+)(?!`)(?:(?!\1).)+\1(?!`)/g, "");
    })
    .join("\n");
}
