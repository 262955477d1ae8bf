import { FaceFailure } from "./errors.ts";

/** A request as the face understands it, before the SQL is looked at. */
export interface FaceRequest {
  /** SQL from the address; the body then holds data, or the rest of the text. */
  readonly urlQuery: string;
  readonly queryId: string | undefined;
  readonly sessionId: string | undefined;
  readonly sessionTimeoutSeconds: number;
  readonly database: string;
  readonly defaultFormat: string | undefined;
  readonly params: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  readonly compressResponse: boolean;
  /** Answer only when the whole result is there, so that an error always has its status. */
  readonly waitForEnd: boolean;
}

/** Names of the address that belong to HTTP and are no settings. */
const HTTP_ONLY = new Set([
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
  "http_response_buffer_size",
  "http_write_exception_in_output_format",
  "buffer_size",
  "role",
  "user",
  "password",
  "quota_key",
  "stacktrace",
  "compress",
  "decompress",
  "close_session",
  "session_check",
  "output_format_compression_level",
]);
const SETTING = /^[a-z][a-z0-9_]{0,127}$/;

/** Reads the names of the address (and of a multipart form). Throws `FaceFailure` for a name that cannot be a setting. */
export function readRequest(pairs: Iterable<readonly [string, string]>, acceptsGzip: boolean): FaceRequest {
  const known = new Map<string, string>();
  const params = new Map<string, string>();
  const settings = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (name.startsWith("param_")) params.set(name.slice("param_".length), value);
    else if (OURS.has(name)) known.set(name, value);
    else if (!HTTP_ONLY.has(name)) settings.set(settingName(name), value);
  }
  return {
    urlQuery: known.get("query") ?? "",
    queryId: known.get("query_id"),
    sessionId: known.get("session_id"),
    sessionTimeoutSeconds: Math.min(Number(known.get("session_timeout") ?? 60) || 60, 3_600),
    database: known.get("database") || "default",
    defaultFormat: known.get("default_format"),
    params,
    settings,
    compressResponse: known.get("enable_http_compression") === "1" && acceptsGzip,
    waitForEnd: known.get("wait_end_of_query") === "1",
  };
}

const OURS = new Set([
  "query",
  "query_id",
  "session_id",
  "session_timeout",
  "database",
  "default_format",
  "enable_http_compression",
  "wait_end_of_query",
]);

function settingName(name: string): string {
  if (SETTING.test(name)) return name;
  throw new FaceFailure(115, "UNKNOWN_SETTING", `${JSON.stringify(name.slice(0, 100))} is neither a setting nor a known name.`);
}
