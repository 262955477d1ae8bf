import { aiRowOf } from "../genai/ai-row.ts";
import type { AiReading } from "../genai/ai-reading.ts";
import { keepAttributes } from "../genai/content.ts";
import { mapSpan } from "../genai/map-span.ts";
import type { AiFacts } from "../genai/vocabulary.ts";
import { readAttributes } from "./attributes.ts";
import type { Owner } from "./envelope.ts";
import { putSpan, type PutAttributes, type Scratch } from "./put-span.ts";
import type { Reader } from "./reader.ts";
import { putRaw, putText, putVarint, type RowWriter } from "./row-writer.ts";
import { readSpan, type Span } from "./span-fields.ts";

export interface AiSpans {
  /** Keeps a span for later when it speaks of models; false: write it as all others. */
  take(span: Span, where: { readonly begin: number; readonly end: number; readonly prefix: RowWriter; readonly owner: Owner }): boolean;
  /** Writes what was kept. */
  put(w: RowWriter, span: Span, scratch: Scratch): void;
}

interface Kept {
  readonly begin: number;
  readonly end: number;
  readonly prefix: Uint8Array;
  readonly service: string;
  readonly facts: AiFacts;
  readonly startMs: number;
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
}

/** The spans of one request that speak of models: which of them count is known only when all of them are there. */
export function createAiSpans(r: Reader, ai: AiReading): AiSpans {
  const kept: Kept[] = [];
  let lastOwner: Owner | undefined;
  let lastPrefix: Uint8Array = new Uint8Array();
  const hexAt = (at: number, length: number) => Buffer.from(r.bytes.buffer, r.bytes.byteOffset + at, length).toString("hex");

  return {
    take(span, { begin, end, prefix, owner }) {
      const attributes = new Map(readAttributes(r, span.attributes));
      const name = Buffer.from(r.bytes.buffer, r.bytes.byteOffset + span.nameAt, span.nameLength).toString();
      const startMs = Number(r.view.getBigUint64(span.startAt, true) / 1_000_000n);
      const facts = mapSpan({ scope: owner.scope, name, startMs, attributes });
      if (facts === undefined) return false;
      if (owner !== lastOwner) lastPrefix = Uint8Array.from(prefix.bytes.subarray(0, prefix.pos));
      lastOwner = owner;
      const ids = {
        trace: hexAt(span.traceAt, 16),
        span: hexAt(span.idAt, 8),
        parent: span.parentLength === 8 ? hexAt(span.parentAt, 8) : "",
      };
      kept.push({ begin, end, prefix: lastPrefix, service: owner.service, facts, startMs, ...ids });
      return true;
    },
    put(w, span, scratch) {
      if (kept.length === 0) return;
      const counts = ai.settle(kept);
      for (const [i, one] of kept.entries()) {
        [r.pos, r.end] = [one.begin, one.end];
        readSpan(r, span);
        putRaw(w, one.prefix, 0, one.prefix.length);
        putSpan(r, w, span, scratch, putKept(ai.captures(one.service)));
        const counted = counts[i] === true;
        const rated = counted && one.facts.tokens !== undefined ? ai.rate(one.facts, one.facts.tokens, one.startMs) : undefined;
        putText(w, JSON.stringify(aiRowOf(one.facts, counted, rated)));
        w.rows++;
      }
    },
  };
}

/** Of attributes of the span, its events and its links only what may be kept. */
function putKept(captures: boolean): PutAttributes {
  return (r, w, ranges) => {
    const pairs = keepAttributes(readAttributes(r, ranges), captures);
    putVarint(w, pairs.length);
    for (const [key, value] of pairs) {
      putText(w, key);
      putText(w, value);
    }
  };
}
