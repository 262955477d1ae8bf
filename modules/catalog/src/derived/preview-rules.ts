import type { Entity } from "@roadbed/contracts/catalog";

import type { Estate } from "../estate/estate.ts";
import type { Computer } from "./compute.ts";
import type { RuleDefinition } from "./define.ts";
import type { Evaluator } from "./evaluate.ts";
import { readProperty } from "./path.ts";
import { comparable, createJoin, type Side } from "./rule.ts";
import { MAX_CANDIDATES } from "./run-rule.ts";

export interface RulePreview {
  readonly name: string;
  readonly edges: number;
  /** True where more pairs would have to be looked at than are. */
  readonly cut: boolean;
  readonly fault?: string;
}

/** Pairs that an expression is asked about before somebody has decided anything. */
const MAX_PAIRS = 20_000;
const CHUNK = 500;

/** How many relations a rule would make now, without making them. */
export async function previewRule(
  o: { readonly estate: Estate; readonly evaluator: Evaluator; readonly compute: Pick<Computer, "derivedOf"> },
  rule: RuleDefinition,
): Promise<RulePreview> {
  const { estate } = o;
  const documents = new Map<number, Entity>();
  const ids = estate.all().filter((id) => [rule.kind, rule.target].includes(estate.at(id)!.kind.toLowerCase()));
  for (let start = 0; start < ids.length; start += CHUNK) {
    for (const [id, entity] of await o.evaluator.documents(ids.slice(start, start + CHUNK))) documents.set(id, entity);
  }
  const join = createJoin(rule);
  const valuesOf = (side: Side, id: number, entity: Entity): string[] => {
    const property = rule.join?.[side];
    if (property === undefined) return [];
    const derived = property.startsWith("derived.") ? o.compute.derivedOf(id)?.[property.slice("derived.".length)] : undefined;
    return comparable(property === "ref" ? estate.refOf(id) : (derived ?? readProperty(entity, property)), rule.join!.list);
  };
  for (const [id, entity] of documents) {
    const kind = entity.kind.toLowerCase();
    if (kind === rule.kind) join.set("source", id, valuesOf("source", id, entity));
    if (kind === rule.target) join.set("target", id, valuesOf("target", id, entity));
  }
  const limit = rule.join ? MAX_CANDIDATES.joined : MAX_CANDIDATES.expression;
  const pairs: (readonly [number, number])[] = [];
  let [cut, count] = [false, 0];
  for (const id of documents.keys()) {
    if (!join.has("source", id)) continue;
    const partners = join.partners("source", id);
    cut ||= partners.length > limit;
    count += Math.min(limit, partners.length);
    if (rule.expression !== undefined && pairs.length < MAX_PAIRS) for (const other of partners.slice(0, limit)) pairs.push([id, other]);
  }
  if (rule.expression === undefined) return { name: rule.name, edges: count, cut };
  return {
    name: rule.name,
    ...(await ask(o, rule.expression, pairs.slice(0, MAX_PAIRS), documents)),
    cut: cut || pairs.length > MAX_PAIRS,
  };
}

async function ask(
  { evaluator, compute }: { readonly evaluator: Evaluator; readonly compute: Pick<Computer, "derivedOf"> },
  expression: string,
  pairs: readonly (readonly [number, number])[],
  documents: ReadonlyMap<number, Entity>,
): Promise<{ edges: number; fault?: string }> {
  let edges = 0;
  let fault: string | undefined;
  const bindOf = (id: number): object => ({ ...documents.get(id)!, derived: compute.derivedOf(id) ?? {} });
  for (let start = 0; start < pairs.length; start += CHUNK) {
    const bindings = pairs.slice(start, start + CHUNK).map(([source, target]) => ({ source: bindOf(source), target: bindOf(target) }));
    for (const answer of await evaluator.run(expression, ["source", "target"], bindings)) {
      if ("fault" in answer) fault ??= answer.fault;
      else if (answer.value === true) edges++;
    }
  }
  // One that fails for some pairs only is right for the others.
  return edges === 0 && fault !== undefined ? { edges, fault } : { edges };
}
