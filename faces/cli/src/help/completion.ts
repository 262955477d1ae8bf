import { InvalidError } from "@roadbed/core";

import type { Command } from "../command/commands.ts";
import { describeFields } from "../command/fields.ts";
import { globalFlags } from "../command/global-flags.ts";

/** A script that makes the shell ask `roadbed __complete` for what may come next. */
export function completionScript(shell: string | undefined): string {
  const script = SCRIPTS[shell ?? ""];
  if (script !== undefined) return script;
  throw new InvalidError("Name the shell.", {
    problems: [{ at: "<shell>", reason: `is none of ${Object.keys(SCRIPTS).join(", ")}`, mend: "For example: roadbed completion bash" }],
  });
}

/** The words that may stand where the last one of `line` is being typed; `line` begins after `roadbed`. */
export function complete(line: readonly string[], commands: readonly Command[], localWords: readonly string[]): string[] {
  const typed = line.at(-1) ?? "";
  const before = line.slice(0, -1);
  const words = before.filter((word) => !word.startsWith("-"));
  const all = [...commands.map(({ words: known }) => known), ...localWords];
  const command = commands.find(({ words: known }) => words.join(" ") === known || words.join(" ").startsWith(`${known} `));
  if (command) return completeFlags(command, before.at(-1), typed);
  const depth = words.length;
  const candidates = all
    .map((known) => known.split(" "))
    .filter((known) => words.every((word, index) => known[index] === word) && known.length > depth)
    .map((known) => known[depth] ?? "");
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(typed)).toSorted();
}

function completeFlags({ operation }: Command, previous: string | undefined, typed: string): string[] {
  const fields = describeFields(operation);
  const open = fields.find(({ flag, kind }) => previous === `--${flag}` && kind !== "boolean");
  if (open) return open.choices.filter((choice) => choice.startsWith(typed));
  const flags = [...fields.map(({ flag }) => flag), ...globalFlags(operation).map(({ flag }) => flag)].map((flag) => `--${flag}`);
  return flags.filter((flag) => flag.startsWith(typed));
}

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# Add to ~/.bashrc: source <(roadbed completion bash)
_roadbed() {
  local IFS=$'\\n'
  COMPREPLY=($(roadbed __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _roadbed roadbed
`,
  zsh: `#compdef roadbed
# Add to ~/.zshrc: source <(roadbed completion zsh)
_roadbed() {
  local -a candidates
  candidates=(\${(f)"$(roadbed __complete "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)"})
  if (( \${#candidates} )); then compadd -a candidates; else _files; fi
}
compdef _roadbed roadbed
`,
  fish: `# Add to ~/.config/fish/config.fish: roadbed completion fish | source
complete -c roadbed -f -a '(roadbed __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};
