import { mayBeGenAi } from "../genai/is-genai.ts";
import { createAiSpans } from "./ai-spans.ts";
import { eachItem, ENVELOPE_COLUMNS, reject, type Outcome, type TranscodeOptions } from "./envelope.ts";
import { putSpan, type Scratch } from "./put-span.ts";
import { readerOf } from "./reader.ts";
import { putByte, putWriter, type RowWriter } from "./row-writer.ts";
import { emptySpan, faultOf, readSpan } from "./span-fields.ts";

/** The columns of table `spans`, in the order in which rows are written. */
export const SPAN_COLUMNS = [
  ...ENVELOPE_COLUMNS,
  "trace_id",
  "span_id",
  "parent_span_id",
  "trace_state",
  "name",
  "kind",
  "time",
  "duration_ns",
  "status",
  "status_message",
  "attributes",
  "event_time",
  "event_name",
  "event_attributes",
  "link_trace_id",
  "link_span_id",
  "link_attributes",
  "ai",
] as const;

/**
 * Writes the spans of an ExportTraceServiceRequest as rows, without making objects of them; those that speak of models, agents and tools
 * are read and come last. Throws `MalformedError`; the caller takes back what was written until then.
 */
export function transcodeTraces(body: Uint8Array, w: RowWriter, o: TranscodeOptions): Outcome {
  const r = readerOf(body);
  const outcome: Outcome = { rows: 0, rejected: 0, reason: undefined };
  const span = emptySpan();
  const scratch: Scratch = { attributes: [], heads: [] };
  const aiSpans = o.ai === undefined ? undefined : createAiSpans(r, o.ai);
  eachItem(r, o, (prefix, owner) => {
    const [begin, end] = [r.pos, r.end];
    readSpan(r, span);
    const fault = owner.fault ?? faultOf(r, span, o);
    if (fault !== undefined) return reject(outcome, fault);
    outcome.rows++;
    if (aiSpans !== undefined && mayBeGenAi(r, span.attributes, owner.scope) && aiSpans.take(span, { begin, end, prefix, owner })) return;
    putWriter(w, prefix);
    putSpan(r, w, span, scratch);
    putByte(w, 0);
    w.rows++;
  });
  aiSpans?.put(w, span, scratch);
  return outcome;
}
