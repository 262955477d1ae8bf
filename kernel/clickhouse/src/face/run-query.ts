import type { ServerResponse } from "node:http";

import type { Statement } from "../sql/statement.ts";
import { answerStream, answerWhole, type AnswerOptions } from "./answer.ts";
import type { EngineSession } from "./engine.ts";
import { FaceFailure } from "./errors.ts";
import { isHeadless } from "./formats.ts";
import { quote } from "./quote.ts";
import type { FaceRequest } from "./request.ts";
import type { Lease, SessionKey, Sessions } from "./sessions.ts";
import type { RunningStatement } from "./statements.ts";

/** A buffered result lives in memory, at several times its size: no more than this. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_SECONDS = 300;
/** What SQL of users may use, whatever the request says. */
const USER_CEILINGS: readonly (readonly [name: string, most: number])[] = [
  ["max_execution_time", 30],
  ["max_result_rows", 100_000],
  ["max_result_bytes", MAX_BUFFERED_BYTES],
  ["max_memory_usage", 1_000_000_000],
];

export interface QueryRun {
  readonly request: FaceRequest;
  readonly statement: Statement;
  readonly running: RunningStatement;
  readonly queryId: string;
  readonly res: ServerResponse;
}

/** Runs everything that is not an insert of rows, and answers it. Throws before anything was answered, or from the middle of a stream. */
export async function runQuery(sessions: Sessions, { request, statement, running, queryId, res }: QueryRun, own?: Lease): Promise<void> {
  const format = statement.format ?? request.defaultFormat ?? "TabSeparated";
  const readonly = isReadonly(request);
  const streamed = statement.kind === "select" && isHeadless(format) && !request.waitForEnd && !readonly;
  if (running.cancelled) throw cancelled();
  const lease = own ?? (await sessions.take(keyOf(request, statement, streamed)));
  const options: AnswerOptions = { queryId, format, compress: request.compressResponse };
  try {
    await bindParameters(sessions, lease.session, request, statement);
    const sql = running.tag + statement.sql;
    if (running.cancelled) throw cancelled();
    if (streamed) await answerStream(res, options, chunksOf(sessions, running, lease.session, sql, format));
    else await answerBuffered(res, options, await running.settle(sessions.track(lease.session.queryAsync(sql, { format }))));
  } catch (error) {
    lease.discard();
    throw error;
  }
  if (running.cancelled || (statement.taints && own === undefined)) lease.discard();
  else lease.giveBack();
}

/** With `readonly=1` the statement is a user's: only reading, within limits, in sessions of its own. */
export function isReadonly(request: FaceRequest): boolean {
  return request.settings.get("readonly") === "1" || request.settings.get("readonly") === "true";
}

function keyOf(request: FaceRequest, statement: Statement, streamed: boolean): SessionKey {
  const settings = new Map(request.settings);
  if (statement.kind === "select") {
    if (!streamed) setAtMost(settings, "max_result_bytes", MAX_BUFFERED_BYTES);
    if (!settings.has("max_execution_time")) settings.set("max_execution_time", String(DEFAULT_SECONDS));
  }
  if (isReadonly(request)) for (const [name, most] of USER_CEILINGS) setAtMost(settings, name, most);
  return { database: request.database, settings: [...settings] };
}

function setAtMost(settings: Map<string, string>, name: string, most: number): void {
  const asked = Number(settings.get(name));
  settings.set(name, String(asked > 0 && asked < most ? asked : most));
}

/**
 * Values become settings of the session, escaped as they came in the address. They cannot be unset, so a
 * placeholder without a value in this very request is refused: it would read the value of another's.
 */
async function bindParameters(sessions: Sessions, session: EngineSession, request: FaceRequest, statement: Statement): Promise<void> {
  const missing = statement.placeholders.find((name) => !request.params.has(name));
  if (missing !== undefined) throw new FaceFailure(456, "UNKNOWN_QUERY_PARAMETER", `Substitution \`${missing}\` is not set.`);
  if (statement.placeholders.length === 0) return;
  const pairs = statement.placeholders.map((name) => `param_${name} = ${quote(request.params.get(name) ?? "", "'")}`);
  await sessions.track(session.queryAsync(`SET ${pairs.join(", ")}`, { format: "Null" }));
}

async function answerBuffered(
  res: ServerResponse,
  options: AnswerOptions,
  result: Awaited<ReturnType<EngineSession["queryAsync"]>>,
): Promise<void> {
  const body = result.bytes();
  await answerWhole(res, options, body, {
    readRows: result.rowsRead,
    readBytes: result.bytesRead,
    writtenRows: 0,
    resultBytes: body.byteLength,
    elapsedSeconds: result.elapsed,
  });
}

async function* chunksOf(
  sessions: Sessions,
  running: RunningStatement,
  session: EngineSession,
  sql: string,
  format: string,
): AsyncGenerator<Uint8Array, undefined> {
  const stream = session.queryStream(sql, { format });
  const chunks = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await running.settle(sessions.track(chunks.next()));
      if (next.done) return undefined;
      if (running.cancelled) throw cancelled();
      yield next.value.raw();
    }
  } finally {
    stream.cancel();
  }
}

function cancelled(): FaceFailure {
  return new FaceFailure(394, "QUERY_WAS_CANCELLED", "Query was cancelled.");
}
