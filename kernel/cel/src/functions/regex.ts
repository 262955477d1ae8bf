import { EvaluationError, type Environment } from "@marcbachmann/cel-js";
import { InvalidError } from "@roadbed/core";
import { RE2JS } from "re2js";

import { chargeMatch } from "../budget.ts";
import { simplePattern } from "./simple-pattern.ts";

/**
 * Regular expressions in time linear to the text. The engine's own `string.matches` backtracks and cannot be
 * replaced by another function, but a macro is looked up by name before any function is: registering `matches`
 * as a macro takes every call of it, whatever the type of the receiver.
 */
export function registerRegex(environment: Environment): void {
  environment.registerFunction("list.matches(ast): bool", matchesMacro as never);
  environment.registerFunction("matches(string, string): bool", (text: string, pattern: string) => isMatch(text, pattern), SYNC);
  environment.registerFunction("string.find(string): string", (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? "", SYNC);
  environment.registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) => findAll(text, pattern, -1), SYNC);
  environment.registerFunction(
    "string.findAll(string, int): list<string>",
    (text: string, pattern: string, limit: bigint) => findAll(text, pattern, Number(limit)),
    SYNC,
  );
}

/** A pattern that needs time linear to the text. Throws `InvalidError` for one that RE2 does not know. */
export function linearRegExp(pattern: string): { test(text: string): boolean } {
  const made = compiled.get(pattern) ?? tryCompile(pattern);
  if (made instanceof Error) throw new InvalidError(reasonAgainst(pattern)!, { mend: "Leave out look-around and back-references." });
  return made;
}

const SYNC = { async: false } as never;
const COMPILED_LIMIT = 500;
const compiled = new Map<string, RE2JS>();
/** Null: one that only RE2 may run. */
const simple = new Map<string, ReturnType<typeof simplePattern> | null>();

/** The hooks that the engine calls on a macro; its types do not name them. */
interface Macro {
  readonly receiver: any;
  readonly pattern: any;
  readonly ast: any;
}

function matchesMacro({ ast, args, receiver }: { ast: unknown; args: unknown[]; receiver: unknown }): object {
  const pattern = args[0];
  return { ast, receiver, pattern, parts: [receiver, pattern], async: false, typeCheck: checkMatches, evaluate: evaluateMatches, apply };
}

function checkMatches(checker: any, { receiver, pattern }: Macro, ctx: unknown): unknown {
  for (const node of [receiver, pattern]) {
    const type = checker.check(node, ctx);
    if (type.kind !== "dyn" && type.name !== "string") {
      throw checker.createError("no_matching_overload", `matches() needs strings, got '${checker.formatType(type)}'`, node);
    }
  }
  if (pattern.op === "value" && typeof pattern.args === "string") {
    const reason = reasonAgainst(pattern.args);
    if (reason !== undefined) throw checker.createError("invalid_regular_expression", reason, pattern);
  }
  return checker.getType("bool");
}

function evaluateMatches(evaluator: any, macro: Macro, ctx: unknown): boolean {
  return apply(evaluator, macro, evaluator.run(macro.receiver, ctx), evaluator.run(macro.pattern, ctx));
}

/** What comes of its parts, for whoever has computed them. */
function apply(evaluator: any, { ast }: Macro, text: unknown, expression: unknown): boolean {
  if (typeof text !== "string" || typeof expression !== "string") {
    throw evaluator.createError("no_matching_overload", "matches() needs strings", ast);
  }
  return isMatch(text, expression);
}

function isMatch(text: string, pattern: string): boolean {
  chargeMatch(text, pattern);
  const known = simple.get(pattern);
  if (known !== undefined) return known?.test(text) ?? compile(pattern).test(text);
  // RE2 says first whether it is one at all.
  const answer = compile(pattern).test(text);
  if (simple.size >= COMPILED_LIMIT) simple.clear();
  simple.set(pattern, simplePattern(pattern) ?? null);
  return answer;
}

function findAll(text: string, pattern: string, limit: number): string[] {
  chargeMatch(text, pattern);
  const matcher = compile(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = tryCompile(pattern);
  if (made instanceof Error) {
    throw new EvaluationError({ code: "invalid_regular_expression", message: reasonAgainst(pattern) ?? made.message });
  }
  if (compiled.size >= COMPILED_LIMIT) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function reasonAgainst(pattern: string): string | undefined {
  const made = tryCompile(pattern);
  return made instanceof Error ? `"${pattern}" is not a regular expression that RE2 knows: ${made.message}` : undefined;
}

function tryCompile(pattern: string): RE2JS | Error {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
