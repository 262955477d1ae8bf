import { findBreakingChanges, findDangerousChanges, findSchemaChanges } from "graphql";

import { parseGraphQl } from "../graphql-schema.ts";
import type { Report, Severity } from "./change.ts";

/** Compares two GraphQL schemas by the rules of the reference implementation. */
export function diffGraphQl(before: string, after: string, report: Report): void {
  const schemas = [parseGraphQl(before), parseGraphQl(after)] as const;
  const breaking = new Set(findBreakingChanges(...schemas).map(({ description }) => description));
  const risky = new Set(findDangerousChanges(...schemas).map(({ description }) => description));
  for (const { description } of findSchemaChanges(...schemas)) {
    // Scalars of the language itself come and go with their use.
    if (description.startsWith("Standard scalar")) continue;
    const severity: Severity = breaking.has(description) ? "breaking" : risky.has(description) ? "risky" : "safe";
    report.add(severity, placeOf(description), description.replace(/\.$/, ""));
  }
}

/** The type or field that the description begins with, e.g. `Query.orders`. */
function placeOf(description: string): string {
  return /\b[A-Z_]\w*(?:\.\w+)?/.exec(description.replace(/^(?:Standard|Type|Field|Argument|Enum|Required|An?)\s/, ""))?.[0] ?? "schema";
}
