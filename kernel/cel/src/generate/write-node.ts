import { writeLoop } from "./write-loop.ts";
import type { Writer } from "./writer.ts";

type Node = any;

/** Writes the statements that compute a node, and gives the expression that holds its value. */
export function writeNode(writer: Writer, node: Node): string {
  if (node.meta.alternate) return writeNode(writer, node.meta.alternate);
  if (node.meta.macro) return writeMacro(writer, node);
  switch (node.op) {
    case "value":
      return literal(writer, node);
    case "id":
      return identifier(writer, node);
    case ".":
      return field(writer, node);
    case ".?":
      return boxed(writer, optionalField(writer, node));
    case "||":
    case "&&":
      return logical(writer, node);
    case "!_":
      return not(writer, node);
    case "-_":
      return unary(writer, node);
    case "?:":
      return choice(writer, node);
    case "==":
    case "!=":
      return equality(writer, node);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(writer, node);
    case "in":
      return membership(writer, node);
    case "+":
      return joining(writer, node);
    case "-":
    case "*":
    case "/":
    case "%":
    case "[]":
    case "[?]":
      return binary(writer, node);
    case "list":
      return list(writer, node);
    case "call":
      return call(writer, node);
    case "rcall":
      return method(writer, node);
    case "comprehension":
      return writeLoop(writer, node, writeNode);
    default:
      return asked(writer, node);
  }
}

/** What is not written here, the node is asked for. */
export function asked(writer: Writer, node: Node): string {
  const n = writer.node(node);
  return writer.hold(`${n}.evaluate(ev, ${n}, ${writer.context()})`);
}

function literal(writer: Writer, node: Node): string {
  const value: unknown = node.args;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "boolean" || value === null) return String(value);
  return `${writer.node(node)}.args`;
}

function identifier(writer: Writer, node: Node): string {
  const item = writer.loopVariable(node.args);
  if (item !== undefined) return item;
  if (node.checkedType?.kind !== "dyn") return asked(writer, node);
  return writer.hold(`${writer.root(node.args)} ?? new H.Context(values).getCheckedValue(ev, ${writer.node(node)})`);
}

/** Whether a value is an object of JSON; for the common shapes the place learns that itself. */
function plain(value: string): string {
  return `typeof ${value} === "object" && ${value} !== null && ${value}.constructor === Object`;
}

/** An own field of a plain object, or undefined. What is under no name of every object is its own. */
function own(holder: string, key: string): string {
  const name = JSON.stringify(key);
  return key in Object.prototype ? `(H.hasOwn(${holder}, ${name}) ? ${holder}[${name}] : undefined)` : `${holder}[${name}]`;
}

function field(writer: Writer, node: Node): string {
  const [left, key] = node.args as [Node, string];
  const holder = writeNode(writer, left);
  const n = writer.node(node);
  const value = writer.name();
  if (left.checkedType?.kind !== "dyn") return writer.hold(`${n}.handle(${holder}, ${n}.right, ${n}, ev)`);
  writer.line(`let ${value}; if (${plain(holder)}) ${value} = ${own(holder, key)};`);
  writer.line(`if (${value} === undefined) ${value} = ${n}.handle(${holder}, ${JSON.stringify(key)}, ${n}, ev);`);
  return value;
}

/** The value of an optional field, undefined where there is none: most are read or replaced at once, and need no box. */
function optionalField(writer: Writer, node: Node): string {
  const [left, key] = node.args as [Node, string];
  const n = writer.node(node);
  const value = writer.name();
  const name = JSON.stringify(key);
  const nested = isOptionalField(left);
  const found = nested ? optionalField(writer, left) : writeNode(writer, left);
  let holder = found;
  if (!nested && left.checkedType?.kind !== "map") {
    holder = writer.name();
    writer.line(
      `let ${holder} = ${found}; if (${holder} instanceof H.Optional) ${holder} = ${holder}.hasValue() ? ${holder}.value() : undefined;`,
    );
  }
  const given = nested ? box(found) : found;
  writer.line(`let ${value}; if (${holder} !== undefined) { if (${plain(holder)}) ${value} = ${own(holder, key)};`);
  writer.line(`else { const o = ${n}.handle(${given}, ${name}, ${n}, ev); ${value} = o.hasValue() ? o.value() : undefined; } }`);
  return value;
}

function isOptionalField(node: Node): boolean {
  return node.op === ".?" && !node.meta.alternate && !node.meta.macro;
}

function box(value: string): string {
  return `(${value} === undefined ? H.NONE : H.Optional.of(${value}))`;
}

function boxed(writer: Writer, value: string): string {
  return writer.hold(box(value));
}

function logical(writer: Writer, node: Node): string {
  const decisive = node.op === "||";
  const [left, right, result] = [writer.name(), writer.name(), writer.name()];
  writer.line(`let ${left}, ${result}; try {`);
  writer.line(`${left} = ${writeNode(writer, node.args[0])};`);
  writer.line(`} catch (thrown) { ${left} = thrown; }`);
  writer.line(`if (${left} === ${decisive}) ${result} = ${decisive}; else {`);
  writer.line(`const ${right} = ${writeNode(writer, node.args[1])};`);
  writer.line(
    `${result} = ${left} === ${!decisive} && (${right} === true || ${right} === false) ? ${right} : H.logical(${decisive}, ev, ${writer.node(node)}, ${left}, ${right}); }`,
  );
  return result;
}

function not(writer: Writer, node: Node): string {
  const value = writeNode(writer, node.args);
  const n = writer.node(node);
  return writer.hold(`${value} === true ? false : ${value} === false ? true : ${n}.handle(${value}, ${n}, ev)`);
}

function unary(writer: Writer, node: Node): string {
  const value = writeNode(writer, node.args);
  const n = writer.node(node);
  return writer.hold(`${n}.handle(${value}, ${n}, ev)`);
}

function choice(writer: Writer, node: Node): string {
  const result = writer.name();
  const n = writer.node(node);
  const condition = writeNode(writer, node.args[0]);
  writer.line(`let ${result}; if (${condition} === true) {`);
  writer.line(`${result} = ${writeNode(writer, node.args[1])};`);
  writer.line(`} else if (${condition} === false) {`);
  writer.line(`${result} = ${writeNode(writer, node.args[2])};`);
  // Neither: the node says so.
  writer.line(`} else ${result} = ${n}.handle(${condition}, ev, ${n}, undefined);`);
  return result;
}

function equality(writer: Writer, node: Node): string {
  const sign = node.op === "==" ? "===" : "!==";
  const [a, b] = both(writer, node);
  const n = writer.node(node);
  const quick = `typeof ${a} === typeof ${b} && (typeof ${a} === "string" || typeof ${a} === "bigint" || typeof ${a} === "boolean")`;
  return writer.hold(`(${quick}) || ${a} === null || ${b} === null ? ${a} ${sign} ${b} : ${n}.handle(${a}, ${b}, ${n}, ev)`);
}

function order(writer: Writer, node: Node): string {
  const [a, b] = both(writer, node);
  const n = writer.node(node);
  return writer.hold(`typeof ${a} === "bigint" && typeof ${b} === "bigint" ? ${a} ${node.op} ${b} : ${n}.handle(${a}, ${b}, ${n}, ev)`);
}

function membership(writer: Writer, node: Node): string {
  const [wanted, among] = both(writer, node);
  const n = writer.node(node);
  const result = writer.name();
  writer.line(`let ${result}; if (typeof ${wanted} === "string" && Array.isArray(${among})) {`);
  writer.line(`H.charge(${among}.length >> 4); ${result} = ${among}.includes(${wanted});`);
  writer.line(`} else if (typeof ${wanted} === "string" && H.isPlain(${among})) ${result} = H.hasOwn(${among}, ${wanted});`);
  writer.line(`else ${result} = ${n}.handle(${wanted}, ${among}, ${n}, ev);`);
  return result;
}

function joining(writer: Writer, node: Node): string {
  const [a, b] = both(writer, node);
  const n = writer.node(node);
  const result = writer.name();
  writer.line(`let ${result}; if (typeof ${a} === "string" && typeof ${b} === "string") {`);
  writer.line(`H.charge((${a}.length + ${b}.length) >> 8); ${result} = ${a} + ${b};`);
  writer.line(`} else if (Array.isArray(${a}) && Array.isArray(${b})) ${result} = H.joinLists(${a}, ${b});`);
  writer.line(`else ${result} = ${n}.handle(${a}, ${b}, ${n}, ev);`);
  return result;
}

function binary(writer: Writer, node: Node): string {
  const [a, b] = both(writer, node);
  const n = writer.node(node);
  return writer.hold(`${n}.handle(${a}, ${b}, ${n}, ev)`);
}

function both(writer: Writer, node: Node): [string, string] {
  return [writeNode(writer, node.args[0]), writeNode(writer, node.args[1])];
}

function list(writer: Writer, node: Node): string {
  return writer.hold(`[${backwards(writer, node.args)}]`);
}

/** As the engine computes several at once: the last first, which is seen only by which of two errors is told. */
function backwards(writer: Writer, nodes: readonly Node[]): string {
  return nodes
    .toReversed()
    .map((node) => writeNode(writer, node))
    .toReversed()
    .join(", ");
}

function call(writer: Writer, node: Node): string {
  const args: Node[] = node.args[1];
  const n = writer.node(node);
  const values = backwards(writer, args);
  if (args.length !== 1) return writer.hold(`${n}.handle([${values}], ${n}, ev)`);
  return writer.hold(`typeof ${values} === "string" ? H.textCall(${n}, ev, ${values}) : ${n}.handle([${values}], ${n}, ev)`);
}

/** Functions of a text and another, as JavaScript has them. */
const TESTS: Record<string, string> = { startsWith: "startsWith", endsWith: "endsWith", contains: "includes" };

function method(writer: Writer, node: Node): string {
  const [name, receiver, args] = node.args as [string, Node, Node[]];
  const n = writer.node(node);
  if (args.length === 0 && name === "hasValue" && isOptionalField(receiver)) return `(${optionalField(writer, receiver)} !== undefined)`;
  if (args.length === 0) {
    const over = writeNode(writer, receiver);
    const asking = `${n}.handle([${over}], ev, ${n})`;
    return writer.hold(name === "size" ? `Array.isArray(${over}) ? BigInt(${over}.length) : ${asking}` : asking);
  }
  if (args.length > 1) return writer.hold(`${n}.handle([${backwards(writer, [receiver, ...args])}], ev, ${n})`);
  const [over, other] = [writeNode(writer, receiver), writeNode(writer, args[0])];
  const result = writer.name();
  const test = Object.hasOwn(TESTS, name) ? `${over}.${TESTS[name]}(${other})` : `H.textMethod(${n}, ev, ${over}, ${other})`;
  writer.line(`let ${result}; if (typeof ${over} === "string" && typeof ${other} === "string") {`);
  writer.line(`if (${over}.length > 256) H.charge(${over}.length >> 4); ${result} = ${test};`);
  writer.line(`} else ${result} = ${n}.handle([${over}, ${other}], ev, ${n});`);
  return result;
}

function writeMacro(writer: Writer, node: Node): string {
  const { macro } = node.meta;
  if (macro.macroHasProps) return has(writer, node);
  if (node.op === "rcall" && node.args[0] === "orValue") return orValue(writer, node);
  // A macro that only computes its parts, one after another, and then says what comes of them.
  if (macro.parts !== undefined) {
    const values = macro.parts.map((part: Node) => writeNode(writer, part)).join(", ");
    const n = writer.node(node);
    return writer.hold(`${n}.meta.macro.apply(ev, ${n}.meta.macro, ${values})`);
  }
  return asked(writer, node);
}

/** `has(a.b.c)`: through plain objects; where one is missing on the way, the node words the error. */
function has(writer: Writer, node: Node): string {
  const [root, ...steps] = (node.meta.macro.macroHasProps as readonly Node[]).toReversed() as [Node, ...Node[]];
  const [result, label] = [writer.name(), writer.name("b")];
  const n = writer.node(node);
  const ask = `{ ${result} = ${n}.meta.macro.evaluate(ev, ${n}.meta.macro, ${writer.context()}); break ${label}; }`;
  let at = writeNode(writer, root);
  writer.line(`let ${result} = true; ${label}: {`);
  for (const [i, { args }] of steps.entries()) {
    writer.line(`if (!(${plain(at)})) ${ask}`);
    const next = writer.hold(own(at, args[1]));
    writer.line(`if (${next} === undefined) ${i === steps.length - 1 ? `{ ${result} = false; break ${label}; }` : ask}`);
    at = next;
  }
  writer.line("}");
  return result;
}

function orValue(writer: Writer, node: Node): string {
  const [, receiver, [otherwise]] = node.args as [string, Node, [Node]];
  const result = writer.name();
  if (isOptionalField(receiver)) {
    writer.line(`let ${result} = ${optionalField(writer, receiver)}; if (${result} === undefined) {`);
    writer.line(`${result} = ${writeNode(writer, otherwise)}; }`);
    return result;
  }
  const found = writeNode(writer, receiver);
  const n = writer.node(node);
  writer.line(
    `let ${result}; if (!(${found} instanceof H.Optional)) ${result} = ${n}.meta.macro.evaluate(ev, ${n}.meta.macro, ${writer.context()});`,
  );
  writer.line(`else if (${found}.hasValue()) ${result} = ${found}.value(); else {`);
  writer.line(`${result} = ${writeNode(writer, otherwise)}; }`);
  return result;
}
