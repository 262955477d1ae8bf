import { NUMBERS } from "./dialects.ts";
import { isObject, numberOf, parsed } from "./said.ts";
import type { Dialect, Tokens } from "./vocabulary.ts";

/** Beyond any model, and far from where whole numbers end. */
const MOST = 1e10;

/**
 * What a span says that it used. Senders differ in whether the cache's tokens are in the input: where they cannot be, because they are
 * more, they are added, and `notes` says so. Undefined without any usage.
 */
export function readTokens(attributes: ReadonlyMap<string, string>, dialect: Dialect, notes: string[]): Tokens | undefined {
  const told = dialect === "langfuse" ? readDetails(attributes.get("langfuse.observation.usage_details")) : undefined;
  const read = (field: keyof Tokens) => whole(told?.[field] ?? numberOf(attributes, NUMBERS[field]), field, notes);
  const [input, output] = [read("input"), read("output")];
  if (input === undefined && output === undefined) return undefined;
  const cacheRead = read("cacheRead") ?? 0;
  const cacheWrite = read("cacheWrite") ?? 0;
  const isExclusive = cacheRead + cacheWrite > (input ?? 0);
  if (isExclusive) notes.push("the tokens of the cache were not in the input, and were added");
  const all = (input ?? 0) + (isExclusive ? cacheRead + cacheWrite : 0);
  const reasoning = read("reasoning") ?? 0;
  const isReasoningApart = reasoning > (output ?? 0);
  if (isReasoningApart) notes.push("the tokens of the reasoning were not in the output, and were added");
  return {
    input: all,
    output: (output ?? 0) + (isReasoningApart ? reasoning : 0),
    cacheRead,
    cacheWrite,
    cacheWriteHour: Math.min(read("cacheWriteHour") ?? 0, cacheWrite),
    reasoning,
    inputAudio: Math.min(read("inputAudio") ?? 0, all),
    outputAudio: Math.min(read("outputAudio") ?? 0, output ?? 0),
  };
}

function whole(value: number | undefined, field: string, notes: string[]): number | undefined {
  if (value === undefined) return undefined;
  if (value > MOST) {
    notes.push(`${field} tokens make no sense, and were left out`);
    return undefined;
  }
  return Math.round(value);
}

/**
 * Langfuse's usage as JSON. `input` and `output` stand there without what has a key of its own; `prompt_tokens` is OpenAI's, with all
 * in it.
 */
function readDetails(text: string | undefined): Partial<Record<keyof Tokens, number>> | undefined {
  const said = text === undefined ? undefined : parsed(text);
  if (!isObject(said)) return undefined;
  const number = (key: string) => (typeof said[key] === "number" && said[key] >= 0 ? said[key] : 0);
  const cacheRead = number("cache_read_input_tokens") + number("input_cache_read") + number("input_cached_tokens");
  const long = number("input_cache_creation_1h") + number("ephemeral_1h_input_tokens");
  const cacheWrite =
    number("cache_creation_input_tokens") +
    number("input_cache_creation") +
    number("input_cache_creation_5m") +
    number("ephemeral_5m_input_tokens") +
    long;
  const reasoning = number("output_reasoning_tokens") + number("output_reasoning") + number("reasoning_tokens");
  const parts = { cacheRead, cacheWrite, cacheWriteHour: long, reasoning };
  if ("prompt_tokens" in said) return { ...parts, input: number("prompt_tokens"), output: number("completion_tokens") };
  const [audioIn, audioOut] = [number("input_audio_tokens"), number("output_audio_tokens")];
  return {
    ...parts,
    inputAudio: audioIn,
    outputAudio: audioOut,
    input: number("input") + cacheRead + cacheWrite + audioIn,
    output: number("output") + reasoning + audioOut,
  };
}
