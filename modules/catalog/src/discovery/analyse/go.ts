import type { Analyser, PackageFinding } from "../finding.ts";
import { matchLines } from "./text.ts";

/** `go.mod`: the module's path and what it requires itself. */
export const goModule: Analyser = {
  name: "go.mod",
  matches: (_, base) => base === "go.mod",
  read({ path: file, dir, text }) {
    const [module] = matchLines(text, /^module\s+"?([^\s"]+)"?/);
    if (!module) return [];
    const dependencies = [...matchLines(text, /^(?:require\s+|\s+)([\w.-]+\.[\w.-]+\/\S+)\s+v\S+(?!.*\/\/\s*indirect)/)].map(
      ({ line, match }) => ({
        name: match[1]!,
        line,
      }),
    );
    const server = dependencies.find(({ name }) => /gin-gonic\/gin|labstack\/echo|go-chi\/chi|gofiber\/fiber|gorilla\/mux/.test(name));
    const found: PackageFinding = {
      type: "package",
      file,
      line: module.line,
      dir,
      ecosystem: "go",
      name: module.match[1]!,
      ...(server ? { runs: { file, line: server.line, says: `go.mod requires ${server.name}, a web server` } } : {}),
      people: [],
      dependencies,
    };
    return [found];
  },
};

/** `package main` in `main.go`, at the root or below `cmd/`: a program. */
export const goMain: Analyser = {
  name: "main.go",
  matches: (path, base) => base === "main.go" && /^(?:.*\/)?(?:cmd\/[^/]+\/)?main\.go$/.test(path),
  read({ path: file, dir, text }) {
    const [main] = matchLines(text, /^package\s+main\b/);
    if (!main) return [];
    const command = /(?:^|\/)cmd\/([^/]+)$/.exec(dir)?.[1];
    const says = command === undefined ? "main.go is a program" : `cmd/${command} is a program`;
    // Where the module is: a command stands below it.
    const home = command === undefined ? dir : dir.replace(/(?:^|\/)cmd\/[^/]+$/, "");
    const found: PackageFinding = {
      type: "package",
      file,
      line: main.line,
      dir: home,
      ecosystem: "go",
      name: "",
      runs: { file, line: main.line, says },
      people: [],
      dependencies: [],
    };
    return [found];
  },
};
