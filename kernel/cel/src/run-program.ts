import type { Environment } from "@marcbachmann/cel-js";

import { openProgram, withBudget } from "./budget.ts";
import { checkSize } from "./check.ts";
import { createEnvironment } from "./environment.ts";
import { toFault, type CelFault } from "./fault.ts";
import { generate } from "./generate/generate.ts";
import type { Outcome, ProgramSource, RuleOutcome } from "./program.ts";
import { nodesOf, quicken } from "./quicken.ts";
import { partially, UnknownRead } from "./unknown.ts";
import { toJson } from "./values.ts";

/**
 * A program ready to run: gives what it says about one binding whose numbers are CEL's already. Never throws. `shown`: the same binding
 * without its secrets, for every text that comes out of it.
 */
export type Runner = (binding: Readonly<Record<string, unknown>>, shown?: Readonly<Record<string, unknown>>) => Outcome;

/**
 * Compiles once; what does not compile becomes a fault of the part it stands in. `careful`: with the logic of three values, for
 * bindings of which something is unknown or secret.
 */
export function compileProgram(source: ProgramSource, careful = false): Runner {
  const names = Object.fromEntries(source.names.map((name) => [name, "dyn" as const]));
  const plain = createEnvironment(names);
  const inner = source.definitions?.length ? createEnvironment({ ...names, variables: "dyn" }) : plain;
  const compile = (environment: Environment, expression: string): Expression => compileOne(environment, expression, careful);
  const conditions = (source.conditions ?? []).map((expression) => compile(plain, expression));
  const rules = source.rules.map(({ expression, otherwise }) => ({
    rule: compile(inner, expression),
    otherwise: otherwise === undefined ? undefined : compile(inner, otherwise),
  }));
  const definitions = (source.definitions ?? []).map(({ name, expression }) => ({ name, read: compile(inner, expression) }));
  const scope = createScope(definitions);
  // Both sides are read in turns: each keeps what its definitions gave.
  const shownScope = careful ? createScope(definitions) : scope;

  return (binding, shown) => {
    openProgram();
    const stopped = runConditions(conditions, binding, shown);
    if (stopped) return stopped;
    const values = scope(binding);
    const telling = shown === undefined ? values : shownScope(shown);
    return { kind: "rules", rules: rules.map(({ rule, otherwise }) => runRule(rule, otherwise, values, telling)) };
  };
}

type Values = Readonly<Record<string, unknown>>;
type Answer = { readonly value: unknown; readonly fault?: undefined } | { readonly value?: undefined; readonly fault: CelFault };
type Expression = (values: Values) => Answer;

function compileOne(environment: Environment, expression: string, careful: boolean): Expression {
  const size = checkSize(expression);
  if (size) return () => ({ fault: size });
  try {
    const parsed = environment.parse(expression);
    const { valid, error } = parsed.check();
    if (!valid) throw error;
    quicken(parsed.ast);
    if (careful) partially(nodesOf(parsed.ast));
    let run: (values: Values) => unknown = parsed;
    let runs = careful ? Number.NaN : 0;
    return (values) => {
      if (++runs === GENERATE_AFTER) run = generate(parsed) ?? parsed;
      try {
        return { value: withBudget(run, values) };
      } catch (error) {
        return { fault: error instanceof DefinitionFault ? error.fault : toFault(error, expression) };
      }
    };
  } catch (error) {
    const fault = toFault(error, expression);
    return () => ({ fault });
  }
}

/** Writing and compiling its code takes as long as some hundred evaluations: what is asked once is not worth it. */
const GENERATE_AFTER = 12;

/** What most rules say. */
export const TRUE: RuleOutcome = { kind: "value", value: true };

function runConditions(conditions: readonly Expression[], values: Values, shown?: Values): Outcome | undefined {
  let fault: CelFault | undefined;
  for (const condition of conditions) {
    const answer = condition(values);
    if (answer.value === false) return { kind: "skipped" };
    if (answer.value === true) continue;
    const own = answer.fault ? tellable(answer.fault, condition, values, shown ?? values) : undefined;
    fault ??= own ?? { code: "not_bool", reason: "a condition must give true or false" };
  }
  return fault && { kind: "fault", fault };
}

function runRule(rule: Expression, otherwise: Expression | undefined, values: Values, shown: Values): RuleOutcome {
  let answer = rule(values);
  if (!answer.fault && typeof answer.value !== "boolean" && shown !== values) answer = rule(shown);
  if (answer.fault) return { kind: "fault", fault: tellable(answer.fault, rule, values, shown) };
  if (answer.value === true) return TRUE;
  if (answer.value !== false || otherwise === undefined) return { kind: "value", value: toJson(answer.value) };
  const text = otherwise(shown);
  // As in Kubernetes: a message that cannot be worded is left out, one that costs too much is an error.
  if (text.fault?.code === "cost_exceeded") return { kind: "fault", fault: text.fault };
  return { kind: "value", value: false, ...(text.fault ? {} : { otherwise: toJson(text.value) }) };
}

/** A fault may quote what was read: where secrets were, it is told only if it is the same without them. */
function tellable(fault: CelFault, expression: Expression, values: Values, shown: Values): CelFault {
  if (shown === values || fault.unknown !== undefined) return fault;
  const without = expression(shown).fault;
  if (without?.reason === fault.reason) return fault;
  return { code: fault.code, reason: "failed on a sensitive value" };
}

/** What a definition's failure looks like from the expression that read it. */
class DefinitionFault extends Error {
  readonly fault: CelFault;
  constructor(name: string, fault: CelFault) {
    super(fault.reason);
    this.fault = { ...fault, reason: `variables.${name}: ${fault.reason}` };
  }
}

/**
 * Lazy definitions: one object of getters for the life of the program, pointed at a new binding before each run.
 * A definition that reads itself, directly or around a corner, is a fault and not an endless loop.
 */
function createScope(definitions: readonly { readonly name: string; readonly read: Expression }[]): (binding: Values) => Values {
  if (definitions.length === 0) return (binding) => binding;
  const variables: Record<string, unknown> = {};
  const known: (Answer | "underway" | undefined)[] = definitions.map(() => undefined);
  let values: Values = {};
  for (const [position, { name, read }] of definitions.entries()) {
    Object.defineProperty(variables, name, { enumerable: true, get: () => valueOf(position, name, read) });
  }

  function valueOf(position: number, name: string, read: Expression): unknown {
    const before = known[position];
    if (before === "underway") throw new DefinitionFault(name, { code: "circular", reason: "refers to itself" });
    if (before === undefined) known[position] = "underway";
    const answer = before ?? read(values);
    known[position] = answer;
    if (answer.fault?.unknown) throw new UnknownRead(answer.fault.unknown);
    if (answer.fault) throw new DefinitionFault(name, answer.fault);
    return answer.value;
  }

  return (binding) => {
    known.fill(undefined);
    values = { ...binding, variables };
    return values;
  };
}
