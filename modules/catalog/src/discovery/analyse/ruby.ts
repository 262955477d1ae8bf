import type { Analyser, PackageFinding } from "../finding.ts";
import { nameOfDir } from "./npm.ts";
import { matchLines, present } from "./text.ts";

/** `Gemfile`: gems, and whether one of them is a web server. */
export const gemfile: Analyser = {
  name: "Gemfile",
  matches: (_, base) => base === "Gemfile",
  read({ path: file, dir, text }) {
    const dependencies = [...matchLines(text, /^\s*gem\s+["']([\w.-]+)["']/)].map(({ line, match }) => ({ name: match[1]!, line }));
    if (dependencies.length === 0) return [];
    const server = dependencies.find(({ name }) => /^(?:rails|sinatra|puma|grape|hanami|roda|sidekiq|unicorn)$/.test(name));
    const found: PackageFinding = {
      type: "package",
      file,
      line: 1,
      dir,
      ecosystem: "ruby",
      name: nameOfDir(dir),
      ...(server ? { runs: { file, line: server.line, says: `Gemfile needs ${server.name}` } } : {}),
      people: [],
      dependencies,
    };
    return [found];
  },
};

/** `*.gemspec`: a gem that others build on. */
export const gemspec: Analyser = {
  name: "gemspec",
  matches: (_, base) => base.endsWith(".gemspec"),
  read({ path: file, dir, base, text }) {
    const [name] = matchLines(text, /\.name\s*=\s*["']([\w.-]+)["']/);
    const [summary] = matchLines(text, /\.summary\s*=\s*["']([^"']+)["']/);
    const email = [...matchLines(text, /\.email\s*=\s*\[?\s*["']([^"']+@[^"']+)["']/)][0];
    if (!name) return [];
    const found: PackageFinding = {
      type: "package",
      file,
      line: name.line,
      dir,
      ecosystem: "ruby",
      name: name.match[1]!,
      ...present({ description: summary?.match[1] }),
      published: { file, line: name.line, says: `${base} builds a gem` },
      people: email ? [{ email: email.match[1]!.toLowerCase(), line: email.line }] : [],
      dependencies: [...matchLines(text, /\.add_(?:runtime_)?dependency\s*\(?\s*["']([\w.-]+)["']/)].map(({ line, match }) => ({
        name: match[1]!,
        line,
      })),
    };
    return [found];
  },
};
