import type { KindRow } from "@roadbed/contracts/catalog/kinds";

import { KINDS } from "../entity/kinds.ts";
import { isRecord } from "../entity/validate-spec.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";

/** How many entities of each kind somebody sees, by the kind in lower case. */
export function countKinds({ estate }: Catalogue, visible: Visibility): ReadonlyMap<string, number> {
  const { kind = [] } = estate.facets(visible.only(estate.all()), ["kind"]);
  const counts = new Map<string, number>();
  for (const { value, count } of kind) counts.set(value.toLowerCase(), (counts.get(value.toLowerCase()) ?? 0) + count);
  return counts;
}

/** A kind as lists show it. `name` is one of `kinds.names`. */
export function kindRow({ kinds }: Catalogue, counts: ReadonlyMap<string, number>, name: string): KindRow {
  const own = kinds.own(name);
  const { metadata, spec } = own?.document ?? {};
  const rule = kinds.ruleOf(name)!;
  const properties = isRecord(spec?.schema?.["properties"]) ? Object.keys(spec.schema["properties"]).length : 0;
  const relations = Object.values(rule.spec).filter(({ relation }) => relation !== undefined).length;
  return {
    name,
    plural: spec?.plural ?? PLURALS[name] ?? `${metadata?.title ?? name}s`,
    ...(metadata?.title === undefined ? {} : { title: metadata.title }),
    ...(metadata?.description === undefined ? {} : { description: metadata.description }),
    ...(metadata?.icon === undefined ? {} : { icon: metadata.icon }),
    origin: !Object.hasOwn(KINDS, name) ? "own" : own ? "extended" : "built-in",
    entities: counts.get(name.toLowerCase()) ?? 0,
    fields: Object.keys(rule.spec).length - relations + properties,
    relations,
    derived: Object.keys(spec?.derived ?? {}).length,
    rules: Object.keys(spec?.rules ?? {}).length,
  };
}

const PLURALS: Readonly<Record<string, string>> = { API: "APIs", AiResource: "AI resources" };
