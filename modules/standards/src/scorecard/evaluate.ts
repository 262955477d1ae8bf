import type { CelFault, Outcome, Program, RuleOutcome } from "@roadbed/cel";
import { formatFault } from "@roadbed/cel";

import type { Expressions } from "../deps.ts";
import { NAMES, type Definition, type Rule } from "./definition.ts";

/** What a scorecard gave for one entity. */
export interface Result {
  readonly codes: string;
  /** By rule: why it is unknown, or what it says of a failure. */
  readonly notes: Readonly<Record<string, string>>;
}

/** Rules of one entity that are waived, by scorecard and rule: `scorecard/rule`. */
export type Exempt = ReadonlySet<string>;

export interface Evaluator {
  /** By scorecard and entity; undefined where the scorecard does not look at the entity. Never throws for what an expression does. */
  evaluate(
    definitions: readonly Definition[],
    subjects: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
    exempt?: ReadonlyMap<string, Exempt>,
  ): Promise<ReadonlyMap<Definition, ReadonlyMap<string, Result>>>;
}

const MOST_NOTE = 500;
const RETRIES = 2;

export function createEvaluator(cel: Pick<Expressions, "evaluateBatch" | "createProgram">): Evaluator {
  return {
    evaluate: async (definitions, subjects, exempt) => {
      const bindings: Record<string, unknown>[] = [];
      const evaluations: { program: number; binding: number }[] = [];
      const asked: { readonly definition: Definition; readonly ref: string }[] = [];
      for (const [ref, subject] of subjects) {
        const kind = ref.slice(0, ref.indexOf(":"));
        const of = definitions.filter(({ kinds }) => kinds.has(kind));
        if (of.length === 0) continue;
        const binding = bindings.push(bindingOf(subject)) - 1;
        for (const definition of of) {
          evaluations.push({ program: definitions.indexOf(definition), binding });
          asked.push({ definition, ref });
        }
      }
      const results = new Map<Definition, Map<string, Result>>(definitions.map((definition) => [definition, new Map()]));
      if (evaluations.length === 0) return results;
      const outcomes = await run({ programs: definitions.map(({ program }) => program), bindings, evaluations });
      for (const [at, { definition, ref }] of asked.entries()) {
        let outcome = outcomes[at]!;
        if (isStopped(outcome)) outcome = await runApart(definition, bindings[evaluations[at]!.binding]!, outcome);
        const result = resultOf(definition, outcome, exempt?.get(ref));
        if (result) results.get(definition)!.set(ref, result);
      }
      return results;
    },
  };

  /** A machine that is very busy stops what is not slow at all: that must not stand as "unknown". */
  async function run(batch: Parameters<Expressions["evaluateBatch"]>[0]): Promise<Outcome[]> {
    let outcomes = await cel.evaluateBatch(batch);
    for (let again = 0; again < RETRIES && outcomes.some(isStopped); again++) outcomes = await cel.evaluateBatch(batch);
    return outcomes;
  }

  /** A rule that never ends must not take the others of its scorecard with it: each is asked alone. */
  async function runApart(definition: Definition, binding: Record<string, unknown>, stopped: Outcome): Promise<Outcome> {
    const { rules, conditions } = definition.program.source;
    const programs = rules.map((rule): Program =>
      cel.createProgram({ names: NAMES, ...(conditions ? { conditions } : {}), rules: [rule] }),
    );
    const outcomes = await cel.evaluateBatch({ programs, bindings: [binding] });
    if (outcomes.every(isStopped)) return stopped;
    if (outcomes.some(({ kind }) => kind === "skipped")) return { kind: "skipped" };
    return {
      kind: "rules",
      rules: outcomes.map((outcome): RuleOutcome =>
        outcome.kind === "rules" ? outcome.rules[0]! : { kind: "fault", fault: (outcome as { fault: CelFault }).fault },
      ),
    };
  }
}

function bindingOf(subject: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(NAMES.map((name) => [name, subject[name] ?? null]));
}

function isStopped(outcome: Outcome): boolean {
  return outcome.kind === "fault" && (outcome.fault.code === "deadline" || outcome.fault.code === "memory");
}

function resultOf(definition: Definition, outcome: Outcome, exempt: Exempt | undefined): Result | undefined {
  if (outcome.kind === "skipped") return undefined;
  const notes: Record<string, string> = {};
  const note = (rule: Rule, text: string): void => void (notes[rule.id] = text.slice(0, MOST_NOTE));
  const codes = definition.rules.map((rule) => {
    if (exempt?.has(`${definition.name}/${rule.id}`) === true) return "w";
    if (outcome.kind === "fault") {
      note(rule, `It cannot be said whether the scorecard looks at it: ${formatFault(outcome.fault)}`);
      return "u";
    }
    const filter = rule.filterAt === undefined ? undefined : outcome.rules[rule.filterAt]!;
    if (filter?.kind === "value" && filter.value === false) return "n";
    if (filter && !(filter.kind === "value" && filter.value === true)) {
      note(rule, `It cannot be said whether the rule is about it: ${reasonOf(filter)}`);
      return "u";
    }
    const answer = outcome.rules[rule.answerAt]!;
    if (answer.kind === "value" && answer.value === true) return "p";
    if (answer.kind === "value" && answer.value === false) {
      if (typeof answer.otherwise === "string" && answer.otherwise !== "") note(rule, answer.otherwise);
      return "f";
    }
    note(rule, reasonOf(answer));
    return "u";
  });
  return { codes: codes.join(""), notes };
}

function reasonOf(outcome: RuleOutcome): string {
  return outcome.kind === "fault" ? formatFault(outcome.fault) : `gives ${JSON.stringify(outcome.value)}, not true or false`;
}
