import { posix } from "node:path";

import type { Analyser, ImageFinding } from "../finding.ts";

/** A Dockerfile, of any number of stages: what its last stage stands on, its ports, and what it copies in. */
export const dockerfile: Analyser = {
  name: "Dockerfile",
  matches: (_, base) => /^(?:Dockerfile|Containerfile)(?:\.(?!md$|ya?ml$|txt$)[\w-]+)?$|\.[Dd]ockerfile$/.test(base),
  read({ path: file, dir, text }) {
    const stages: { base: string; name?: string; line: number; ports: number[]; copies: string[] }[] = [];
    for (const { line, words, keyword } of instructions(text)) {
      const rest = words.filter((word) => !word.startsWith("--"));
      if (keyword === "FROM" && rest[0] !== undefined) {
        const name = rest[1]?.toUpperCase() === "AS" ? rest[2] : undefined;
        stages.push({ base: rest[0], ...(name === undefined ? {} : { name }), line, ports: [], copies: [] });
      }
      const stage = stages.at(-1);
      if (keyword === "EXPOSE")
        stage?.ports.push(...rest.map((word) => Number.parseInt(word, 10)).filter((port) => port > 0 && port < 65_536));
      if ((keyword === "COPY" || keyword === "ADD") && !words.some((word) => word.startsWith("--from=")))
        stage?.copies.push(...rest.slice(0, -1));
    }
    const last = stages.at(-1);
    if (!last) return [];
    const found: ImageFinding = {
      type: "image",
      file,
      line: last.line,
      dir,
      base: resolveBase(last.base, stages),
      ports: [...new Set(last.ports)].sort((a, b) => a - b),
      stages: stages.length,
      copies: [...new Set(stages.flatMap(({ copies }) => copies))]
        .map((path) => posix.normalize(path).replace(/^\/+|\/+$/g, ""))
        .filter((path) => path !== "." && path !== "" && !path.startsWith("..") && !path.includes("*"))
        .sort()
        .slice(0, 50),
    };
    return [found];
  },
};

/** `FROM builder` means what `builder` stands on. */
function resolveBase(base: string, stages: readonly { readonly base: string; readonly name?: string }[]): string {
  let found = base;
  for (let step = 0; step < stages.length; step++) {
    const named = stages.find(({ name }) => name !== undefined && name.toLowerCase() === found.toLowerCase());
    if (!named || named.base === found) return found;
    found = named.base;
  }
  return found;
}

/** Lines that end in a backslash go on; comments do not. */
function* instructions(text: string): Generator<{ line: number; keyword: string; words: string[] }> {
  let [begun, start] = ["", 0];
  let line = 0;
  for (const row of text.split(/\r?\n/)) {
    line++;
    if (/^\s*#/.test(row) || (begun === "" && row.trim() === "")) continue;
    if (begun === "") start = line;
    begun += ` ${row.replace(/\\\s*$/, "")}`;
    if (/\\\s*$/.test(row)) continue;
    const [keyword = "", ...words] = begun.trim().split(/\s+/);
    yield {
      line: start,
      keyword: keyword.toUpperCase(),
      words: words[0]?.startsWith("[") ? words.map((word) => word.replaceAll(/[[\]",]/g, "")) : words,
    };
    begun = "";
  }
}
