/** Why an expression cannot be read or translated, and at which column of it. */
export class TranslationFault extends Error {
  readonly column: number;

  constructor(column: number, reason: string) {
    super(reason);
    this.name = "TranslationFault";
    this.column = column;
  }
}

export interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
  /** Column, from 1. */
  readonly at: number;
}

const LONGEST = 2_000;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)/y;
const NAME = /[A-Za-z_$][\w$]*/y;
const SIGN = /\?\?|\?\.|\*\*|\.\.|[=!<>]=|&&|\|\||[-+*/%^<>!?:.,;#()[\]{}|]/y;
const SPACE = /\s+/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/** The words of an expression in expr-lang. The last is its end. */
export function readTokens(expression: string): readonly Token[] {
  if (expression.length > LONGEST) throw new TranslationFault(LONGEST, `it is longer than ${LONGEST} characters`);
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(expression)?.[0];
  };
  while (at < expression.length) {
    const column = at + 1;
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const quote = expression[at]!;
    if (quote === '"' || quote === "'" || quote === "`") {
      const { text, end } = readText(expression, at, quote);
      tokens.push({ kind: "text", text, at: column });
      at = end;
      continue;
    }
    const [number, name, sign] = [match(NUMBER), match(NAME), match(SIGN)];
    const found = number ?? name ?? sign;
    if (found === undefined) throw new TranslationFault(column, `${quote} has no meaning here`);
    tokens.push({ kind: number !== undefined ? "number" : name !== undefined ? "name" : "sign", text: found, at: column });
    at += found.length;
  }
  return [...tokens, { kind: "end", text: "", at: at + 1 }];
}

function readText(expression: string, from: number, quote: string): { readonly text: string; readonly end: number } {
  let text = "";
  for (let at = from + 1; at < expression.length; at++) {
    const here = expression[at]!;
    if (here === quote) return { text, end: at + 1 };
    if (here !== "\\" || quote === "`") {
      text += here;
      continue;
    }
    const escaped = ESCAPES[expression[++at] ?? ""];
    if (escaped === undefined) throw new TranslationFault(at + 1, "this escape is not known");
    text += escaped;
  }
  throw new TranslationFault(from + 1, "the text does not end");
}
