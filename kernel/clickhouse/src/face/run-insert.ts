import type { IncomingMessage, ServerResponse } from "node:http";

import type { Statement } from "../sql/statement.ts";
import { answerWhole } from "./answer.ts";
import { FaceFailure } from "./errors.ts";
import { quote } from "./quote.ts";
import type { FaceRequest } from "./request.ts";
import type { Sessions } from "./sessions.ts";
import type { Spool, SpoolFile } from "./spool.ts";
import type { RunningStatement } from "./statements.ts";

/** The engine unpacks by the file's extension, so a packed body is stored as it came. */
const EXTENSIONS = new Map([
  ["", ""],
  ["identity", ""],
  ["gzip", ".gz"],
  ["zstd", ".zst"],
  ["br", ".br"],
]);
/** Every insert here is synchronous already, which is the stronger promise. */
const ASYNC_INSERT = /^(?:async_insert|wait_for_async_insert|wait_end_of_query)/;

/** Spools the body of an insert as it came. */
export async function receiveRows(spool: Spool, req: IncomingMessage): Promise<SpoolFile> {
  const encoding = req.headers["content-encoding"] ?? "";
  const extension = EXTENSIONS.get(encoding);
  if (extension === undefined) throw new FaceFailure(48, "NOT_IMPLEMENTED", `Content-Encoding ${encoding} is not supported for inserts.`);
  return spool.receive(req, extension);
}

export interface InsertRun {
  readonly request: FaceRequest;
  readonly statement: Statement;
  readonly running: RunningStatement;
  readonly queryId: string;
  readonly file: SpoolFile;
  readonly res: ServerResponse;
}

/** Inserts a spooled file and answers how many rows it had. An empty file is no rows, not an error. */
export async function runInsert(sessions: Sessions, { request, statement, running, queryId, file, res }: InsertRun): Promise<void> {
  const options = { queryId, format: statement.format ?? "", compress: false };
  const nothing = { readRows: 0, readBytes: 0, writtenRows: 0, resultBytes: 0, elapsedSeconds: 0 };
  if (file.bytes === 0) return answerWhole(res, options, new Uint8Array(), nothing);

  const missing = statement.placeholders.find((name) => !request.params.has(name));
  if (missing !== undefined) throw new FaceFailure(456, "UNKNOWN_QUERY_PARAMETER", `Substitution \`${missing}\` is not set.`);
  const lease = await sessions.take({ database: request.database, settings: [] });
  try {
    const bind = statement.placeholders.map((name) => `param_${name} = ${quote(request.params.get(name) ?? "", "'")}`);
    if (bind.length > 0) await sessions.track(lease.session.queryAsync(`SET ${bind.join(", ")}`, { format: "Null" }));
    const sql = running.tag + insertFrom(file.path, request, statement);
    const result = await running.settle(sessions.track(lease.session.queryAsync(sql, { format: "Null" })));
    lease.giveBack();
    await answerWhole(res, options, new Uint8Array(), {
      ...nothing,
      readRows: result.rowsRead,
      readBytes: result.bytesRead,
      writtenRows: result.rowsRead,
      elapsedSeconds: result.elapsed,
    });
  } catch (error) {
    lease.discard();
    throw error;
  }
}

/** Settings of the request go into the statement: a deduplication token per insert would make every session single-use. */
function insertFrom(path: string, request: FaceRequest, { insert, format }: Statement): string {
  const asked = [...request.settings].filter(([name]) => !ASYNC_INSERT.test(name)).map(([name, value]) => `${name} = ${quote(value, "'")}`);
  const settings = [...asked, ...(insert?.settings ? [insert.settings] : [])].join(", ");
  return `${insert?.head} FROM INFILE ${quote(path, "'")}${settings === "" ? "" : ` SETTINGS ${settings}`} FORMAT ${format}`;
}
