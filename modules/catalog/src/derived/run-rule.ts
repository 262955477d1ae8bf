import type { Estate } from "../estate/estate.ts";
import type { Computer } from "./compute.ts";
import type { Evaluator } from "./evaluate.ts";
import { comparable, type Side } from "./rule.ts";
import type { RuleWork } from "./work.ts";

/** Candidates that are looked at for one source: those with values that meet, and those that only an expression can tell. */
export const MAX_CANDIDATES = { joined: 500, expression: 200 } as const;
const BATCH = 500;

/** Brings the relations of a rule up to date for entities that changed, on whichever side they stand. */
export async function runRule(o: {
  readonly estate: Estate;
  readonly evaluator: Evaluator;
  readonly compute: Computer;
  readonly rule: RuleWork;
  readonly ids: readonly number[];
  readonly inferAnew: (sources: readonly number[]) => void;
}): Promise<void> {
  const { rule, estate } = o;
  const affected = new Set<number>();
  for (const id of o.ids) {
    // Whoever met it before, and whoever meets it now.
    if (rule.join.has("target", id)) for (const source of rule.join.partners("target", id)) affected.add(source);
    place(o, id);
    if (rule.join.has("source", id)) affected.add(id);
    if (rule.join.has("target", id)) for (const source of rule.join.partners("target", id)) affected.add(source);
    else if (rule.edges.has(id) && !rule.join.has("source", id)) affected.add(id);
  }
  const sources = [...affected].filter((id) => estate.at(id));
  const wanted = new Map(sources.map((id) => [id, candidatesOf(estate, rule, id)]));
  const found = rule.definition.expression === undefined ? wanted : await narrow(o, wanted, rule.definition.expression);
  const changed: number[] = [];
  for (const [id, edges] of found) {
    const before = rule.edges.get(id) ?? [];
    if (before.length === edges.length && before.every((one, at) => one === edges[at])) continue;
    if (edges.length === 0) rule.edges.delete(id);
    else rule.edges.set(id, edges);
    changed.push(id);
  }
  if (changed.length > 0) o.inferAnew(changed);
}

function place({ estate, compute, rule }: Parameters<typeof runRule>[0], id: number): void {
  const { definition, join } = rule;
  const kind = estate.at(id)?.kind.toLowerCase();
  const put = (side: Side, of: string): void => {
    const property = definition.join?.[side];
    const values = property === undefined ? [] : comparable(compute.read(id, property), definition.join!.list);
    join.set(side, id, kind === of ? values : undefined);
  };
  put("source", definition.kind);
  put("target", definition.target);
}

function candidatesOf(estate: Estate, rule: RuleWork, id: number): readonly number[] {
  const all = rule.join.has("source", id) ? rule.join.partners("source", id) : [];
  const limit = rule.definition.join ? MAX_CANDIDATES.joined : MAX_CANDIDATES.expression;
  if (all.length <= limit) {
    rule.cut.delete(id);
    return all;
  }
  rule.cut.add(id);
  // The same ones in every process, whatever their numbers are there.
  const chosen = all.toSorted((a, b) => (estate.refOf(a) < estate.refOf(b) ? -1 : 1)).slice(0, limit);
  return chosen.sort((a, b) => a - b);
}

/** Leaves those for which the expression is true. One that fails is no. */
async function narrow(
  { evaluator, compute, rule }: Parameters<typeof runRule>[0],
  wanted: ReadonlyMap<number, readonly number[]>,
  expression: string,
): Promise<Map<number, readonly number[]>> {
  const found = new Map<number, number[]>([...wanted.keys()].map((id) => [id, []]));
  for (const id of wanted.keys()) rule.faults.delete(id);
  const pairs = [...wanted].flatMap(([source, targets]) => targets.map((target) => [source, target] as const));
  for (let start = 0; start < pairs.length; start += BATCH) {
    const batch = pairs.slice(start, start + BATCH);
    const documents = await evaluator.documents([...new Set(batch.flat())]);
    const there = batch.filter((pair) => pair.every((id) => documents.has(id)));
    const bindOf = (id: number): Record<string, unknown> => compute.bindingOf(id, documents.get(id)!, false);
    const bindings = there.map(([source, target]) => ({ source: bindOf(source), target: bindOf(target) }));
    const answers = bindings.length === 0 ? [] : await evaluator.run(expression, ["source", "target"], bindings);
    there.forEach(([source, target], at) => {
      const answer = answers[at]!;
      if ("fault" in answer) rule.faults.set(source, answer.fault);
      else if (answer.value === true) found.get(source)!.push(target);
    });
  }
  return found;
}
