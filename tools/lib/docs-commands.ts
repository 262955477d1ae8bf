import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { allOperations } from "@roadbed/contracts/all";

import { localCommands } from "../../apps/cli/src/local-commands.ts";
import { USAGE } from "../../apps/server/src/options.ts";
import { toCommands } from "../../faces/cli/src/command/commands.ts";
import { describeFields } from "../../faces/cli/src/command/fields.ts";
import { globalFlags } from "../../faces/cli/src/command/global-flags.ts";

/** What is wrong with a command that the documentation shows: an unknown word, an unknown flag. Empty when nothing is. */
export function checkCommand(root: string, line: string): string[] {
  const words = splitWords(line.replace(/\s+#.*$/, "").replace(/\s+[|>&].*$/, ""));
  if (words[0] === "npm") return checkNpm(root, words.slice(1));
  return checkRoadbed(words.slice(words[0] === "npx" ? 2 : 1));
}

/** Commands that the command line has without an operation (faces/cli/src/run-cli.ts). */
const BUILT_IN = ["check", "login", "logout", "completion", "help", "version"];
const commands = toCommands(allOperations);
const locals = localCommands.map(({ words }) => words);

function checkRoadbed(words: readonly string[]): string[] {
  const [first = "", second = ""] = words;
  if (first === "" || first === "..." || first.startsWith("-") || BUILT_IN.includes(first)) return [];
  if (locals.includes(first) || locals.includes(`${first} ${second}`)) return [];
  // `roadbed path list|show|preview|run` stands for four commands.
  const alternatives = second.split("|").map((verb) => `${first} ${verb}`);
  const found = alternatives.map((name) => commands.find(({ words }) => words === name) ?? commands.find(({ words }) => words === first));
  return alternatives.flatMap((name, i) => {
    const command = found[i];
    if (!command) return [`there is no command roadbed ${name}`];
    const known = new Set([
      ...describeFields(command.operation).flatMap(({ flag }) => [`--${flag}`, `--no-${flag}`]),
      ...globalFlags(command.operation).flatMap(({ flag, short }) => [`--${flag}`, `-${short}`]),
    ]);
    return flagsIn(words)
      .filter((flag) => !known.has(flag))
      .map((flag) => `roadbed ${command.words} has no flag ${flag}`);
  });
}

function checkNpm(root: string, [script = "", name = "", ...rest]: readonly string[]): string[] {
  const scripts = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }).scripts;
  const wanted = script === "run" ? name : script;
  if (scripts[wanted] === undefined) return [`there is no npm run ${wanted}`];
  if (wanted === "start") {
    return flagsIn(rest)
      .filter((flag) => flag !== "--help" && !USAGE.includes(`${flag} `))
      .map((flag) => `npm start has no flag ${flag}`);
  }
  const bench = wanted === "bench" ? rest.filter((word) => /^[a-z]/.test(word)) : [];
  return bench
    .flatMap((each) => each.split("|"))
    .filter((each) => !existsSync(join(root, "bench", `${each}.ts`)))
    .map((each) => `there is no bench ${each}`);
}

function flagsIn(words: readonly string[]): string[] {
  return words.filter((word) => /^--?[a-zA-Z]/.test(word)).map((word) => word.split("=")[0] ?? word);
}

/** Words as a shell would see them, quotes taken off. */
function splitWords(line: string): string[] {
  return (line.match(/"[^"]*"|'[^']*'|[^\s]+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}
