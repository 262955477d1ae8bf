import { InvalidError } from "@roadbed/core";

import type { Condition } from "../estate/filter.ts";

/**
 * Reads filters as Backstage sends them: each text is a group of `key=value` pairs joined by commas that must all hold, where pairs
 * of one key are alternatives and a key alone asks whether it is there; one of the groups must hold. Undefined: no filter.
 * Throws `InvalidError` for a pair without a key.
 */
export function parseGroups(texts: readonly string[]): readonly (readonly Condition[])[] | undefined {
  const groups = texts.map(parseGroup).filter((group) => group.length > 0);
  return groups.length === 0 ? undefined : groups;
}

function parseGroup(text: string): Condition[] {
  const byKey = new Map<string, string[] | undefined>();
  for (const statement of text.split(",").map((part) => part.trim())) {
    if (statement === "") continue;
    const equals = statement.indexOf("=");
    const key = (equals < 0 ? statement : statement.slice(0, equals)).trim();
    if (key === "") {
      throw new InvalidError(`Invalid filter, '${statement}' is not a valid statement (expected a string on the form a=b or a= or a)`, {
        problems: [{ at: "filter", reason: `"${statement}" names no field`, mend: "Write e.g. kind=component." }],
      });
    }
    const values = byKey.get(key);
    if (equals < 0) byKey.set(key, values);
    else
      byKey.set(key, [
        ...(values ?? []),
        statement
          .slice(equals + 1)
          .trim()
          .toLowerCase(),
      ]);
  }
  return [...byKey].map(([key, values]) => ({ key: key.toLowerCase(), values }));
}
