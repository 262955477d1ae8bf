import { LexError, tokenize, type Token } from "./tokens.ts";

/** A statement that the face refuses before the engine sees it, with the engine's own error code. */
export class RefusedStatement extends Error {
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, message: string) {
    super(message);
    this.code = code;
    this.type = type;
  }
}

export interface Statement {
  readonly kind: "select" | "insert-data" | "kill" | "other";
  /** Without the closing `;`. */
  readonly sql: string;
  /** Names of `{name:Type}` placeholders. */
  readonly placeholders: readonly string[];
  /** The output format named in the text, or the data format of an insert. */
  readonly format: string | undefined;
  /** True when running it leaves something in the session: SET, USE, temporary tables. */
  readonly taints: boolean;
  /** For `insert-data`: the text before the settings, the settings of its own, and where data begins that came in the text. */
  readonly insert?: { readonly head: string; readonly settings: string; readonly dataAt: number };
}

/**
 * Reads what the face must know of one statement. Refuses several statements in one text, `INTO OUTFILE`,
 * `FROM INFILE` and, with `readonly`, everything that is not a query. Throws `RefusedStatement`.
 */
export function readStatement(sql: string, o: { readonly readonly: boolean }): Statement {
  return refusing(() => (o.readonly ? undefined : readInsert(sql, false)) ?? readWhole(sql, o.readonly));
}

/** An insert whose rows come apart from its text, where `VALUES` is a format and not SQL; undefined when it is none. */
export function readInsertWithBody(sql: string): Statement | undefined {
  return refusing(() => readInsert(sql, true));
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LexError) throw new RefusedStatement(62, "SYNTAX_ERROR", `Syntax error: ${error.message}.`);
    throw error;
  }
}

const READING = new Set(["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"]);

function readWhole(sql: string, readonly: boolean): Statement {
  const tokens = withoutEnd([...tokenize(sql)]);
  if (tokens.length === 0) throw new RefusedStatement(62, "SYNTAX_ERROR", "Syntax error: the query is empty.");
  refuseDangerous(tokens);
  const first = tokens.find((token) => !isSign(token, "("))?.word ?? "";
  if (readonly && !READING.has(first)) {
    throw new RefusedStatement(164, "READONLY", `Cannot execute ${first || "this"} in readonly mode.`);
  }
  const isSelect = (first === "SELECT" || first === "WITH") && !tokens.some(({ word }) => word === "INSERT");
  return {
    kind: first === "KILL" ? "kill" : isSelect ? "select" : "other",
    sql: sql.slice(0, tokens.at(-1)?.end),
    placeholders: placeholdersOf(tokens),
    format: formatOf(tokens),
    taints: first === "SET" || first === "USE" || tokens.some(({ word }) => word === "TEMPORARY"),
  };
}

/** `INSERT INTO t (..) [SETTINGS ..] FORMAT f <data>`; undefined for every other statement. */
function readInsert(sql: string, hasBody: boolean): Statement | undefined {
  const tokens = insertHead(sql, hasBody);
  const last = tokens?.at(-1);
  if (tokens === undefined || last === undefined) return undefined;
  refuseDangerous(tokens);
  const formatAt = last.word === "VALUES" ? tokens.length - 1 : tokens.length - 2;
  const settingsAt = tokens.findIndex(({ word }) => word === "SETTINGS");
  const headEnd = tokens[settingsAt < 0 ? formatAt : settingsAt]?.start;
  return {
    kind: "insert-data",
    sql,
    placeholders: placeholdersOf(tokens),
    format: last.word === "VALUES" ? "Values" : last.text,
    taints: false,
    insert: {
      head: sql.slice(0, headEnd).trimEnd(),
      settings: settingsAt < 0 ? "" : sql.slice(tokens[settingsAt]?.end, tokens[formatAt]?.start).trim(),
      dataAt: last.end,
    },
  };
}

/** Tokens up to and with `FORMAT f` or `VALUES`: what follows is rows, and no SQL. */
function insertHead(sql: string, hasBody: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  let depth = 0;
  for (const token of tokenize(sql)) {
    tokens.push(token);
    if (tokens[0]?.word !== "INSERT") return undefined;
    if (isSign(token, "(")) depth++;
    if (isSign(token, ")")) depth--;
    if (depth > 0 || token.kind !== "word" || tokens.length < 4) continue;
    if (token.word === "SELECT" || token.word === "WITH") return undefined;
    if (token.word === "VALUES") return hasBody ? tokens : undefined;
    if (tokens.at(-2)?.word === "FORMAT") return tokens;
  }
  return undefined;
}

function withoutEnd(tokens: Token[]): Token[] {
  return tokens.slice(0, tokens.findLastIndex((token) => !isSign(token, ";")) + 1);
}

function refuseDangerous(tokens: readonly Token[]): void {
  for (const [i, token] of tokens.entries()) {
    if (isSign(token, ";")) throw new RefusedStatement(62, "SYNTAX_ERROR", "Syntax error: Multi-statements are not allowed.");
    const pair = `${tokens[i - 1]?.word ?? ""} ${token.word}`;
    if (pair === "INTO OUTFILE" || pair === "FROM INFILE") throw new RefusedStatement(48, "NOT_IMPLEMENTED", `${pair} is not allowed.`);
  }
}

function placeholdersOf(tokens: readonly Token[]): string[] {
  const names = tokens.filter((token, i) => token.kind === "word" && isSign(tokens[i - 1], "{") && isSign(tokens[i + 1], ":"));
  return [...new Set(names.map(({ text }) => text))];
}

/** `FORMAT x` at the end, before an optional SETTINGS clause. */
function formatOf(tokens: readonly Token[]): string | undefined {
  const at = tokens.findLastIndex(
    (token, i) =>
      token.word === "FORMAT" && tokens[i + 1]?.kind === "word" && (tokens[i + 2] === undefined || tokens[i + 2]?.word === "SETTINGS"),
  );
  return at < 1 ? undefined : tokens[at + 1]?.text;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.text === sign;
}
