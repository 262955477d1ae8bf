import { InvalidError, UnauthenticatedError, type Operation } from "@roadbed/core";
import { createClient, type CallOptions, type Client } from "@roadbed/face-client";

import type { Command } from "../command/commands.ts";
import { describeFields, type Field } from "../command/fields.ts";
import { globalFlags } from "../command/global-flags.ts";
import { parseLine } from "../command/parse-line.ts";
import { readValues } from "../command/read-values.ts";
import { findServer } from "../credentials/find-server.ts";
import { EXIT } from "../output/exit-code.ts";
import { renderLine, renderOutput } from "../output/print-output.ts";
import { paintFor } from "../output/text.ts";
import type { Session } from "../run-cli.ts";
import { checkInput, nameFlags } from "./check-input.ts";

const WAIT_SECONDS = 1_800;

type Flags = ReadonlyMap<string, readonly string[]>;
type Input = Readonly<Record<string, unknown>>;

/** One operation from the line to its exit code. */
export async function runCommand(session: Session, command: Command, argv: readonly string[]): Promise<number> {
  const { operation, positional } = command;
  const fields = describeFields(operation);
  const { given } = parseLine(argv, fields, positional, globalFlags(operation));
  const input = await readValues(fields, positional, given, session);
  checkInput(operation, fields, positional, input);
  try {
    return await answer(session, command.operation, input, given);
  } catch (error) {
    throw asLine(error, fields, positional);
  }
}

/** The server's error in the words of the command line: fields are flags, and signing in is a command. */
function asLine(error: unknown, fields: readonly Field[], positional: readonly string[]): unknown {
  if (error instanceof UnauthenticatedError) {
    const mend = "roadbed login keeps a token; --token or ROADBED_TOKEN gives one for this call. Tokens are made under Settings → Tokens.";
    return new UnauthenticatedError(error.message, { mend });
  }
  if (!(error instanceof InvalidError) || error.problems.length === 0) return error;
  const problems = error.problems.map((problem) => nameFlags(problem, fields, positional));
  return new InvalidError(error.message, { problems, ...(error.mend === undefined ? {} : { mend: error.mend }) });
}

async function answer(session: Session, operation: Operation, input: Input, given: Flags): Promise<number> {
  const client = await openClient(session, given);
  if (operation.cli?.text !== undefined && !given.has("json"))
    return printText(session, client, operation, operation.cli.text, input, given);
  if (given.has("follow") && operation.follow !== undefined) return follow(session, client, operation, input, given);

  const started = await callOnce(session, client, operation, input, given);
  const waited = given.has("wait") ? await wait(session, client, operation, started, given) : undefined;
  const { of, answer: output } = waited ?? { of: operation, answer: started };
  if (of.cli?.writes !== undefined && !given.has("json")) return writeFiles(session, of, input, output as Input);
  await print(session, of, output, given);
  return of.cli?.exitCode?.(output) ?? EXIT.ok;
}

/** The files of the answer, into a folder where the person stands. */
async function writeFiles({ stdout }: Session, operation: Operation, input: Input, output: Input): Promise<number> {
  const { writeFolder } = await import("../command/folder.ts");
  const folder = String(input[operation.cli?.positional?.[0] ?? ""]);
  const written = await writeFolder(folder, output[operation.cli?.writes ?? ""] as { path: string; text: string }[]);
  stdout.write(`${written.join("\n")}\n`);
  return EXIT.ok;
}

async function openClient({ env, localTokenFiles = [], makeClient = createClient }: Session, given: Flags): Promise<Client> {
  const server = await findServer({ url: given.get("url")?.at(-1), token: given.get("token")?.at(-1), env, localTokenFiles });
  return makeClient({ ...server, face: "cli" });
}

async function callOnce({ signal }: Session, client: Client, operation: Operation, input: Input, given: Flags): Promise<unknown> {
  const reason = given.get("reason")?.at(-1);
  const idempotencyKey = given.get("idempotency-key")?.at(-1);
  const options: CallOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(reason === undefined ? {} : { reason }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  if (!given.has("all")) return client.call(operation, input, options);
  const { readAll } = await import("./read-all.ts");
  return readAll(client, operation, input, options);
}

async function wait(
  session: Session,
  client: Client,
  operation: Operation,
  started: unknown,
  given: Flags,
): Promise<{ of: Operation; answer: unknown }> {
  const of = session.operations.find(({ name }) => name === operation.cli?.waitFor);
  if (!of) throw new InvalidError(`${operation.name} cannot be waited for.`, { mend: "Leave out --wait." });
  const { waitFor } = await import("./wait-for.ts");
  const { stderr, env, signal } = session;
  const progress = given.has("json") ? undefined : { output: stderr, paint: paintFor(stderr, env) };
  return { of, answer: await waitFor({ client, read: of, started, seconds: readSeconds(given), signal, progress }) };
}

function readSeconds(given: Flags): number {
  const word = given.get("timeout")?.at(-1);
  const seconds = word === undefined ? WAIT_SECONDS : Number(word);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidError("The command line does not fit.", {
    problems: [{ at: "--timeout", reason: `"${word}" is not a number of seconds`, mend: "Give a number above 0, e.g. 600." }],
  });
}

/** A text as it is, page after page, so that it can be sent into a file. */
async function printText(
  session: Session,
  client: Client,
  operation: Operation,
  field: string,
  input: Input,
  given: Flags,
): Promise<number> {
  for (let cursor: unknown = input["cursor"]; ;) {
    const page = (await callOnce(session, client, operation, cursor === undefined ? input : { ...input, cursor }, given)) as Input;
    session.stdout.write(String(page[field]));
    cursor = page["nextCursor"];
    if (cursor === undefined) return EXIT.ok;
  }
}

/** Rows as they come: one line each, as JSON for programs. */
async function follow(
  { stdout, paint, signal }: Session,
  client: Client,
  operation: Operation,
  input: Input,
  given: Flags,
): Promise<number> {
  const { followRows } = await import("./follow.ts");
  for await (const row of followRows(client, operation, input, signal)) {
    stdout.write(given.has("json") ? `${JSON.stringify(row)}\n` : renderLine(operation, row, paint));
  }
  return EXIT.ok;
}

async function print({ stdout, paint }: Session, operation: Operation, answer: unknown, given: Flags): Promise<void> {
  stdout.write(given.has("json") ? `${JSON.stringify(answer, null, 2)}\n` : await renderOutput(operation, answer, stdout, paint));
}
