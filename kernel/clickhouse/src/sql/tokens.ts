/** One word, string, number or sign of a SQL text; white space and comments make no token. */
export interface Token {
  readonly kind: "word" | "string" | "quoted" | "sign";
  /** As written. */
  readonly text: string;
  /** A word in upper case; "" for the other kinds. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** A SQL text that the lexer cannot follow, e.g. a string without its end. */
export class LexError extends Error {}

/**
 * Cuts SQL as the engine's own lexer does: `--`, `#`, `//` and block comments, strings with backslashes and doubled
 * quotes, typographic quotes, `$tag$ here documents $tag$`. What decides about safety must never see a word
 * where the engine sees a string, nor the reverse; a text that might be read in two ways is refused (`LexError`).
 * Lazy: what comes after the last token asked for may be anything, such as the rows of an insert.
 */
export function* tokenize(sql: string): Generator<Token, undefined> {
  for (let at = 0; at < sql.length;) {
    const blank = skipBlank(sql, at);
    if (blank > at) at = blank;
    else {
      const token = readToken(sql, at);
      yield token;
      at = token.end;
    }
  }
}

/** Position after white space and one comment; `at` itself when there is none. */
function skipBlank(sql: string, at: number): number {
  const char = sql.charAt(at);
  if (/\s/.test(char)) return at + 1;
  const two = sql.slice(at, at + 2);
  if (two === "--" || two === "//" || two === "# " || two === "#!") return endOfLine(sql, at);
  if (two !== "/*") return at;
  const end = sql.indexOf("*/", at + 2);
  if (end < 0) throw new LexError("a comment has no end");
  return end + 2;
}

function endOfLine(sql: string, at: number): number {
  const end = sql.indexOf("\n", at);
  return end < 0 ? sql.length : end + 1;
}

function readToken(sql: string, at: number): Token {
  const char = sql.charAt(at);
  if (char === "'") return tokenOf("string", sql, at, endOfQuoted(sql, at, "'"));
  if (char === '"' || char === "`") return tokenOf("quoted", sql, at, endOfQuoted(sql, at, char));
  if (char === "‘" || char === "“") return tokenOf("string", sql, at, endOfTypographic(sql, at, char));
  if (char === "$") {
    const end = endOfHereDocument(sql, at);
    if (end !== undefined) return tokenOf("string", sql, at, end);
  }
  if (char === "\0" || char === "\\") throw new LexError("a backslash or a zero byte stands outside a string");
  WORD.lastIndex = at;
  const word = WORD.exec(sql)?.[0];
  if (word !== undefined) return tokenOf("word", sql, at, at + word.length);
  return tokenOf("sign", sql, at, at + 1);
}

const WORD = /[A-Za-z0-9_$]+/y;

function tokenOf(kind: Token["kind"], sql: string, start: number, end: number): Token {
  const text = sql.slice(start, end);
  return { kind, text, word: kind === "word" ? text.toUpperCase() : "", start, end };
}

function endOfQuoted(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    const char = sql.charAt(i);
    if (char === "\\") i++;
    else if (char === quote) {
      if (sql.charAt(i + 1) !== quote) return i + 1;
      i++;
    }
  }
  throw new LexError(`a ${quote} has no end`);
}

function endOfTypographic(sql: string, at: number, open: string): number {
  const end = sql.indexOf(open === "‘" ? "’" : "”", at + 1);
  if (end < 0) throw new LexError(`a ${open} has no end`);
  return end + 1;
}

function endOfHereDocument(sql: string, at: number): number | undefined {
  const nameEnd = sql.indexOf("$", at + 1);
  if (nameEnd < 0) return undefined;
  const mark = sql.slice(at, nameEnd + 1);
  const end = sql.indexOf(mark, nameEnd + 1);
  return end < 0 ? undefined : end + mark.length;
}
