import type { Logger, Sql } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import type { DocumentCache } from "../estate/document-cache.ts";
import type { Estate } from "../estate/estate.ts";
import type { OwnKind } from "../kinds/compile-kind.ts";
import type { Kinds } from "../kinds/registry.ts";
import { createEngine, type Engine } from "./engine.ts";
import { createEvaluator } from "./evaluate.ts";
import { previewRule, type RulePreview } from "./preview-rules.ts";
import { isProperty, isRule } from "./work.ts";

/** What is derived in this process, as verbs ask for it. */
export interface Derived {
  readonly engine: Engine;
  /** Why a property of an entity has no value, where an expression failed. */
  faultOf(id: number, name: string): string | undefined;
  ruleStates(kind: string): { name: string; type: string; target: string; edges: number; cut: boolean; fault?: string }[];
  previewRules(kind: OwnKind): Promise<RulePreview[]>;
}

export function createDerived(o: {
  readonly sql: Sql;
  readonly log: Logger;
  readonly cel: Expressions | undefined;
  readonly estate: Estate;
  readonly kinds: Kinds;
  readonly documents: DocumentCache;
}): Derived {
  const { estate, kinds } = o;
  const evaluator = createEvaluator({ sql: o.sql, estate, cache: o.documents, cel: o.cel });
  const engine = createEngine({ estate, kinds, evaluator, log: o.log });
  return {
    engine,
    faultOf: (id, name) => {
      const kind = estate.at(id)?.kind.toLowerCase();
      const work = engine.works.find((one) => isProperty(one) && one.definition.name === name && one.definition.kind === kind);
      return work?.faults.get(id);
    },
    ruleStates: (kind) =>
      engine.works.filter(isRule).flatMap(({ definition, edges, cut, faults }) => {
        if (definition.kind !== kind.toLowerCase()) return [];
        const { name, type, target } = definition;
        const count = [...edges.values()].reduce((sum, one) => sum + one.length, 0);
        // One that fails for some pairs only is right for the others.
        const fault = count === 0 ? [...faults.values()][0] : undefined;
        return [{ name, type, target, edges: count, cut: cut.size > 0, ...(fault === undefined ? {} : { fault }) }];
      }),
    previewRules: async (kind) => {
      const previews: RulePreview[] = [];
      const compute = { derivedOf: (id: number) => estate.at(id)?.derived };
      for (const rule of kind.definitions) {
        if (rule.sort === "rule") previews.push(await previewRule({ estate, evaluator, compute }, rule));
      }
      return previews;
    },
  };
}
