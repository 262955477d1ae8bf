/** An error in the words of ClickHouse: the client reads code and type out of this one line. */
export interface FaceError {
  readonly code: number;
  readonly type: string;
  readonly message: string;
}

/** Carries an error of the face itself to where the answer is written. */
export class FaceFailure extends Error {
  readonly fault: FaceError;

  constructor(code: number, type: string, message: string) {
    super(message);
    this.fault = { code, type, message };
  }
}

/** Any thrown value as an error of ClickHouse; what is not recognised becomes 1002 (unknown exception). */
export function toFaceError(error: unknown): FaceError {
  if (error instanceof FaceFailure) return error.fault;
  const { code, type, message } = error as { code?: unknown; type?: unknown; message?: unknown };
  if (typeof code === "number" && typeof type === "string") return { code, type, message: String(message) };
  return parseEngineError(typeof message === "string" ? message : String(error));
}

export function formatError({ code, type, message }: FaceError): string {
  return `Code: ${code}. DB::Exception: ${message} (${type})`;
}

/** The HTTP status that ClickHouse gives with this code. */
export function statusOf(code: number): number {
  return STATUS.get(code) ?? 500;
}

const STATUS = new Map<number, number>([
  [516, 401],
  [497, 403],
  [60, 404],
  [81, 404],
  [373, 404],
  ...[36, 47, 62, 27, 6, 53, 456, 457, 48].map((code): [number, number] => [code, 400]),
  [159, 408],
  [202, 503],
]);

function parseEngineError(text: string): FaceError {
  const innermost = /^(?:Code: \d+\. DB::Exception: )*Code: (\d+)\. DB::Exception: ([\s\S]*)$/.exec(text);
  if (innermost === null) return { code: 1002, type: "UNKNOWN_EXCEPTION", message: text };
  const [, code = "1002", rest = ""] = innermost;
  const type = /^[\s\S]*?\(([A-Z][A-Z0-9_]+)\)(?: \(version [^)]*\)\.)?(?: \([A-Z0-9_]+\))?\s*$/.exec(rest)?.[1];
  const message = rest.replace(/(?:\s*\([A-Z][A-Z0-9_]+\)|\s*\(version [^)]*\)\.?)+\s*$/, "");
  return { code: Number(code), type: type ?? "UNKNOWN_EXCEPTION", message };
}
