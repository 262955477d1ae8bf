import { closestWord, type Operation } from "@roadbed/core";

/** What a person types after `roadbed` for an operation. */
export interface Command {
  /** One or two words: `entity get`, `import`. */
  readonly words: string;
  readonly operation: Operation;
  /** Input fields given by position, in order. */
  readonly positional: readonly string[];
}

/** `catalog.entity.get` reads `entity get`: the module is left out, unless the operation names its command itself. */
export function toCommands(operations: readonly Operation[]): Command[] {
  return operations.map((operation) => ({
    words: operation.cli?.command ?? operation.name.split(".").slice(1).join(" "),
    operation,
    positional: operation.cli?.positional ?? [...operation.http.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name),
  }));
}

/** The words of a command line and what stands around them. */
export interface FoundWords {
  readonly words: readonly string[];
  /** The rest of the line, without the words. */
  readonly rest: readonly string[];
}

/** Takes the first `count` bare words out of the line; `--url X` and the like may stand before them. */
export function takeWords(argv: readonly string[], count: number, valueFlags: ReadonlySet<string>): FoundWords {
  const words: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i] ?? "";
    if (token === "--" || words.length === count) return { words, rest: [...rest, ...argv.slice(i)] };
    if (!token.startsWith("-")) {
      words.push(token);
      continue;
    }
    rest.push(token);
    if (valueFlags.has(token) && i + 1 < argv.length) rest.push(argv[++i] ?? "");
  }
  return { words, rest };
}

/** What to say to words that name no command: the one that was probably meant, or those of the noun. */
export function suggestCommand(words: readonly string[], commands: readonly string[]): string {
  const [noun = "", verb = ""] = words;
  const nouns = new Set(commands.map((command) => command.split(" ", 1)[0] ?? ""));
  const likelyNoun = nouns.has(noun)
    ? noun
    : (closestWord(noun, nouns) ?? [...nouns].find((each) => `${each.replace(/y$/, "ie")}s` === noun));
  if (likelyNoun === undefined) return "roadbed help lists them all.";
  const verbs = commands.filter((command) => command.startsWith(`${likelyNoun} `)).map((command) => command.slice(likelyNoun.length + 1));
  if (verbs.length === 0 || verb === "") return `Did you mean roadbed ${likelyNoun}?`;
  const likelyVerb = verbs.includes(verb) ? verb : closestWord(verb, verbs);
  return likelyVerb === undefined
    ? `roadbed ${likelyNoun} knows ${verbs.join(", ")}.`
    : `Did you mean roadbed ${likelyNoun} ${likelyVerb}?`;
}
