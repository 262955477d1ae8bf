import { readTokens, TranslationFault, type Token } from "./tokens.ts";

export { TranslationFault } from "./tokens.ts";

/** A piece of the expression in CEL, and what is known of its value. Numbers are always doubles: CEL does not mix them with whole ones. */
interface Piece {
  readonly cel: string;
  readonly is: "number" | "text" | "yes-no" | "list" | "unknown";
}

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const TEXT_WORDS: Readonly<Record<string, string>> = {
  contains: "contains",
  startsWith: "startsWith",
  endsWith: "endsWith",
  matches: "matches",
};
/** What goes through a list, with a condition in braces. */
const PREDICATES: Readonly<Record<string, (list: string, name: string, condition: string) => Piece>> = {
  all: (list, name, condition) => ({ cel: `${list}.all(${name}, ${condition})`, is: "yes-no" }),
  any: (list, name, condition) => ({ cel: `${list}.exists(${name}, ${condition})`, is: "yes-no" }),
  none: (list, name, condition) => ({ cel: `!${list}.exists(${name}, ${condition})`, is: "yes-no" }),
  one: (list, name, condition) => ({ cel: `${list}.exists_one(${name}, ${condition})`, is: "yes-no" }),
  filter: (list, name, condition) => ({ cel: `${list}.filter(${name}, ${condition})`, is: "list" }),
  count: (list, name, condition) => ({ cel: `double(size(${list}.filter(${name}, ${condition})))`, is: "number" }),
};
const FUNCTIONS = new Set(["default", "len", "isNaN", "isInf", "isNil", "asInt", "int", "asFloat", "float", "abs", "string", "lower"]);
const MOST_DEPTH = 40;

/**
 * A condition of an AnalysisTemplate, which is written in expr-lang over `result`, in CEL. Throws `TranslationFault` with the column for whatever has no
 * counterpart here: a condition that means something else would let a bad release pass.
 */
export function toCel(expression: string): string {
  const tokens = readTokens(expression);
  const items: string[] = [];
  let at = 0;
  let depth = 0;

  const peek = (): Token => tokens[at]!;
  const isNext = (...texts: string[]): boolean => peek().kind !== "text" && texts.includes(peek().text);

  function take(text?: string): Token {
    const token = peek();
    if (text !== undefined && !isNext(text)) throw new TranslationFault(token.at, `${shown(token)} stands where ${text} is expected`);
    at++;
    return token;
  }

  function whole(): Piece {
    if (++depth > MOST_DEPTH) throw new TranslationFault(peek().at, "it is nested too deeply");
    const piece = choice();
    depth--;
    return piece;
  }

  function choice(): Piece {
    const condition = either();
    if (isNext("??")) throw new TranslationFault(peek().at, "?? has no counterpart here: write default(value, other)");
    if (!isNext("?")) return condition;
    take();
    const yes = whole();
    take(":");
    const no = whole();
    return { cel: `(${condition.cel} ? ${yes.cel} : ${no.cel})`, is: yes.is === no.is ? yes.is : "unknown" };
  }

  function either(): Piece {
    return chain(both, ["||", "or"], (left, right) => ({ cel: `(${left.cel} || ${right.cel})`, is: "yes-no" }));
  }

  function both(): Piece {
    return chain(comparison, ["&&", "and"], (left, right) => ({ cel: `(${left.cel} && ${right.cel})`, is: "yes-no" }));
  }

  function comparison(): Piece {
    let left = sum();
    for (;;) {
      const { text } = peek();
      if (isNext(...COMPARISONS)) left = compared(left, take().text, sum());
      else if (isNext("in")) left = within(left, (take(), sum()));
      else if (isNext("not") && tokens[at + 1]?.text === "in") left = negated(within(left, (take(), take(), sum())));
      else if (peek().kind === "name" && Object.hasOwn(TEXT_WORDS, text)) {
        take();
        left = { cel: `${left.cel}.${TEXT_WORDS[text]}(${sum().cel})`, is: "yes-no" };
      } else return left;
    }
  }

  function sum(): Piece {
    return chain(product, ["+", "-"], (left, right, sign) =>
      sign === "+" && (left.is === "text" || right.is === "text")
        ? { cel: `(${left.cel} + ${right.cel})`, is: "text" }
        : { cel: `(${numeric(left)} ${sign} ${numeric(right)})`, is: "number" },
    );
  }

  function product(): Piece {
    return chain(unary, ["*", "/", "%"], (left, right, sign) =>
      sign === "%"
        ? { cel: `double(int(${left.cel}) % int(${right.cel}))`, is: "number" }
        : { cel: `(${numeric(left)} ${sign} ${numeric(right)})`, is: "number" },
    );
  }

  function unary(): Piece {
    if (isNext("!", "not")) return (take(), negated(unary()));
    if (isNext("-")) return (take(), { cel: `(-${numeric(unary())})`, is: "number" });
    if (isNext("+")) return (take(), { cel: numeric(unary()), is: "number" });
    const piece = parts(first());
    if (isNext("**", "^", "|", "..", ";")) throw new TranslationFault(peek().at, `${peek().text} has no counterpart here`);
    return piece;
  }

  /** Fields and places: `.name`, `["name"]`, `[0]`. */
  function parts(start: Piece): Piece {
    let piece = start;
    for (;;) {
      if (isNext("?.")) throw new TranslationFault(peek().at, "?. has no counterpart here: ask for nil first, as in a != nil && a.b > 1");
      if (isNext(".")) {
        take();
        const name = take();
        if (name.kind !== "name") throw new TranslationFault(name.at, `${shown(name)} is no field`);
        piece = { cel: `${piece.cel}[${quoted(name.text)}]`, is: "unknown" };
      } else if (isNext("[")) {
        take();
        const fixed = tokens[at]!.kind === "number" && /^\d+$/.test(peek().text) && tokens[at + 1]?.text === "]" ? peek().text : undefined;
        const place = whole();
        if (isNext(":")) throw new TranslationFault(peek().at, "a part of a list has no counterpart here");
        take("]");
        piece = { cel: `${piece.cel}[${fixed ?? (place.is === "number" ? `int(${place.cel})` : place.cel)}]`, is: "unknown" };
      } else return piece;
    }
  }

  function first(): Piece {
    const token = take();
    if (token.kind === "number") return { cel: asDouble(token), is: "number" };
    if (token.kind === "text") return { cel: quoted(token.text), is: "text" };
    if (token.kind === "end") throw new TranslationFault(token.at, "it ends too early");
    if (token.text === "(") {
      const inner = whole();
      take(")");
      return { ...inner, cel: `(${inner.cel})` };
    }
    if (token.text === "[") return list();
    if (token.text === "#") return item(token);
    // Within braces `.name` is a field of what is looked at.
    if (token.text === "." && items.length > 0 && peek().kind === "name") return (at--, item(token));
    if (token.kind === "name") return isNext("(") ? called(token) : named(token);
    throw new TranslationFault(token.at, `${shown(token)} has no counterpart here`);
  }

  function list(): Piece {
    const members: Piece[] = [];
    while (!isNext("]")) {
      members.push(whole());
      if (!isNext("]")) take(",");
    }
    take("]");
    return { cel: `[${members.map(({ cel }) => cel).join(", ")}]`, is: members.every(({ is }) => is === "number") ? "list" : "unknown" };
  }

  function item(token: Token): Piece {
    const name = items.at(-1);
    if (name === undefined) throw new TranslationFault(token.at, "# stands outside of braces, so there is nothing it could mean");
    return { cel: name, is: "unknown" };
  }

  function named({ text, at: column }: Token): Piece {
    if (text === "result") return { cel: "result", is: "unknown" };
    if (text === "true" || text === "false") return { cel: text, is: "yes-no" };
    if (text === "nil") return { cel: "null", is: "unknown" };
    throw new TranslationFault(column, `${text} is not known: there is only result`);
  }

  function called({ text, at: column }: Token): Piece {
    take("(");
    const predicate = Object.hasOwn(PREDICATES, text) ? PREDICATES[text] : undefined;
    if (predicate === undefined && !FUNCTIONS.has(text)) throw new TranslationFault(column, `${text}() has no counterpart here`);
    const args: Piece[] = [];
    while (!isNext(")")) {
      args.push(args.length === 1 && predicate !== undefined ? closure() : whole());
      if (!isNext(")")) take(",");
    }
    take(")");
    const [one, two] = args;
    if (predicate !== undefined && one !== undefined && two !== undefined && args.length === 2)
      return predicate(one.cel, `x${items.length}`, two.cel);
    const made = one === undefined ? undefined : byName(text, one, two, args.length);
    if (made === undefined) throw new TranslationFault(column, `${text}(${args.map(() => "…").join(", ")}) has no counterpart here`);
    return made;
  }

  function closure(): Piece {
    const braced = isNext("{");
    if (braced) take();
    items.push(`x${items.length}`);
    const inner = whole();
    items.pop();
    if (braced) take("}");
    return inner;
  }

  function chain(next: () => Piece, signs: readonly string[], join: (left: Piece, right: Piece, sign: string) => Piece): Piece {
    let left = next();
    while (isNext(...signs)) {
      const sign = take().text;
      left = join(left, next(), sign);
    }
    return left;
  }

  const made = whole();
  if (peek().kind !== "end") throw new TranslationFault(peek().at, `${shown(peek())} has no counterpart here`);
  if (made.is !== "yes-no" && made.is !== "unknown") throw new TranslationFault(1, "it gives neither yes nor no");
  return made.cel;
}

function byName(name: string, one: Piece, two: Piece | undefined, count: number): Piece | undefined {
  if (name === "default" && two !== undefined && count === 2)
    return { cel: `(${one.cel} == null ? ${two.cel} : ${one.cel})`, is: one.is === two.is ? one.is : "unknown" };
  if (count !== 1) return undefined;
  const number = numeric(one);
  const made: Readonly<Record<string, Piece>> = {
    len: { cel: `double(size(${one.cel}))`, is: "number" },
    isNaN: { cel: `(${number} != ${number})`, is: "yes-no" },
    isInf: { cel: `(${number} == double("Infinity") || ${number} == double("-Infinity"))`, is: "yes-no" },
    isNil: { cel: `(${one.cel} == null)`, is: "yes-no" },
    asInt: { cel: `double(int(${one.cel}))`, is: "number" },
    int: { cel: `double(int(${one.cel}))`, is: "number" },
    asFloat: { cel: number, is: "number" },
    float: { cel: number, is: "number" },
    abs: { cel: `(${number} < 0.0 ? -${number} : ${number})`, is: "number" },
    string: { cel: `string(${one.cel})`, is: "text" },
    lower: { cel: `${one.cel}.lowerAscii()`, is: "text" },
  };
  return made[name];
}

function compared(left: Piece, sign: string, right: Piece): Piece {
  const isNumeric = left.is === "number" || right.is === "number";
  // Of two things nobody knows anything about only numbers have an order that both languages agree on.
  const ordered = sign !== "==" && sign !== "!=" && left.is === "unknown" && right.is === "unknown";
  const [a, b] = isNumeric || ordered ? [numeric(left), numeric(right)] : [left.cel, right.cel];
  return { cel: `(${a} ${sign} ${b})`, is: "yes-no" };
}

function within(left: Piece, right: Piece): Piece {
  return { cel: `(${right.is === "list" ? numeric(left) : left.cel} in ${right.cel})`, is: "yes-no" };
}

function negated({ cel }: Piece): Piece {
  return { cel: `!(${cel})`, is: "yes-no" };
}

function numeric({ cel, is }: Piece): string {
  return is === "number" ? cel : `double(${cel})`;
}

function asDouble({ text, at }: Token): string {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isFinite(value)) throw new TranslationFault(at, `${text} is no number`);
  const said = String(value);
  return /^\d+$/.test(said) ? `${said}.0` : said;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function shown({ kind, text }: Token): string {
  return kind === "end" ? "its end" : kind === "text" ? quoted(text) : text;
}
