import type { AggregateExpr, BinaryExpr, Expr, Matcher, Matching, SelectorExpr, ValueType } from "./ast.ts";
import { AGGREGATES, FUNCTIONS } from "./functions.ts";
import { lex, unquote, type Token } from "./lex.ts";
import { refuse } from "./refuse.ts";

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<=": 3,
  "<": 3,
  ">=": 3,
  ">": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 7,
};
const UNARY = 6;
const COMPARISONS = new Set(["==", "!=", "<=", "<", ">=", ">"]);
const SETS = new Set(["and", "or", "unless"]);
const MOST_CHARACTERS = 20_000;
const MOST_DEPTH = 100;

export const isComparison = (op: string): boolean => COMPARISONS.has(op);
export const isSet = (op: string): boolean => SETS.has(op);

/** Reads PromQL. Throws INVALID, with the place, for what is wrong and for what is not supported. */
export function parsePromql(query: string): Expr {
  if (query.length > MOST_CHARACTERS) throw refuse(`a query has at most ${MOST_CHARACTERS} characters`, 0);
  const parser = createParser(lex(query));
  const expr = parser.expression(0);
  parser.end();
  return expr;
}

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
      return expr.rangeMs === undefined ? "vector" : "matrix";
    case "aggregate":
      return "vector";
    case "call":
      return FUNCTIONS[expr.name]?.returns ?? "vector";
    case "negate":
      return typeOf(expr.of);
    case "binary":
      return typeOf(expr.left) === "scalar" && typeOf(expr.right) === "scalar" ? "scalar" : "vector";
  }
}

function createParser(tokens: readonly Token[]) {
  let pos = 0;
  let depth = 0;
  const peek = (): Token => tokens[pos] as Token;
  const next = (): Token => tokens[pos++] as Token;
  const is = (text: string): boolean => (peek().kind === "sign" || peek().kind === "name") && peek().text === text;
  const isWord = (word: string): boolean => peek().kind === "name" && peek().text.toLowerCase() === word;
  const accept = (text: string): boolean => is(text) && next() !== undefined;
  const shown = ({ kind, text }: Token): string => (kind === "end" ? "the end" : JSON.stringify(text));

  function expect(text: string): Token {
    if (!is(text)) throw refuse(`expected ${JSON.stringify(text)} and found ${shown(peek())}`, peek().at);
    return next();
  }

  function expression(least: number): Expr {
    if (++depth > MOST_DEPTH) throw refuse(`a query is nested at most ${MOST_DEPTH} deep`, peek().at);
    let left = unary();
    for (;;) {
      const op = operator();
      const precedence = op === undefined ? undefined : PRECEDENCE[op];
      if (op === undefined || precedence === undefined || precedence < least) break;
      const { at } = next();
      const bool = isWord("bool") && next() !== undefined;
      const matching = readMatching();
      // Only the power binds to the right.
      const right = expression(op === "^" ? precedence : precedence + 1);
      left = checked({ kind: "binary", at, op, bool, matching, left, right });
    }
    depth--;
    return left;
  }

  function operator(): string | undefined {
    const { kind, text } = peek();
    const op = kind === "name" ? text.toLowerCase() : text;
    return (kind === "sign" || kind === "name") && Object.hasOwn(PRECEDENCE, op) ? op : undefined;
  }

  function unary(): Expr {
    const { at } = peek();
    if (accept("+")) return expression(UNARY);
    if (accept("-")) {
      const of = expression(UNARY);
      if (of.kind === "number") return { ...of, at, value: -of.value };
      if (!["scalar", "vector"].includes(typeOf(of))) throw refuse("only numbers and instant vectors can be negated", at);
      return { kind: "negate", at, of };
    }
    return modified(primary());
  }

  function modified(of: Expr): Expr {
    let expr = of;
    for (;;) {
      if (is("[")) expr = ranged(expr);
      else if (isWord("offset")) expr = shifted(expr);
      else if (is("@")) throw refuse("@ is not supported", peek().at, "Use offset, or another time for the query.");
      else return expr;
    }
  }

  function ranged(of: Expr): SelectorExpr {
    const { at } = next();
    const range = duration();
    if (is(":")) throw refuse("subqueries are not supported", at, "Use a range of a selector, e.g. max_over_time(x[5m]).");
    expect("]");
    if (of.kind !== "selector" || of.rangeMs !== undefined) throw refuse("only a selector can have a range", at);
    if (of.offsetMs !== 0) throw refuse("offset stands behind the range", at);
    if (range <= 0) throw refuse("a range is longer than 0", at);
    return { ...of, rangeMs: range };
  }

  function shifted(of: Expr): SelectorExpr {
    const { at } = next();
    const back = accept("-") ? -duration() : duration();
    if (of.kind !== "selector") throw refuse("only a selector can have an offset", at);
    return { ...of, offsetMs: back };
  }

  function duration(): number {
    const token = next();
    if (token.kind === "duration") return token.value;
    if (token.kind === "number") return token.value * 1_000;
    throw refuse(`expected a duration like 5m and found ${shown(token)}`, token.at);
  }

  function primary(): Expr {
    const token = next();
    const { at, text } = token;
    if (token.kind === "number") return { kind: "number", at, value: token.value };
    if (token.kind === "duration") return { kind: "number", at, value: token.value / 1_000 };
    if (token.kind === "string") return { kind: "string", at, value: unquote(token) };
    if (text === "(" && token.kind === "sign") {
      const inner = expression(0);
      expect(")");
      return inner;
    }
    if (text === "{" && token.kind === "sign") return selector(at, undefined);
    if (token.kind !== "name") throw refuse(`expected a metric, a number or a function and found ${shown(token)}`, at);
    const word = text.toLowerCase();
    if (is("{")) {
      next();
      return selector(at, text);
    }
    if (Object.hasOwn(AGGREGATES, word) && (is("(") || isWord("by") || isWord("without"))) return aggregate(at, word);
    if (is("(")) return call(at, text);
    if (word === "inf") return { kind: "number", at, value: Number.POSITIVE_INFINITY };
    if (word === "nan") return { kind: "number", at, value: Number.NaN };
    return selector(at, text, true);
  }

  function selector(at: number, name: string | undefined, bare = false): SelectorExpr {
    const matchers: Matcher[] = name === undefined ? [] : [{ label: "__name__", op: "=", value: name }];
    while (!bare && !accept("}")) {
      const label = next();
      if (label.kind === "string") {
        // A name in quotes: for those that are no words.
        if (is(",") || is("}")) matchers.push({ label: "__name__", op: "=", value: unquote(label) });
        else matchers.push(matcher(unquote(label)));
      } else if (label.kind === "name") matchers.push(matcher(label.text));
      else throw refuse(`expected a label and found ${shown(label)}`, label.at);
      if (!is("}")) expect(",");
    }
    if (!matchers.some((each) => !fitsAbsent(each)))
      throw refuse("a selector needs at least one matcher that does not fit everything", at, "Name a metric, or the value of a label.");
    return { kind: "selector", at, matchers, offsetMs: 0 };
  }

  function matcher(label: string): Matcher {
    const op = next();
    const value = next();
    if (!["=", "!=", "=~", "!~"].includes(op.text)) throw refuse(`expected =, !=, =~ or !~ and found ${shown(op)}`, op.at);
    if (value.kind !== "string") throw refuse(`expected a text in quotes and found ${shown(value)}`, value.at);
    return { label, op: op.text as Matcher["op"], value: unquote(value) };
  }

  function labelList(): string[] {
    expect("(");
    const labels: string[] = [];
    while (!accept(")")) {
      const token = next();
      if (token.kind !== "name" && token.kind !== "string") throw refuse(`expected a label and found ${shown(token)}`, token.at);
      labels.push(token.kind === "string" ? unquote(token) : token.text);
      if (!is(")")) expect(",");
    }
    return labels;
  }

  function aggregate(at: number, op: string): AggregateExpr {
    const grouping = () => {
      if (isWord("by") || isWord("without")) return { without: next().text.toLowerCase() === "without", labels: labelList() };
      return undefined;
    };
    const before = grouping();
    const args = argumentsOf();
    const { without, labels } = before ?? grouping() ?? { without: false, labels: [] };
    const wanted = AGGREGATES[op] === true ? 2 : 1;
    if (args.length !== wanted) throw refuse(`${op} takes ${wanted} arguments and has ${args.length}`, at);
    const of = args.at(-1) as Expr;
    if (typeOf(of) !== "vector") throw refuse(`${op} takes an instant vector and has a ${typeOf(of)}`, of.at);
    const parameter = wanted === 2 ? args[0] : undefined;
    if (parameter !== undefined && typeOf(parameter) !== "scalar") throw refuse(`${op} takes a number first`, parameter.at);
    return { kind: "aggregate", at, op, without, labels, of, ...(parameter === undefined ? {} : { parameter }) };
  }

  function argumentsOf(): Expr[] {
    expect("(");
    const args: Expr[] = [];
    while (!accept(")")) {
      args.push(expression(0));
      if (!is(")")) expect(",");
    }
    return args;
  }

  function call(at: number, name: string): Expr {
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined)
      throw refuse(`the function ${name} is not supported`, at, `There are: ${Object.keys(FUNCTIONS).toSorted().join(", ")}.`);
    const args = argumentsOf();
    const most = known.takes.length;
    const least = most - (known.optional ?? 0);
    if (args.length < least || (args.length > most && known.more !== true))
      throw refuse(`${name} takes ${least === most ? most : `${least} to ${most}`} arguments and has ${args.length}`, at);
    for (const [i, arg] of args.entries()) {
      const wanted = known.takes[Math.min(i, most - 1)];
      if (typeOf(arg) !== wanted) throw refuse(`${name} takes ${WORDS[wanted ?? "vector"]} here and has ${WORDS[typeOf(arg)]}`, arg.at);
    }
    return { kind: "call", at, name, args };
  }

  function readMatching(): Matching {
    if (!isWord("on") && !isWord("ignoring")) return { include: [] };
    const key = next().text.toLowerCase();
    const labels = labelList();
    const by = key === "on" ? { on: labels } : { ignoring: labels };
    if (!isWord("group_left") && !isWord("group_right")) return { ...by, include: [] };
    const many = next().text.toLowerCase() === "group_left" ? "left" : "right";
    return { ...by, many, include: is("(") ? labelList() : [] };
  }

  return {
    expression,
    end() {
      if (peek().kind !== "end") throw refuse(`the query is over before ${shown(peek())}`, peek().at);
    },
  };
}

const WORDS: Readonly<Record<ValueType, string>> = {
  scalar: "a number",
  vector: "an instant vector",
  matrix: "a range vector, like x[5m],",
  string: "a text",
};

/** Fits a series that does not have the label, so that it selects nearly everything. */
function fitsAbsent({ op, value }: Matcher): boolean {
  if (op === "=") return value === "";
  if (op === "!=") return value !== "";
  return op === "=~" ? fitsEmpty(value) : !fitsEmpty(value);
}

function fitsEmpty(pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test("");
  } catch {
    // The store's syntax has more than ours; what is no pattern there is refused there.
    return false;
  }
}

function checked(expr: BinaryExpr): BinaryExpr {
  const { op, at, bool, matching } = expr;
  const [left, right] = [typeOf(expr.left), typeOf(expr.right)];
  for (const [type, side] of [
    [left, expr.left],
    [right, expr.right],
  ] as const)
    if (type !== "scalar" && type !== "vector") throw refuse(`${op} works on numbers and instant vectors and has ${WORDS[type]}`, side.at);
  const scalars = left === "scalar" && right === "scalar";
  if (bool && !isComparison(op)) throw refuse(`bool is for comparisons and not for ${op}`, at);
  if (scalars && isComparison(op) && !bool) throw refuse("comparing two numbers needs bool", at);
  if (isSet(op) && (left !== "vector" || right !== "vector")) throw refuse(`${op} works on instant vectors`, at);
  if (isSet(op) && matching.many !== undefined) throw refuse(`${op} has no group_${matching.many}`, at);
  if ((matching.on ?? matching.ignoring) !== undefined && (left === "scalar" || right === "scalar"))
    throw refuse("on and ignoring are for two instant vectors", at);
  return expr;
}
