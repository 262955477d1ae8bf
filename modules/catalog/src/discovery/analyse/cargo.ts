import { parse } from "smol-toml";

import type { Analyser, PackageFinding } from "../finding.ts";
import { escape } from "./npm.ts";
import { isRecord, lineMatching, listOf, personIn, present, shortText, textOf } from "./text.ts";

const SERVERS = /^(?:axum|actix-web|rocket|warp|tonic|hyper|poem|salvo)$/;

/** `Cargo.toml`: a crate, or a workspace that only holds crates together. */
export const cargo: Analyser = {
  name: "Cargo.toml",
  matches: (_, base) => base === "Cargo.toml",
  read({ path: file, dir, text }) {
    const toml = parse(text);
    if (!isRecord(toml.package)) return [];
    const crate = toml.package;
    const name = textOf(crate.name);
    if (name === undefined) return [];
    const dependencies = Object.keys(isRecord(toml.dependencies) ? toml.dependencies : {}).map((one) => ({
      name: one,
      line: lineMatching(text, new RegExp(`^(?:\\[dependencies\\.)?${escape(one)}\\b`, "m")),
    }));
    const server = dependencies.find((one) => SERVERS.test(one.name));
    const place = (pattern: RegExp): { file: string; line: number } => ({ file, line: lineMatching(text, pattern) });
    const found: PackageFinding = {
      type: "package",
      ...place(/^name\s*=/m),
      dir,
      ecosystem: "cargo",
      name,
      ...present({ version: textOf(crate.version), description: shortText(textOf(crate.description)) }),
      ...(server
        ? { runs: { file, line: server.line, says: `Cargo.toml needs ${server.name}` } }
        : toml.bin !== undefined
          ? { runs: { ...place(/^\[\[bin\]\]/m), says: "Cargo.toml builds a program" } }
          : {}),
      ...(toml.lib !== undefined && crate.publish !== false
        ? { published: { ...place(/^\[lib\]/m), says: "Cargo.toml builds a library" } }
        : {}),
      people: listOf(crate.authors).flatMap((one) => {
        const person = personIn(textOf(one) ?? "");
        return person.email === undefined ? [] : [{ ...person, line: lineMatching(text, /^authors\s*=/m) }];
      }),
      dependencies,
    };
    return [found];
  },
};

/** `src/main.rs`: the crate above it is a program. */
export const cargoMain: Analyser = {
  name: "main.rs",
  matches: (path) => /(?:^|\/)src\/main\.rs$/.test(path),
  read({ path: file, dir, text }) {
    if (!/\bfn\s+main\s*\(/.test(text)) return [];
    const line = lineMatching(text, /\bfn\s+main\s*\(/);
    const found: PackageFinding = {
      type: "package",
      file,
      line,
      dir: dir.replace(/(?:^|\/)src$/, ""),
      ecosystem: "cargo",
      name: "",
      runs: { file, line, says: "src/main.rs is a program" },
      people: [],
      dependencies: [],
    };
    return [found];
  },
};
