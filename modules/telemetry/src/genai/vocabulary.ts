/** Grows when the same attributes would give other facts, so that a row says by which rules it was read. */
export const MAPPING_VERSION = 1;

/** Whose words a span uses. `otel-old`: OpenTelemetry before 1.37, with `gen_ai.system` and prompt tokens. */
export type Dialect = "otel" | "otel-old" | "openinference" | "openllmetry" | "langfuse" | "vercel" | "vercel-7" | "litellm" | "pydantic";

/** What a span did. The first four call a model; only these can use tokens. */
export type AiOperation =
  | "chat"
  | "completion"
  | "embedding"
  | "rerank"
  | "retrieval"
  | "tool"
  | "agent"
  | "workflow"
  | "guardrail"
  | "evaluation"
  | "prompt"
  | "memory"
  | "other";

const MODEL_CALLS: ReadonlySet<AiOperation> = new Set<AiOperation>(["chat", "completion", "embedding", "rerank"]);

export function isModelCall(operation: AiOperation): boolean {
  return MODEL_CALLS.has(operation);
}

/** Tokens by what they cost. `input` includes what was read from and written to the cache, `output` includes reasoning. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that is kept for an hour, which costs more. */
  readonly cacheWriteHour: number;
  readonly reasoning: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
}

/** One span in our words; an empty text or an absent number was not told. */
export interface AiFacts {
  readonly dialect: Dialect;
  readonly operation: AiOperation;
  readonly provider: string;
  readonly requestModel: string;
  readonly responseModel: string;
  readonly modelVersion: string;
  readonly promptName: string;
  readonly promptVersion: string;
  readonly agent: string;
  readonly agentVersion: string;
  readonly tool: string;
  readonly session: string;
  readonly finish: string;
  readonly serviceTier: string;
  readonly ttftMs: number | undefined;
  /** Absent where the span told no usage at all, which is not 0. */
  readonly tokens: Tokens | undefined;
  /** What the sender says that it cost, in USD. */
  readonly reportedCost: number | undefined;
  /** What had to be guessed, or was told and makes no sense. */
  readonly notes: readonly string[];
}
