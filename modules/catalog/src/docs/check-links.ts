import { posix } from "node:path";

import { linkOf, slugOf } from "@roadbed/contracts/doc-link";

import { anchorsIn, referencesIn, squeezed } from "./doc-links.ts";

/** Something in a page that leads nowhere. */
export interface DocProblem {
  readonly path: string;
  readonly line: number;
  readonly link: string;
  readonly reason: string;
  readonly mend: string;
}

const MOST_PROBLEMS = 500;

/**
 * Looks after every link and picture of a folder of documentation that stays inside its source. `hasFile` knows the other files of
 * the source, relative to the folder of the pages. Addresses elsewhere are not asked.
 */
export function checkLinks(
  pages: readonly { readonly path: string; readonly markdown: string }[],
  hasFile: (path: string) => boolean,
): DocProblem[] {
  const paths = pages.map(({ path }) => path);
  const anchors = new Map<string, ReadonlySet<string>>();
  const problems: DocProblem[] = [];
  for (const { path, markdown } of pages) {
    for (const { target, line, picture } of referencesIn(markdown)) {
      const fault = faultOf(target, path, picture);
      if (fault && problems.length < MOST_PROBLEMS) problems.push({ path, line, link: target.slice(0, 500), ...fault });
    }
  }
  return problems;

  function faultOf(target: string, from: string, picture: boolean): { reason: string; mend: string } | undefined {
    if (target === "") return { reason: "names nothing", mend: "Write where it leads, or remove it." };
    if (/^(?:https?|mailto|tel):/i.test(target) || target.startsWith("/")) return undefined;
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return { reason: "is of a scheme that is not followed", mend: "Use https or mailto." };
    const [file = "", anchor] = target.split("#", 2);
    if (file === "") return anchorFault(from, anchor ?? "");
    const link = linkOf(decode(file), from, paths);
    if (link.kind === "page") return anchor === undefined ? undefined : anchorFault(link.path, anchor);
    const inside = posix.normalize(posix.join(posix.dirname(from), decode(file.replace(/\?.*$/, ""))));
    if (hasFile(inside.replace(/\/$/, ""))) return undefined;
    return {
      reason: `there is no ${picture ? "picture" : "page or file"} ${inside}`,
      mend: `Correct the path: it is relative to ${from}.`,
    };
  }

  function anchorFault(path: string, anchor: string): { reason: string; mend: string } | undefined {
    if (anchor === "") return undefined;
    let known = anchors.get(path);
    if (!known) anchors.set(path, (known = anchorsIn(pages.find((page) => page.path === path)!.markdown, slugOf)));
    if (known.has(squeezed(decode(anchor)))) return undefined;
    const near = [...known].slice(0, 8).join(", ");
    return { reason: `${path} has no heading #${anchor}`, mend: near === "" ? "It has no headings." : `Its headings are ${near}.` };
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
