import { InvalidError, type Operation } from "@roadbed/core";
import { createClient, type Client, type ClientOptions } from "@roadbed/face-client";

import { runCommand } from "./call/run-command.ts";
import { suggestCommand, takeWords, toCommands, type Command } from "./command/commands.ts";
import { EVERYWHERE, VALUE_FLAGS } from "./command/global-flags.ts";
import { parseLine } from "./command/parse-line.ts";
import { helpForAll, helpForCommand, helpForNoun } from "./help/help.ts";
import { EXIT, exitCodeOf } from "./output/exit-code.ts";
import { renderError, toProblemJson } from "./output/print-error.ts";
import { paintFor, type Output, type Paint } from "./output/text.ts";

/** The process around the command line. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<unknown> & {
    readonly isTTY?: boolean | undefined;
    readonly setRawMode?: ((on: boolean) => unknown) | undefined;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A command that is not an operation: it works on this machine (sign-in, back-up). */
export interface LocalCommand {
  /** One or two words, e.g. `backup`. */
  readonly words: string;
  readonly summary: string;
  /** What follows the words, e.g. `<file> [--data <dir>]`. */
  readonly usage?: string;
  /** Resolves with the exit code; a thrown error is told as any other. */
  readonly run: (invocation: LocalInvocation) => Promise<number>;
}

export interface LocalInvocation {
  readonly io: CliIo & { readonly readStdin: () => Promise<string> };
  /** What stood after the command's words, global flags included. */
  readonly argv: readonly string[];
  readonly flags: { readonly json: boolean; readonly url: string | undefined; readonly token: string | undefined };
  readonly localTokenFiles: readonly string[];
  readonly makeClient: (options: ClientOptions) => Client;
}

export interface RunCliOptions extends CliIo {
  /** Without the name of the program. */
  readonly argv: readonly string[];
  readonly operations: readonly Operation[];
  readonly localCommands?: readonly LocalCommand[];
  /** Where a server on this machine leaves its token. */
  readonly localTokenFiles?: readonly string[];
  readonly version?: string;
  readonly makeClient?: (options: ClientOptions) => Client;
  readonly parseYaml?: (text: string) => Promise<unknown>;
  /** Aborts when the person presses Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** What every part of the command line needs while it runs. */
export interface Session extends RunCliOptions {
  readonly commands: readonly Command[];
  readonly locals: readonly LocalCommand[];
  readonly paint: Paint;
  readonly readStdin: () => Promise<string>;
}

/** Runs one command line and resolves with its exit code; writes answers to stdout and everything else to stderr. */
export async function runCli(options: RunCliOptions): Promise<number> {
  const session: Session = {
    ...options,
    commands: toCommands(options.operations),
    locals: [...(options.localCommands ?? []), ...BUILT_IN],
    paint: paintFor(options.stdout, options.env),
    readStdin: () => readAllText(options.stdin),
  };
  try {
    return await dispatch(session);
  } catch (error) {
    options.stderr.write(renderError(error, paintFor(options.stderr, options.env)));
    if (options.argv.includes("--json")) options.stderr.write(`${toProblemJson(error)}\n`);
    return options.signal?.aborted === true ? EXIT.interrupted : exitCodeOf(error);
  }
}

async function dispatch(session: Session): Promise<number> {
  const { argv, commands, locals } = session;
  if (argv[0] === "__complete") return printCompletions(session);
  for (const count of [2, 1]) {
    const { words, rest } = takeWords(argv, count, VALUE_FLAGS);
    const line = words.join(" ");
    const command = commands.find((each) => each.words === line);
    if (command) return wantsHelp(rest) ? printHelp(session, helpForCommand(command)) : runCommand(session, command, rest);
    const local = locals.find((each) => each.words === line);
    if (local) return runLocal(session, local, rest);
  }
  return helpOrSuggest(session);
}

async function runLocal(session: Session, local: LocalCommand, argv: readonly string[]): Promise<number> {
  const { stdout, stderr, stdin, env, readStdin, localTokenFiles = [], makeClient = createClient } = session;
  if (wantsHelp(argv) && local.words !== "help") {
    return printHelp(session, `${local.summary}\n\nUsage: ${["roadbed", local.words, local.usage ?? ""].join(" ").trimEnd()}\n`);
  }
  if (local.words === "help") return helpOrSuggest({ ...session, argv: [...argv, "--help"] });
  if (local.words === "completion") return printCompletionScript(session, argv[0]);
  if (local.words === "version") {
    stdout.write(`${session.version ?? "0"}\n`);
    return EXIT.ok;
  }
  const at = (flag: string): string | undefined => valueOf(argv, flag);
  return local.run({
    io: { stdout, stderr, stdin, env, readStdin },
    argv,
    flags: { json: argv.includes("--json"), url: at("--url"), token: at("--token") },
    localTokenFiles,
    makeClient,
  });
}

/** No command fits: help when it was asked for or nothing was said, else what was probably meant. */
function helpOrSuggest(session: Session): number {
  const { argv, commands, locals, paint } = session;
  const { words } = takeWords(argv, 2, VALUE_FLAGS);
  const [noun = ""] = words;
  const known = [...commands.map((command) => ({ words: command.words, summary: command.operation.summary })), ...locals];
  if (wantsVersion(argv)) return printHelp(session, `${session.version ?? "0"}\n`);
  if (words.length === 0) {
    parseLine(argv, [], [], EVERYWHERE);
    return printHelp(session, helpForAll(known, paint));
  }
  const command = commands.find((each) => each.words === words.join(" ")) ?? commands.find((each) => each.words === noun);
  if (command && wantsHelp(argv)) return printHelp(session, helpForCommand(command));
  const isNoun = known.some((each) => each.words.startsWith(`${noun} `));
  if (isNoun && wantsHelp(argv)) return printHelp(session, helpForNoun(noun, known));
  if (isNoun && words.length === 1) {
    session.stderr.write(helpForNoun(noun, known));
    return EXIT.invalid;
  }
  throw new InvalidError(`There is no command "${words.join(" ")}".`, {
    mend: suggestCommand(
      words,
      known.map((each) => each.words),
    ),
  });
}

function printHelp({ stdout }: Session, text: string): number {
  stdout.write(text);
  return EXIT.ok;
}

async function printCompletionScript({ stdout }: Session, shell: string | undefined): Promise<number> {
  const { completionScript } = await import("./help/completion.ts");
  stdout.write(completionScript(shell));
  return EXIT.ok;
}

async function printCompletions({ stdout, argv, commands, locals }: Session): Promise<number> {
  const { complete } = await import("./help/completion.ts");
  stdout.write(
    complete(
      argv.slice(1),
      commands,
      locals.map(({ words }) => words),
    )
      .map((word) => `${word}\n`)
      .join(""),
  );
  return EXIT.ok;
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => word === "--help" || word === "-h");
}

function wantsVersion(argv: readonly string[]): boolean {
  return argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v");
}

function valueOf(argv: readonly string[], flag: string): string | undefined {
  const inline = argv.find((word) => word.startsWith(`${flag}=`));
  if (inline !== undefined) return inline.slice(flag.length + 1);
  const at = argv.indexOf(flag);
  return at === -1 ? undefined : argv[at + 1];
}

async function readAllText(stdin: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stdin) text += String(chunk);
  return text;
}

const CHECK_USAGE = [
  "[--base <ref>] [--head <ref>] [--folder <dir>] [--before <dir> --after <dir>] [--plan <file>]",
  "             [--format text|markdown|sarif|github|gitlab|json] [--output <file>] [--publish github|gitlab]",
  "",
  "  --base     what it is compared with: a branch, tag or commit (the default branch of the remote)",
  "  --head     the commit to judge (the files as they stand in the folder)",
  "  --before, --after   two folders instead of Git: what a renderer made of both sides",
  "  --plan     a Terraform plan instead, as `terraform show -json` writes it",
  "  --publish  write it into the pull or merge request of this pipeline: one comment that is edited, at GitHub a check as well",
  "",
  "Exit code: 0 nothing stops it, 1 it is denied, 2 it could not be judged.",
].join("\n");

const BUILT_IN: readonly LocalCommand[] = [
  {
    words: "login",
    summary: "Keep an access token for a server.",
    usage: "[--url <url>] [--token <token>]",
    run: async (invocation) => (await import("./credentials/login.ts")).login(invocation),
  },
  {
    words: "logout",
    summary: "Forget the kept token of a server.",
    usage: "[--url <url>]",
    run: async (invocation) => (await import("./credentials/login.ts")).logout(invocation),
  },
  {
    words: "check",
    summary: "Judge what a Git change would bring, as its pull request would be: only what it introduces stops it.",
    usage: CHECK_USAGE,
    run: async (invocation) => (await import("./check/check.ts")).check(invocation),
  },
  { words: "completion", summary: "Print the completion script of a shell.", usage: "bash|zsh|fish", run: async () => EXIT.ok },
  { words: "help", summary: "Show help.", usage: "[<noun> [<verb>]]", run: async () => EXIT.ok },
  { words: "version", summary: "Show the version.", run: async () => EXIT.ok },
];
