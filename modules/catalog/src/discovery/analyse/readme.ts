import type { Analyser, ReadmeFinding } from "../finding.ts";
import { lineAt, present, shortText } from "./text.ts";

/** `README.md`: its title and its first paragraph. */
export const readme: Analyser = {
  name: "README",
  matches: (_, base) => /^readme\.(?:md|markdown|rst|txt)$/i.test(base),
  read({ path: file, dir, text }) {
    const plain = text.replaceAll(/<!--.*?-->/gs, (comment) => "\n".repeat(comment.split("\n").length - 1));
    const heading = /^#\s+(.+?)\s*#*\s*$|^([^\s#<[!|=-].{0,100})\n(?:={3,})\s*$/m.exec(plain);
    const rest = heading ? plain.slice(heading.index + heading[0].length) : plain;
    const paragraph = rest
      .split(/\n\s*\n/)
      .find((block) => /^[A-Za-z*_`"'„“(]/.test(block.trim()) && !/^(?:[-*]\s|\d+\.\s)/.test(block.trim()));
    const found: ReadmeFinding = {
      type: "readme",
      file,
      line: heading ? lineAt(plain, heading.index + 1) : 1,
      dir,
      ...present({ title: shortText(words(heading?.[1] ?? heading?.[2] ?? ""), 100), description: shortText(words(paragraph ?? "")) }),
    };
    return [found];
  },
};

/** Markdown's marks taken off: pictures go, links keep their words. */
function words(markdown: string): string {
  return markdown
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/<[^>]{1,200}>/g, "")
    .replaceAll(/[*_`]{1,3}/g, "")
    .trim();
}
