import type { Analyser, PackageFinding } from "../finding.ts";
import { matchLines, present } from "./text.ts";

/** `mix.exs`: Elixir's project, read line by line. */
export const mix: Analyser = {
  name: "mix.exs",
  matches: (_, base) => base === "mix.exs",
  read({ path: file, dir, text }) {
    const [app] = matchLines(text, /\bapp:\s*:(\w+)/);
    const [umbrella] = matchLines(text, /\bapps_path:/);
    const [mod] = matchLines(text, /\bmod:\s*\{/);
    const [packaged] = matchLines(text, /\bpackage:\s/);
    const [description] = matchLines(text, /\bdescription:\s*"([^"]+)"/);
    if (!app) return [];
    const dependencies = [...matchLines(text, /^\s*\{:(\w+),/)].map(({ line, match }) => ({ name: match[1]!, line }));
    const phoenix = dependencies.find(({ name }) => name === "phoenix" || name === "plug_cowboy" || name === "bandit");
    const found: PackageFinding = {
      type: "package",
      file,
      line: app.line,
      dir,
      ecosystem: "mix",
      name: app.match[1]!,
      ...present({ description: description?.match[1] }),
      ...(umbrella ? { root: true } : {}),
      ...(phoenix
        ? { runs: { file, line: phoenix.line, says: `mix.exs needs ${phoenix.name}` } }
        : mod
          ? { runs: { file, line: mod.line, says: "mix.exs starts an application" } }
          : {}),
      ...(packaged ? { published: { file, line: packaged.line, says: "mix.exs builds a package" } } : {}),
      people: [],
      dependencies,
    };
    return [found];
  },
};
