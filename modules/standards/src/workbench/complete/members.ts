import { listFunctions, type FunctionInfo, type Shape, type TypeTable, type VariableType } from "@roadbed/cel";
import type { Completion } from "@roadbed/contracts/standards/writing";

import type { Expressions } from "../../deps.ts";

type Variables = Readonly<Record<string, VariableType>>;

/** What may follow in an expression, and how much of what is typed belongs to it. */
export function completeExpression(cel: Pick<Expressions, "check">, typed: string, variables: Variables, types: TypeTable) {
  const partial = /[A-Za-z_]\w*$/.exec(typed)?.[0] ?? "";
  const before = typed.slice(0, typed.length - partial.length);
  if (inText(before) || /(?:^|[^\w.])\d[\w.]*$/.test(typed)) return { length: 0, options: [] };
  const known = withLoops(cel, before, variables, types);
  const member = /\.\??\s*$/.exec(before);
  if (member === null) return { length: partial.length, options: [...names(known), ...alone()] };
  const receiver = receiverOf(before.slice(0, member.index));
  if (receiver === "") return { length: partial.length, options: [] };
  const checked = cel.check(receiver, known);
  if (!checked.ok) return { length: partial.length, options: namespace(receiver) };
  return {
    length: partial.length,
    options: [
      ...fieldsOf(checked.shape, { ...types, ...tablesIn(known) }),
      ...methodsOf(checked.type, checked.shape),
      ...namespace(receiver),
    ],
  };
}

function names(variables: Variables): Completion[] {
  return Object.entries(variables).map(([label, type]) => ({
    label,
    kind: "variable" as const,
    ...(nameOf(type) && { detail: nameOf(type) }),
  }));
}

function nameOf(type: VariableType): string | undefined {
  if (typeof type === "string") return type === "dyn" ? undefined : type;
  if ("fields" in type) return "what `spec.variables` defines";
  return typeof type.type === "string" ? type.type : type.type.join(" or ");
}

function alone(): Completion[] {
  const spaces = [...new Set(listFunctions().flatMap(({ receiver }) => (receiver?.endsWith(".") ? [receiver.slice(0, -1)] : [])))];
  return [
    ...merge(listFunctions().filter(({ receiver }) => receiver === undefined)),
    ...spaces.map((label) => ({ label, kind: "variable" as const, detail: "functions" })),
  ];
}

/** `sets.`, `lists.`: functions that hang on a word. */
function namespace(receiver: string): Completion[] {
  return merge(listFunctions().filter((one) => one.receiver === `${receiver}.`));
}

function fieldsOf(shape: Shape, types: TypeTable): Completion[] {
  const found = new Map<string, string>();
  for (const one of shape ?? []) {
    for (const [field, type] of Object.entries((Object.hasOwn(types, one) ? types[one] : undefined) ?? {})) {
      if (field !== " ") found.set(field, type);
    }
  }
  return [...found].map(([label, detail]) => ({ label, kind: "field" as const, ...(detail !== "dyn" && { detail }) }));
}

/** What a value of this type can be asked. Of one whose type is not known: what texts, lists and maps can be. */
function methodsOf(type: string, shape: Shape): Completion[] {
  const outer = type.replace(/<.*$/, "");
  const inner = (shape ?? []).map((one) => one.replace(/<.*$/, ""));
  const wanted =
    outer === "optional"
      ? ["optional"]
      : outer !== "dyn"
        ? [outer]
        : inner.length > 0
          ? inner
          : shape === undefined
            ? ["string", "list", "map"]
            : [];
  // What loops go over is a list or a map, and the language lists them under lists.
  const also = wanted.includes("map") ? ["list"] : [];
  return merge(
    listFunctions().filter(
      ({ receiver, name }) => receiver !== undefined && (wanted.includes(receiver) || (also.includes(receiver) && LOOPING.has(name))),
    ),
  );
}

/** Several overloads of one name are one suggestion. */
function merge(functions: readonly FunctionInfo[]): Completion[] {
  const byName = Map.groupBy(functions, ({ name }) => name);
  return [...byName].map(([label, all]) => ({
    label,
    kind: "function" as const,
    detail: [...new Set(all.map(({ signature }) => signature.slice(label.length)))].slice(0, 4).join("  "),
    apply: all.every(({ parameters }) => parameters === 0) ? `${label}()` : `${label}(`,
  }));
}

const LOOPING = new Set("all exists exists_one existsOne filter map sortBy transformList transformMap transformMapEntry".split(" "));
const OPTIONAL = new Set(["optMap", "optFlatMap"]);

/** The variables, and the names of the loops in which the end of the text stands, each with the type of what is gone over. */
function withLoops(cel: Pick<Expressions, "check">, text: string, variables: Variables, types: TypeTable): Variables {
  let known = variables;
  for (const open of openParentheses(text)) {
    const method = /\.\s*\??\s*(\w+)\s*$/.exec(text.slice(0, open));
    const [, first, second] = /^\s*([A-Za-z_]\w*)\s*,(?:\s*([A-Za-z_]\w*)\s*,)?/.exec(text.slice(open + 1)) ?? [];
    const name = method?.[1] ?? "";
    if (method === null || first === undefined || !(LOOPING.has(name) || OPTIONAL.has(name))) continue;
    const checked = cel.check(receiverOf(text.slice(0, method.index)), known);
    const over = checked.ok ? checked.shape : undefined;
    const item = OPTIONAL.has(name) ? over : itemsOf(over);
    const two = second !== undefined && !OPTIONAL.has(name);
    known = { ...known, [first]: two ? "dyn" : typed(item, types), ...(two ? { [second]: typed(item, types) } : {}) };
  }
  return known;
}

function typed(shape: Shape, types: TypeTable): VariableType {
  return shape === undefined || shape.length === 0 ? "dyn" : { type: shape, types };
}

function itemsOf(over: Shape): Shape {
  if (over === undefined || over.length === 0) return undefined;
  const found = over.map((one) => (one.startsWith("list<") ? one.slice(5, -1) : one.startsWith("map<") ? "string" : "dyn"));
  return found.includes("dyn") ? undefined : found;
}

/** The types that variables bring along, e.g. those of `variables`. */
function tablesIn(variables: Variables): TypeTable {
  let table: TypeTable = {};
  for (const [name, type] of Object.entries(variables)) {
    if (typeof type === "string") continue;
    if ("types" in type) table = { ...table, ...type.types };
    else
      table = { ...table, [`$${name}`]: Object.fromEntries(type.fields.map((field) => [field, type.shapes?.[field]?.join("|") || "dyn"])) };
  }
  return table;
}

function openParentheses(text: string): number[] {
  const open: number[] = [];
  for (const [at, sign] of signsOf(text)) {
    if (sign === "(") open.push(at);
    else if (sign === ")") open.pop();
  }
  return open;
}

/** The expression that ends here and of which a member is asked: names, calls and places in lists, as far back as they hang together. */
export function receiverOf(text: string): string {
  const end = text.trimEnd().length;
  let at = end;
  for (;;) {
    const closing = text[at - 1];
    if (closing === ")" || closing === "]") {
      const opening = openingOf(text, at - 1);
      if (opening === undefined) return "";
      at = opening;
      // A call goes with its name; parentheses alone are whole.
      const name = /\w+\s*$/.exec(text.slice(0, at));
      if (closing === "]") continue;
      if (!name) break;
      at -= name[0].length;
    } else if (closing === "'" || closing === '"') {
      const opening = text.slice(0, at - 1).lastIndexOf(closing);
      if (opening < 0) return "";
      at = opening;
      break;
    } else {
      const name = /[A-Za-z_]\w*$/.exec(text.slice(0, at));
      if (!name) return "";
      at -= name[0].length;
    }
    const dot = /\.\??\s*$/.exec(text.slice(0, at));
    if (!dot) break;
    at = text.slice(0, dot.index).trimEnd().length;
  }
  return text.slice(at, end);
}

function openingOf(text: string, closing: number): number | undefined {
  const stack: number[] = [];
  for (const [at, sign] of signsOf(text.slice(0, closing + 1))) {
    if ("([{".includes(sign)) stack.push(at);
    else if (at === closing) return stack.at(-1);
    else stack.pop();
  }
  return undefined;
}

/** The parentheses of an expression, those in texts left out. */
function* signsOf(text: string): Generator<[number, string]> {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] as string;
    if (quote !== "") {
      if (sign === "\\") i++;
      else if (sign === quote) quote = "";
    } else if (sign === "'" || sign === '"') quote = sign;
    else if ("()[]{}".includes(sign)) yield [i, sign];
  }
}

/** Whether the end of the text stands in a text of the expression. */
function inText(text: string): boolean {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    if (quote !== "" && text[i] === "\\") i++;
    else if (text[i] === quote) quote = "";
    else if (quote === "" && (text[i] === "'" || text[i] === '"')) quote = text[i] as string;
  }
  return quote !== "";
}
