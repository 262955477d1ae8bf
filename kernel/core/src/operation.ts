import type { z } from "zod";

import type { Call, Ctx } from "./ctx.ts";
import { ForbiddenError, InvalidError, UnauthenticatedError } from "./errors.ts";
import { parseInput } from "./input/examine.ts";

/** How much harm a mistake can do. `read` never writes and opens no transaction. */
export type Risk = "read" | "low" | "medium" | "high" | "destructive";

export interface HttpRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` for input fields that travel in the path, e.g. `/api/v1/runs/{id}/logs`. */
  readonly path: string;
}

/** What the command line adds to an operation: everything else is read off the schemas. */
export interface CliHints {
  /** Input fields given by position, in order. Default: the fields in the path. */
  readonly positional?: readonly string[];
  /** Input fields that may name a file or folder: what exists where the person stands is sent as an absolute path. */
  readonly paths?: readonly string[];
  /** Input fields that are the text of a file: the command line takes its name, with or without `@`, or `-`. */
  readonly files?: readonly string[];
  /** The input field (`path`, `base64`, `executable` each) that the files of a folder are sent as: the command line takes its name. */
  readonly folder?: string;
  /** The output field (`path` and `text` each) whose files the command line writes into a new folder, named like the first positional. */
  readonly writes?: string;
  /** Columns of the table for people, as dotted paths into one row. Default: all scalar fields. */
  readonly columns?: readonly string[];
  /** The field of the output that holds the rows. Default: `items`. */
  readonly rows?: string;
  /** What a list without rows means, in a sentence. Default: that nothing was found. */
  readonly empty?: string;
  /** The field of the output that is printed as it is, all pages one behind the other: a file to be kept. */
  readonly text?: string;
  /** The words after `roadbed`, where `noun verb` would read badly, e.g. `import`. */
  readonly command?: string;
  /** Name of the operation that reads what this one started (by `id`): gives the command `--wait`. */
  readonly waitFor?: string;
  /** The exit code for an answer that is not an error yet is not a success either, e.g. 3 for a denied preview. */
  readonly exitCode?: (output: any) => number;
}

/** A list that grows: calling again with `after` = the output's `next` gives what came since; `done` ends it. */
export interface Follow {
  readonly after: string;
  readonly next: string;
  readonly done: string;
}

/** The thing a call is about, for ownership rules. */
export interface ResourceRef {
  readonly kind: string;
  readonly id: string;
}

/** One thing the platform can do: the same words for HTTP, CLI, MCP, web and docs. */
export interface Operation<I = any, O = any> {
  /** `module.noun.verb`, e.g. `catalog.entity.get`. The CLI reads `roadbed noun verb`. */
  readonly name: string;
  /** One sentence, ending with a full stop. */
  readonly summary: string;
  /** `module:read`, `module:write` or `module:admin`. */
  readonly scope: string;
  readonly risk: Risk;
  readonly http: HttpRoute;
  readonly input: z.ZodType<I>;
  readonly output: z.ZodType<O>;
  readonly cli?: CliHints;
  readonly follow?: Follow;
  /** What the call is about; asked by `may` before anything runs. */
  readonly resource?: (input: I) => ResourceRef | undefined;
  /** True where no sign-in is asked for (sign-in itself). */
  readonly public?: boolean;
  /** Fields of the input that are secret: never audited, never logged. */
  readonly secrets?: readonly string[];
}

/** Keeps the schemas' exact types; a contract file reads `export const getEntity = defineOperation({...})`. */
export function defineOperation<IS extends z.ZodType, OS extends z.ZodType>(
  operation: Omit<Operation<z.output<IS>, z.output<OS>>, "input" | "output"> & { readonly input: IS; readonly output: OS },
): Operation<z.output<IS>, z.output<OS>> & { readonly input: IS; readonly output: OS } {
  return Object.freeze(operation) as never;
}

export type InputOf<T> = T extends { readonly input: infer S extends z.ZodType } ? z.input<S> : never;
export type ParsedInputOf<T> = T extends { readonly input: infer S extends z.ZodType } ? z.output<S> : never;
export type OutputOf<T> = T extends { readonly output: infer S extends z.ZodType } ? z.output<S> : never;

/** What the floor below gives to every call: who may, and in which transaction. */
export interface Runtime {
  /** Throws `ForbiddenError` unless the actor may do this to that. The one place where it is decided. */
  may(call: Call, operation: Operation, resource: ResourceRef | undefined): Promise<void>;
  /** Told of a call that was refused before it began: its scope was not enough. Never throws. */
  refused?(call: Call, operation: Operation, error: ForbiddenError): Promise<void>;
  /** Runs `work` on a pooled connection, outside a transaction. */
  read<T>(call: Call, work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction with its audit row and its events; a replayed idempotency key returns the first answer. */
  write<T>(call: Call, operation: Operation, input: unknown, resource: ResourceRef | undefined, work: (ctx: Ctx) => Promise<T>): Promise<T>;
}

/** An operation with its code. `run` is private to `perform`: faces never call it past the checks. */
export interface Handler {
  readonly operation: Operation;
  readonly run: (ctx: Ctx, input: any) => Promise<unknown>;
}

/** Binds code to an operation. */
export function handle<O extends Operation>(operation: O, run: (ctx: Ctx, input: ParsedInputOf<O>) => Promise<OutputOf<O>>): Handler {
  return { operation, run };
}

/**
 * The only way to run a handler: may they, does it parse, then the work, in a transaction if it writes.
 * Throws a `DomainError` for everything that is the caller's to mend.
 */
export async function perform(runtime: Runtime, handler: Handler, call: Call, raw: unknown): Promise<unknown> {
  const { operation, run } = handler;
  await checkScope(runtime, call, operation);
  refuseDeep(raw);
  const input = parseInput(operation.input, raw);
  const resource = operation.resource?.(input);
  await runtime.may(call, operation, resource);
  if (operation.risk === "read") return runtime.read(call, (ctx) => run(ctx, input));
  return runtime.write(call, operation, input, resource, (ctx) => run(ctx, input));
}

/** No form, descriptor or manifest is as deep; what is deeper would exhaust the stack of whoever walks it. */
const MOST_DEPTH = 100;

function refuseDeep(raw: unknown): void {
  if (!isDeeper(raw, MOST_DEPTH)) return;
  throw new InvalidError(`The input is nested more than ${MOST_DEPTH} deep.`, {
    problems: [{ at: "", reason: `is nested more than ${MOST_DEPTH} deep` }],
    mend: "Send a flatter one.",
  });
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

async function checkScope(runtime: Runtime, call: Call, operation: Operation): Promise<void> {
  if (operation.public === true || call.scopes.has(operation.scope) || call.scopes.has("*")) return;
  if (call.actor.kind === "anonymous") throw new UnauthenticatedError("Sign in first.", { mend: "Sign in, or send a token." });
  const error = new ForbiddenError(`${operation.name} needs the scope ${operation.scope}.`, {
    mend: `Ask an administrator for ${operation.scope}.`,
  });
  await runtime.refused?.(call, operation, error);
  throw error;
}
