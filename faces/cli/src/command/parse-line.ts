import { closestWord, InvalidError, type Problem } from "@roadbed/core";

import type { Field } from "./fields.ts";

/** What stood on the line: for each flag the words given to it, in order. A boolean's word is `true` or `false`. */
export interface ParsedLine {
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** A flag of the command line itself, not of an operation. */
export interface GlobalFlag {
  readonly flag: string;
  readonly short?: string;
  readonly takesValue: boolean;
  /** The placeholder in help, e.g. `<url>`. */
  readonly value?: string;
  readonly help: string;
}

interface KnownFlag {
  readonly flag: string;
  readonly takesValue: boolean;
}

/** Reads flags and positions; throws one `InvalidError` that names everything that is wrong with the line. */
export function parseLine(
  argv: readonly string[],
  fields: readonly Field[],
  positional: readonly string[],
  globals: readonly GlobalFlag[],
): ParsedLine {
  const flags = knownFlags(fields, globals);
  const places = positional.map((name) => fields.find((field) => field.name === name)?.flag ?? name);
  const given = new Map<string, string[]>();
  const problems: Problem[] = [];
  const give = (flag: string, value: string): void => void given.set(flag, [...(given.get(flag) ?? []), value]);
  let place = 0;

  for (let i = 0; i < argv.length; i++) {
    const token = argv[i] ?? "";
    if (token === "--") {
      for (const word of argv.slice(i + 1)) placeWord(word);
      break;
    }
    if (!token.startsWith("-") || token === "-") placeWord(token);
    else i += takeFlag(token, argv[i + 1]);
  }
  if (problems.length > 0) throw new InvalidError("The command line does not fit.", { problems });
  return { given };

  function placeWord(word: string): void {
    const flag = places[place++];
    if (flag === undefined)
      problems.push({
        at: word,
        reason: "is one word too many",
        mend: "Put words with spaces between quotes, and values after their flag.",
      });
    else give(flag, word);
  }

  /** Returns how many further words it used up. */
  function takeFlag(token: string, next: string | undefined): 0 | 1 {
    const [name, inline] = splitOnce(token, "=");
    const known = flags.get(name);
    if (!known) {
      problems.push(unknownFlag(name, flags));
      // What follows was most likely meant for it: one mistake is told once.
      return inline === undefined && next !== undefined && !next.startsWith("-") ? 1 : 0;
    }
    if (!known.takesValue) {
      give(known.flag, name.startsWith("--no-") ? "false" : (inline ?? "true"));
      return 0;
    }
    if (inline !== undefined) give(known.flag, inline);
    else if (next === undefined || next.startsWith("--"))
      problems.push({ at: name, reason: "needs a value", mend: `Give it behind the flag, or as ${name}=<value>.` });
    else {
      give(known.flag, next);
      return 1;
    }
    return 0;
  }
}

function knownFlags(fields: readonly Field[], globals: readonly GlobalFlag[]): Map<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const { flag, kind } of fields) {
    known.set(`--${flag}`, { flag, takesValue: kind !== "boolean" });
    if (kind === "boolean") known.set(`--no-${flag}`, { flag, takesValue: false });
  }
  // The command's own flags win, and are told first.
  for (const { flag, short, takesValue } of globals) {
    if (known.has(`--${flag}`)) continue;
    known.set(`--${flag}`, { flag, takesValue });
    if (short !== undefined) known.set(`-${short}`, { flag, takesValue });
  }
  return known;
}

function unknownFlag(name: string, flags: ReadonlyMap<string, KnownFlag>): Problem {
  const near = closestWord(name, flags.keys());
  const own = [...flags.keys()].filter((flag) => flag.startsWith("--") && !flag.startsWith("--no-"));
  const list = own.length > 16 ? "Add --help to see the flags." : `The flags are ${own.join(", ")}.`;
  return { at: name, reason: "is not a known flag", mend: near === undefined ? list : `Did you mean ${near}?` };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
