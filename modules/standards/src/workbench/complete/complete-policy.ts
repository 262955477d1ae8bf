import type { Shape, VariableType } from "@roadbed/cel";
import type { ResourceRule } from "@roadbed/contracts/policy-file";
import { completePolicy, type Completion } from "@roadbed/contracts/standards/writing";
import { handle, type Handler } from "@roadbed/core";
import { isMap, isScalar, isSeq, parseDocument, type Document } from "yaml";

import type { Expressions } from "../../deps.ts";
import { typesOf } from "../../policy/policy.ts";
import { typeTable } from "../../policy/schema/schema-of.ts";
import { completeFile } from "./keys.ts";
import { completeExpression } from "./members.ts";
import { placeOf, type Place } from "./place.ts";

const MOST = 300;

/** What may be written at a place of a policy. The text is seldom whole while it is written: what cannot be read offers nothing. */
export function makeCompletePolicy({ cel }: { readonly cel: Pick<Expressions, "check"> }): Handler {
  return handle(completePolicy, async (_ctx, { text, line, column }) => {
    const { length, options } = complete(cel, text, line, column);
    return { from: column - length, options: options.slice(0, MOST) };
  });
}

export function complete(
  cel: Pick<Expressions, "check">,
  text: string,
  line: number,
  column: number,
): { readonly length: number; readonly options: readonly Completion[] } {
  const lines = text.split(/\r?\n/);
  const first = lines.slice(0, line - 1).findLastIndex((one) => /^---\s*$/.test(one)) + 1;
  const after = lines.slice(line).findIndex((one) => /^---\s*$/.test(one));
  const document = lines.slice(first, after < 0 ? undefined : line + after);
  const before = [...lines.slice(first, line - 1), (lines[line - 1] ?? "").slice(0, column - 1)];
  const place = placeOf(before);
  if (place === undefined) return { length: 0, options: [] };
  if (place.kind !== "expression") {
    return { length: place.typed.length, options: completeFile(place, document.join("\n")) };
  }
  return completeExpression(cel, place.typed, variablesAt(cel, document.join("\n"), place, before.join("\n").length), typeTable());
}

/** What an expression at this place may read: what a policy is given, and the variables that are defined before. */
function variablesAt(cel: Pick<Expressions, "check">, document: string, { path }: Place, at: number): Record<string, VariableType> {
  const parsed = parseDocument(document, { logLevel: "silent", strict: false });
  const outer = typesOf(rulesIn(parsed));
  if (path.includes("matchConditions")) return outer;
  const shapes: Record<string, Shape> = {};
  for (const { name, expression, end } of definitionsIn(parsed)) {
    if (path.includes("variables") && end >= at) break;
    const checked = cel.check(expression, { ...outer, variables: { fields: Object.keys(shapes), shapes: { ...shapes } } });
    shapes[name] = checked.ok ? checked.shape : undefined;
  }
  return { ...outer, variables: { fields: Object.keys(shapes), shapes } };
}

function definitionsIn(parsed: Document): { readonly name: string; readonly expression: string; readonly end: number }[] {
  const list = parsed.getIn(["spec", "variables"]);
  if (!isSeq(list)) return [];
  return list.items.flatMap((item) => {
    if (!isMap(item)) return [];
    const [name, expression] = [item.get("name"), item.get("expression", true)];
    if (typeof name !== "string" || !isScalar(expression) || typeof expression.value !== "string") return [];
    return [{ name, expression: expression.value, end: expression.range?.[1] ?? 0 }];
  });
}

/** Rules of which something is missing still say of which kinds they are. */
function rulesIn(parsed: Document): ResourceRule[] {
  const rules = parsed.getIn(["spec", "matchConstraints", "resourceRules"]);
  if (!isSeq(rules)) return [];
  return (rules.toJSON() as unknown[]).flatMap((rule) => {
    const { apiGroups, resources } = (rule ?? {}) as { apiGroups?: unknown; resources?: unknown };
    if (!isTexts(apiGroups) || !isTexts(resources)) return [];
    return [{ apiGroups, resources, apiVersions: ["*"], operations: ["*" as const] }];
  });
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
