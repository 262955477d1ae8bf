import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

import { readInsertWithBody, readStatement, type Statement } from "../sql/statement.ts";
import { answerError } from "./answer.ts";
import type { EngineSession } from "./engine.ts";
import { FaceFailure, toFaceError } from "./errors.ts";
import { createNamedSessions } from "./named-sessions.ts";
import { readRequest, type FaceRequest } from "./request.ts";
import { receiveRows, runInsert } from "./run-insert.ts";
import { isReadonly, runQuery } from "./run-query.ts";
import { createSessions } from "./sessions.ts";
import { createSlots } from "./slots.ts";
import { createSpool, type SpoolFile } from "./spool.ts";
import { createStatements, type Statements } from "./statements.ts";

export interface FaceOptions {
  /** The password that every request must carry. */
  readonly key: string;
  readonly spoolDir: string;
  /** Resolves when the engine has opened its data; requests wait for it. */
  readonly engine: Promise<() => EngineSession>;
}

export interface Face {
  readonly server: Server;
  /** Refuses new requests, waits for the running ones, closes the sessions. */
  close(): Promise<void>;
}

const MAX_SQL_BYTES = 32 * 1024 * 1024;
/** Statements that run at once: ours, and those of users, who must never keep ours waiting. */
const SLOTS = 8;
const USER_SLOTS = 3;
const MAX_WAITING = 512;
const SWEEP_MS = 50;

/** ClickHouse's HTTP protocol over one engine, as far as its clients need it. */
export function createFace(o: FaceOptions): Face {
  const spool = createSpool(o.spoolDir);
  const slots = createSlots(SLOTS, MAX_WAITING);
  const userSlots = createSlots(USER_SLOTS, MAX_WAITING);
  const ready = o.engine.then((open) => {
    const sessions = createSessions(open);
    return { sessions, statements: createStatements(sessions), named: createNamedSessions(open, sessions) };
  });
  ready.catch(() => {});
  async function perform(req: IncomingMessage, res: ServerResponse, queryId: string, request: FaceRequest): Promise<void> {
    const readonly = isReadonly(request) || req.method === "GET";
    const insert = readonly ? undefined : readInsertWithBody(request.urlQuery);
    if (insert !== undefined) return performInsert(res, queryId, request, insert, () => receiveRows(spool, req));

    const text = Buffer.concat([Buffer.from(`${request.urlQuery}\n`), await readBody(req)]);
    const statement = readStatement(text.toString("utf8"), { readonly });
    if (statement.kind !== "insert-data") return performQuery(res, queryId, request, statement, readonly);
    return performInsert(res, queryId, request, statement, () => spool.store(inlineRows(text, statement)));
  }

  async function performInsert(
    res: ServerResponse,
    queryId: string,
    request: FaceRequest,
    statement: Statement,
    receive: () => Promise<SpoolFile>,
  ): Promise<void> {
    const file = await receive();
    const { sessions, statements } = await ready;
    const running = statements.begin(queryId);
    try {
      await slots.run(() => runInsert(sessions, { request, statement, running, queryId, file, res }));
    } finally {
      running.end();
      await file.remove();
    }
  }

  async function performQuery(
    res: ServerResponse,
    queryId: string,
    request: FaceRequest,
    statement: Statement,
    readonly: boolean,
  ): Promise<void> {
    const { sessions, statements, named } = await ready;
    if (statement.kind === "kill" && killByQueryId(statements, statement)) return void res.writeHead(200).end();
    const running = statements.begin(queryId);
    res.once("close", () => res.writableFinished || running.cancel());
    try {
      await (readonly ? userSlots : slots).run(async () => {
        const own = request.sessionId === undefined ? undefined : await named.take(request.sessionId, request);
        await runQuery(sessions, { request, statement, running, queryId, res }, own);
      });
    } finally {
      running.end();
    }
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "/", "http://localhost");
    if (url.pathname === "/ping") return void res.writeHead(200, { "Content-Type": "text/plain" }).end("Ok.\n");
    const queryId = url.searchParams.get("query_id") || randomUUID();
    try {
      if (url.pathname !== "/") throw new FaceFailure(60, "UNKNOWN_TABLE", `There is no page ${url.pathname}.`);
      checkKey(req, o.key);
      const form = await readForm(req);
      const pairs = [...url.searchParams].filter(([name]) => name !== "user" && name !== "password");
      const acceptsGzip = /\bgzip\b/.test(String(req.headers["accept-encoding"] ?? ""));
      await perform(req, res, queryId, readRequest([...pairs, ...form], acceptsGzip));
    } catch (error) {
      answerError(res, queryId, toFaceError(error));
      req.resume();
    }
  }

  const server = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;

  return {
    server,
    async close() {
      const closed = promisify(server.close.bind(server))();
      // A connection that is busy now stays open afterwards, and would be waited for.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      await closed;
      clearInterval(sweep);
      await ready.then(
        ({ sessions }) => sessions.close(),
        () => {},
      );
    },
  };
}

function checkKey(req: IncomingMessage, key: string): void {
  const [scheme = "", encoded = ""] = (req.headers.authorization ?? "").split(" ");
  const basic = scheme.toLowerCase() === "basic" ? Buffer.from(encoded, "base64").toString("utf8") : "";
  const given = req.headers["x-clickhouse-key"] ?? basic.slice(basic.indexOf(":") + 1);
  const [a, b] = [Buffer.from(String(given)), Buffer.from(key)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw new FaceFailure(516, "AUTHENTICATION_FAILED", "Authentication failed: the password is incorrect.");
}

const unpack = promisify(gunzip);

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_SQL_BYTES) throw new FaceFailure(62, "SYNTAX_ERROR", `The query is longer than ${MAX_SQL_BYTES} bytes.`);
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  return req.headers["content-encoding"] === "gzip" ? unpack(body, { maxOutputLength: MAX_SQL_BYTES }) : body;
}

async function readForm(req: IncomingMessage): Promise<[string, string][]> {
  const type = req.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return [];
  const body = await readBody(req);
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  return [...form].filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

/** What follows the format's name in the text of an insert, as it came: it may be binary. */
function inlineRows(text: Buffer, statement: Statement): Buffer {
  const head = Buffer.byteLength(statement.sql.slice(0, statement.insert?.dataAt));
  const rows = text.subarray(head);
  const newLine = /^[ \t]*\r?\n?/.exec(rows.subarray(0, 16).toString("latin1"))?.[0].length ?? 0;
  return rows.subarray(newLine);
}

/** chDB knows no query ids, so a kill by query id is ours to do. */
function killByQueryId(statements: Statements, { sql }: Statement): boolean {
  const wanted = /\bquery_id\s*=\s*'((?:[^'\\]|\\.)*)'/i.exec(sql)?.[1];
  if (wanted !== undefined) {
    statements.kill(wanted.replaceAll(/\\(.)/g, "$1"));
    return true;
  }
  if (/\bkill\s+query\b[\s\S]*\bsync\b/i.test(sql))
    throw new FaceFailure(48, "NOT_IMPLEMENTED", "KILL QUERY ... SYNC never returns here; use ASYNC.");
  return false;
}
