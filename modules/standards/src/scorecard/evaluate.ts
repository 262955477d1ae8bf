import type { CelFault, Outcome, Program, RuleOutcome } from "@roadbed/cel";
import { formatFault } from "@roadbed/cel";

import type { Expressions } from "../deps.ts";
import { NAMES, type Definition, type Rule } from "./definition.ts";
import { showOnly, type Sight } from "./sight.ts";

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
/** How long an expression that had to be stopped is not tried again: it would only be stopped again, entity after entity. */
const LEFT_OUT_MS = 10 * 60_000;

/** Expressions of a scorecard that had to be stopped, by their positions, with the reason; and the program without them. */
interface LeftOut {
  readonly until: number;
  readonly reasons: ReadonlyMap<number, string>;
  /** Undefined where nothing is left to be asked. */
  readonly program: Program | undefined;
}

export function createEvaluator(cel: Pick<Expressions, "evaluateBatch" | "createProgram">): Evaluator {
  const leftOut = new WeakMap<Definition, LeftOut>();
  return {
    evaluate: async (definitions, subjects, exempt) => {
      const results = new Map<Definition, Map<string, Result>>(definitions.map((definition) => [definition, new Map()]));
      for (const definition of definitions) {
        const refs: string[] = [];
        const bindings: Readonly<Record<string, unknown>>[] = [];
        for (const [ref, subject] of subjects) {
          if (!definition.kinds.has(ref.slice(0, ref.indexOf(":")))) continue;
          refs.push(ref);
          bindings.push(bindingOf(subject, definition.sight));
        }
        if (refs.length === 0) continue;
        const outcomes = await ask(definition, bindings);
        const stopped = leftOutOf(definition)?.reasons;
        for (const [at, ref] of refs.entries()) {
          const unread = (subjects.get(ref)?.["unread"] as { readonly repo?: string } | undefined)?.repo;
          const result = resultOf(definition, outcomes[at]!, { exempt: exempt?.get(ref), stopped, unread });
          if (result) results.get(definition)!.set(ref, result);
        }
      }
      return results;
    },
  };

  function leftOutOf(definition: Definition): LeftOut | undefined {
    const known = leftOut.get(definition);
    return known && known.until > Date.now() ? known : undefined;
  }

  /**
   * One outcome per binding. Where something had to be stopped, each of the expressions is asked alone: what is guilty is left out, and the
   * rest is asked again. A machine that is very busy stops what is not slow at all: then nothing is guilty.
   */
  async function ask(definition: Definition, bindings: readonly Readonly<Record<string, unknown>>[]): Promise<Outcome[]> {
    for (let tries = 0; ; tries++) {
      const known = leftOutOf(definition);
      if (known && !known.program) return bindings.map(() => NOTHING_ASKED);
      const program = known?.program ?? definition.program;
      const outcomes = await cel.evaluateBatch({ programs: [program], bindings });
      const first = outcomes.findIndex((one) => isStopped(one) && !isBystander(one));
      const stopped = first >= 0 ? first : outcomes.findIndex(isStopped);
      if (stopped < 0 || tries === MOST_TRIES) return outcomes;
      await findGuilty(definition, bindings[stopped]!, known);
    }
  }

  async function findGuilty(definition: Definition, binding: Readonly<Record<string, unknown>>, known: LeftOut | undefined): Promise<void> {
    const { rules, conditions } = definition.program.source;
    const programs = rules.map((rule) => cel.createProgram({ names: NAMES, ...(conditions ? { conditions } : {}), rules: [rule] }));
    const outcomes = await cel.evaluateBatch({ programs, bindings: [binding] });
    const reasons = new Map(known?.reasons);
    for (const [at, outcome] of outcomes.entries())
      if (isStopped(outcome)) reasons.set(at, formatFault((outcome as { readonly fault: CelFault }).fault));
    if (reasons.size === (known?.reasons.size ?? 0)) return;
    const rest = rules.map((rule, at) => (reasons.has(at) ? { expression: "null" } : rule));
    leftOut.set(definition, {
      until: Date.now() + LEFT_OUT_MS,
      reasons,
      program:
        reasons.size === rules.length ? undefined : cel.createProgram({ names: NAMES, ...(conditions ? { conditions } : {}), rules: rest }),
    });
  }
}

const MOST_TRIES = 3;
const NOTHING_ASKED: Outcome = {
  kind: "fault",
  fault: { code: "deadline", reason: "it had to be stopped, and is not tried again for ten minutes" },
};

/** Was not evaluated because the same program had to be stopped on another entity. */
function isBystander(outcome: Outcome): boolean {
  return outcome.kind === "fault" && outcome.fault.reason.startsWith("was not evaluated");
}

/** Only what the expressions can see goes to their thread; a name that nobody says is null. */
function bindingOf(subject: Readonly<Record<string, unknown>>, sight: Sight): Readonly<Record<string, unknown>> {
  return { ...NOTHING, ...showOnly(subject, sight) };
}

const NOTHING: Readonly<Record<string, null>> = Object.fromEntries(NAMES.map((name) => [name, null]));

function isStopped(outcome: Outcome): boolean {
  return outcome.kind === "fault" && (outcome.fault.code === "deadline" || outcome.fault.code === "memory");
}

function resultOf(
  definition: Definition,
  outcome: Outcome,
  {
    exempt,
    stopped,
    unread,
  }: {
    readonly exempt: Exempt | undefined;
    readonly stopped: ReadonlyMap<number, string> | undefined;
    /** Why its files are not known now. */
    readonly unread: string | undefined;
  },
): Result | undefined {
  const isDark = unread !== undefined && definition.filterReadsFiles;
  if (outcome.kind === "skipped" && !isDark) return undefined;
  const notes: Record<string, string> = {};
  const note = (rule: Rule, text: string): void => void (notes[rule.id] = text.slice(0, MOST_NOTE));
  const codes = definition.rules.map((rule) => {
    if (exempt?.has(`${definition.name}/${rule.id}`) === true) return "w";
    const reason = stopped?.get(rule.answerAt) ?? (rule.filterAt === undefined ? undefined : stopped?.get(rule.filterAt));
    if (reason !== undefined) {
      note(rule, `${reason}; it is not tried again for some minutes.`);
      return "u";
    }
    if (unread !== undefined && (isDark || rule.readsFiles)) {
      note(rule, `Its files are not known, because ${unread.replace(/\.$/, "")}.`);
      return "u";
    }
    if (outcome.kind === "skipped") return "n";
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
