import { parseSearchBox, type BoxFilter, type SearchBox } from "@roadbed/contracts/catalog/search-box";

import { canonical } from "../entity/relations.ts";
import type { Estate, Sees } from "../estate/estate.ts";
import type { Condition } from "../estate/filter.ts";
import type { Item } from "../estate/item.ts";
import { has, intersect, unite } from "../estate/sets.ts";
import type { Wanted } from "./search-index.ts";
import { normalise, tokens } from "./tokens.ts";

/** A search box, read: which items may be found at all, and what is looked for in them. */
export interface Reading {
  readonly box: SearchBox;
  readonly wanted: Wanted;
  /** Nothing is looked for but what the filters say. */
  readonly isWordless: boolean;
  /** Items that the filters admit, ascending; undefined when there are no filters. */
  readonly admitted: readonly number[] | undefined;
  /** Whether a text has the phrases that it must have, and none that it must not. */
  readonly suits: ((text: string) => boolean) | undefined;
}

export function readBox(estate: Estate, text: string, sees?: Sees): Reading {
  const box = parseSearchBox(text);
  const [apart, single] = [box.without.filter((one) => tokens(one).length !== 1), box.without.filter((one) => tokens(one).length === 1)];
  const phrases = box.phrases.map(normalise);
  const barred = apart.map(normalise).filter((phrase) => phrase !== "");
  const words = tokens(box.words.join(" "));
  const whole = tokens(box.phrases.join(" "));
  return {
    box,
    wanted: { words, whole, without: single.flatMap(tokens), name: [...box.words, ...box.phrases].join(" ") },
    isWordless: words.length + whole.length === 0,
    admitted: box.filters.length === 0 ? undefined : admittedBy(estate, box.filters, sees),
    suits:
      phrases.length + barred.length === 0
        ? undefined
        : (given) => {
            const plain = normalise(given);
            return phrases.every((phrase) => plain.includes(phrase)) && !barred.some((phrase) => plain.includes(phrase));
          },
  };
}

/** What is read of an item when phrases are looked for. */
export function textOfItem({ name, title = "", description = "", tags }: Item): string {
  return `${name} ${title} ${description} ${tags.join(" ")}`;
}

function admittedBy(estate: Estate, filters: readonly BoxFilter[], sees: Sees | undefined): readonly number[] {
  return filters.reduce<readonly number[]>((rest, filter) => {
    const some = unite(conditionsOf(filter).map((condition) => estate.select([condition], sees)));
    return filter.not ? rest.filter((id) => !has(some, id)) : intersect(rest, some);
  }, estate.all());
}

/** Each of them will do. */
function conditionsOf({ key, values }: BoxFilter): Condition[] {
  const lower = values.map((value) => value.toLowerCase());
  const refs = (...kinds: string[]): string[] => lower.flatMap((value) => kinds.flatMap((kind) => referenceOf(value, kind)));
  switch (key) {
    case "owner":
      return [
        { key: "relations.ownedby", values: refs("group", "user") },
        { key: "spec.owner", values: lower },
      ];
    case "system":
      return [
        { key: "relations.partof", values: refs("system") },
        { key: "spec.system", values: lower },
      ];
    case "domain":
      return [
        { key: "relations.partof", values: refs("domain") },
        { key: "spec.domain", values: lower },
      ];
    case "language":
      return ["metadata.tags", "spec.language", "metadata.labels.language"].map((field) => ({ key: field, values: lower }));
    default:
      return [{ key: FIELDS[key] ?? key, values: lower }];
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  kind: "kind",
  type: "spec.type",
  lifecycle: "spec.lifecycle",
  tag: "metadata.tags",
  name: "metadata.name",
  namespace: "metadata.namespace",
};

function referenceOf(value: string, kind: string): string[] {
  try {
    return [canonical(value, kind, "default")];
  } catch {
    return [];
  }
}
