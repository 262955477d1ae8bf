import { refuse } from "./refuse.ts";

export interface Token {
  readonly kind: "number" | "duration" | "string" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
  /** Of a number; of a duration in milliseconds. */
  readonly value: number;
}

const SPACE = /(?:\s+|#[^\n]*)+/y;
const DURATION = /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_:][\w:]*/y;
const AFTER_RANGE = /:/y;
const TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;
const SIGN = /=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}[\],:@]/y;

/** Words of a query with where each stands. Throws INVALID for what is none. */
export function lex(query: string): Token[] {
  const tokens: Token[] = [];
  let pos = 0;
  let brackets = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = pos;
    return pattern.exec(query)?.[0];
  };
  const push = (kind: Token["kind"], text: string, value = 0): void => {
    tokens.push({ kind, text, at: pos, value });
    if (text === "[") brackets++;
    if (text === "]") brackets--;
    pos += text.length;
  };
  while (pos < query.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      pos += space.length;
      continue;
    }
    const duration = match(DURATION);
    const number = match(NUMBER);
    // Within brackets a colon begins a subquery and no name.
    const inRange = brackets > 0 ? match(AFTER_RANGE) : undefined;
    const name = inRange === undefined ? match(NAME) : undefined;
    const text = match(TEXT);
    const sign = match(SIGN);
    if (duration !== undefined) push("duration", duration, millisecondsOf(duration));
    else if (number !== undefined) push("number", number, Number(number));
    else if (name !== undefined) push("name", name);
    else if (text !== undefined) push("string", text);
    else if (sign !== undefined) push("sign", sign);
    else throw refuse(`${JSON.stringify(query[pos])} means nothing here`, pos);
  }
  tokens.push({ kind: "end", text: "", at: query.length, value: 0 });
  return tokens;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

function millisecondsOf(duration: string): number {
  let sum = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}

/** A text without its quotes. */
export function unquote(token: Token): string {
  const inner = token.text.slice(1, -1);
  if (token.text.startsWith("`")) return inner;
  return inner.replaceAll(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/g, (_all, four?: string, two?: string, one?: string) => {
    const code = four ?? two;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return ESCAPES[one ?? ""] ?? one ?? "";
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v" };
