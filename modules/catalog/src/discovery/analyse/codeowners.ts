import type { Analyser, CodeownersFinding } from "../finding.ts";
import { escape } from "./npm.ts";

/** In the order in which hosts look for it; the first that is there counts. */
export const CODEOWNERS_PLACES = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

export const codeowners: Analyser = {
  name: "CODEOWNERS",
  matches: (path) => CODEOWNERS_PLACES.includes(path),
  read({ path: file, text }) {
    const rules: CodeownersFinding["rules"][number][] = [];
    let sectionOwners: string[] = [];
    text.split(/\r?\n/).forEach((row, at) => {
      const line = row.replace(/(?:^|\s)#.*$/, "").trim();
      if (line === "") return;
      // GitLab's sections: `[Name][2] @owner` gives owners to the patterns below that name none.
      const [, section] = /^\^?\[[^\]]+\](?:\[\d+\])?\s*(.*)$/.exec(line) ?? [];
      if (section !== undefined) return void (sectionOwners = ownersIn(section.split(/\s+/)));
      const [pattern = "", ...rest] = line.split(/(?<!\\)\s+/);
      const owners = ownersIn(rest);
      rules.push({ pattern: pattern.replaceAll("\\ ", " "), owners: owners.length > 0 ? owners : sectionOwners, line: at + 1 });
    });
    return rules.length === 0 ? [] : [{ type: "codeowners", file, line: 1, rules: rules.slice(0, 2_000) }];
  },
};

function ownersIn(words: readonly string[]): string[] {
  return words.filter((word) => /^@[\w.-]+(?:\/[\w./-]+)*$|^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(word)).map((word) => word.toLowerCase());
}

export interface OwnerRule {
  readonly pattern: string;
  readonly owners: readonly string[];
  readonly line: number;
}

/** The rule for a folder or file: the last that matches. Undefined when none does; a rule without owners takes them away. */
export function ruleFor(rules: readonly OwnerRule[], path: string): OwnerRule | undefined {
  for (let at = rules.length - 1; at >= 0; at--) if (matchesPath(rules[at]!.pattern, path)) return rules[at];
  return undefined;
}

/** As in `.gitignore`: with a slash in it it begins at the root, else it may be anywhere; a folder takes in all below it. */
function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === "/" || pattern === "**" || pattern === "/**") return true;
  // The root as a whole belongs to whoever has everything, never to the owner of one file in it.
  if (path === "") return false;
  return toRegExp(pattern).test(path);
}

const compiled = new Map<string, RegExp>();

function toRegExp(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const body = pattern.replace(/\/$/, "").replace(/^\//, "");
  const anchored = pattern.startsWith("/") || body.includes("/");
  const glob = body
    .split("/")
    .map((part) => (part === "**" ? "**" : escape(part).replaceAll("\\*\\*", ".*").replaceAll("\\*", "[^/]*").replaceAll("\\?", "[^/]")))
    .join("/")
    .replaceAll("**/", "(?:.*/)?")
    .replaceAll("/**", "(?:/.*)?");
  // `docs/*` is for what lies right in it, so not for folders further down.
  const tail = body.endsWith("/*") ? "" : "(?:/.*)?";
  const made = new RegExp(`${anchored ? "^" : "(?:^|/)"}${glob}${tail}$`, "i");
  if (compiled.size > 5_000) compiled.clear();
  compiled.set(pattern, made);
  return made;
}
