import type { Ranges } from "../otlp/attributes.ts";
import type { Reader } from "../otlp/reader.ts";

const KEY_TAG = 10;

/** Beginnings of the attributes by which spans of models and agents are known, by their first letter. */
const BEGINNINGS: ReadonlyMap<number, readonly Uint8Array[]> = byFirst([
  "gen_ai.",
  "openinference.",
  "llm.",
  "langfuse.",
  "ai.operationId",
  "ai.telemetry.",
  "traceloop.",
  "litellm.",
]);

const SCOPES = /^(?:gen_ai|litellm|langfuse|pydantic[-_]ai)/;

/**
 * Whether a span may speak of models: looked at byte by byte, since nearly all spans do not, and those are copied without being read.
 * May say yes too often, never no where a dialect would be found.
 */
export function mayBeGenAi(r: Reader, attributes: Ranges, scope: string): boolean {
  for (let i = 0; i < attributes.length; i += 2) {
    const at = attributes[i] as number;
    // A key that does not come first, or is very long, is seldom; the mapping looks at it.
    if (r.bytes[at] !== KEY_TAG || (r.bytes[at + 1] as number) > 127) return true;
    const candidates = BEGINNINGS.get(r.bytes[at + 2] as number);
    if (candidates !== undefined && candidates.some((beginning) => beginsWith(r.bytes, at + 2, beginning))) return true;
  }
  return scope !== "" && SCOPES.test(scope);
}

function beginsWith(bytes: Uint8Array, at: number, beginning: Uint8Array): boolean {
  for (let i = 0; i < beginning.length; i++) if (bytes[at + i] !== beginning[i]) return false;
  return true;
}

function byFirst(words: readonly string[]): ReadonlyMap<number, readonly Uint8Array[]> {
  return Map.groupBy(
    words.map((word) => Buffer.from(word)),
    (bytes) => bytes[0] as number,
  );
}
