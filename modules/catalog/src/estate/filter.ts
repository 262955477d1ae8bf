import { InvalidError } from "@roadbed/core";

/** One condition: the key has any of the values, or, without values, is there at all. Both in lower case. */
export interface Condition {
  readonly key: string;
  readonly values: readonly string[] | undefined;
}

/** What a filter text asks: conditions that must all hold, or a CEL expression. */
export type Filter = { readonly conditions: readonly Condition[] } | { readonly expression: string };

/**
 * Reads a filter as Backstage does: `key=value` pairs joined by commas must all hold; pairs with the same key are alternatives;
 * a key alone asks whether it is there. A text that speaks of `entity.` or `entity[` is a CEL expression.
 * Throws `InvalidError` for a part that can only be a slip: it would quietly find nothing.
 */
export function parseFilter(text: string | undefined): Filter {
  if (text === undefined || text.trim() === "") return { conditions: [] };
  if (IS_CEL.test(text)) return { expression: text.trim() };
  const byKey = new Map<string, string[] | undefined>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (key === "") continue;
    if (NOT_A_KEY.test(key)) throw slip(part.trim());
    if (equals < 0) {
      if (!byKey.has(key)) byKey.set(key, undefined);
      continue;
    }
    const value = part
      .slice(equals + 1)
      .trim()
      .toLowerCase();
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
  return { conditions: [...byKey].map(([key, values]) => ({ key, values })) };
}

/** Other comparisons than `=`, or two words. */
const NOT_A_KEY = /[~<>!]|:[^/]*$|\s/;

function slip(part: string): InvalidError {
  const [, key = "", value = ""] = /^([\w./-]+)\s*[~<>!:=]*\s*(.*)$/.exec(part) ?? [];
  const pair = key === "" || value === "" ? "kind=component" : `${key}=${value.replace(/^=+/, "")}`;
  return new InvalidError(`"${part.slice(0, 100)}" is not a condition of a filter.`, {
    mend: `Write pairs such as ${pair}, joined by commas; for anything else a CEL expression, e.g. entity.metadata.name.contains("pay").`,
  });
}

const IS_CEL = /(?:^|[^\w./=:-])entity\s*[.[]/;
