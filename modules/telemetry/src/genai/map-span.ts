import { dialectOf } from "./dialect-of.ts";
import { FINISHES, MODEL_PREFIXES, NUMBERS, OPERATION_KEYS, OPERATIONS, PROVIDERS, TEXTS } from "./dialects.ts";
import { readTokens } from "./read-tokens.ts";
import { numberOf, parsed, textOf, unquoted, type SaidSpan } from "./said.ts";
import type { AiFacts, AiOperation } from "./vocabulary.ts";

/** Reads a span of any dialect into one vocabulary. Undefined where it says nothing of models, agents or tools. */
export function mapSpan(span: SaidSpan): AiFacts | undefined {
  const { attributes } = span;
  const dialect = dialectOf(span);
  if (dialect === undefined) return undefined;
  const notes: string[] = [];
  const text = (field: keyof typeof TEXTS) => textOf(attributes, TEXTS[field]);
  const requestModel = plainModel(text("requestModel"));
  const responseModel = plainModel(text("responseModel"));
  const operation = operationOf(span, requestModel || responseModel);
  const provider = providerOf(text("provider"), requestModel || responseModel);
  const isAgent = operation === "agent";
  return {
    dialect,
    operation,
    provider,
    requestModel,
    responseModel,
    modelVersion: text("modelVersion") || versionIn(responseModel),
    promptName: text("promptName"),
    promptVersion: text("promptVersion"),
    agent: text("agent") || (isAgent ? textOf(attributes, ["traceloop.entity.name"]) : ""),
    agentVersion: text("agentVersion"),
    tool: text("tool") || (operation === "tool" ? textOf(attributes, ["traceloop.entity.name"]) : ""),
    session: text("session"),
    finish: finishOf(text("finish")),
    serviceTier: text("serviceTier").toLowerCase(),
    ttftMs: ttftOf(span),
    tokens: readTokens(attributes, dialect, notes),
    reportedCost: reportedCost(attributes),
    notes,
  };
}

function operationOf({ attributes }: SaidSpan, model: string): AiOperation {
  for (const key of OPERATION_KEYS) {
    const word = attributes.get(key)?.toLowerCase();
    const known = word === undefined || !Object.hasOwn(OPERATIONS, word) ? undefined : OPERATIONS[word];
    if (known !== undefined) return known;
  }
  if (attributes.has("gen_ai.tool.name") || attributes.has("gen_ai.tool.call.id") || attributes.has("ai.toolCall.name")) return "tool";
  // Pydantic AI's runs name their agent and nothing else; what they used is the sum of their calls.
  if (attributes.has("agent_name") || attributes.has("gen_ai.agent.name")) return "agent";
  const toldOtherwise = OPERATION_KEYS.some((key) => attributes.has(key) && attributes.get(key) !== "span");
  return model !== "" && !toldOtherwise ? "chat" : "other";
}

/** `openai.responses` is Vercel's way to say which of a provider's interfaces was used. */
function providerOf(said: string, model: string): string {
  const word = said.toLowerCase();
  const named = canonicalProvider(word) ?? canonicalProvider(word.split(".")[0] ?? "") ?? word;
  if (named !== "") return named;
  const [prefix, rest] = model.split("/", 2);
  return rest !== undefined && prefix !== undefined && MODEL_PREFIXES.has(prefix) ? (canonicalProvider(prefix) ?? prefix) : "";
}

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(PROVIDERS),
  "openai",
  "anthropic",
  "cohere",
  "deepseek",
  "groq",
  "perplexity",
  "ollama",
  "openrouter",
]);

function canonicalProvider(word: string): string | undefined {
  if (Object.hasOwn(PROVIDERS, word)) return PROVIDERS[word];
  return KNOWN.has(word) ? word : undefined;
}

/** Google names models by their whole path. */
function plainModel(model: string): string {
  return model.startsWith("projects/") || model.startsWith("models/") ? model.slice(model.lastIndexOf("/") + 1) : model;
}

/** The date that providers put behind a model's name. */
function versionIn(model: string): string {
  return /(?:^|[-@])(\d{4}-\d{2}-\d{2}|\d{8}(?:-v\d+(?::\d+)?)?)$/.exec(model)?.[1] ?? "";
}

function finishOf(said: string): string {
  const list = said.startsWith("[") ? parsed(said) : undefined;
  const first: unknown = Array.isArray(list) ? list[0] : said;
  const word = typeof first === "string" ? first.toLowerCase() : "";
  return Object.hasOwn(FINISHES, word) ? (FINISHES[word] ?? word) : word;
}

const MAX_TTFT_MS = 86_400_000;

function ttftOf({ attributes, startMs }: SaidSpan): number | undefined {
  const told = numberOf(attributes, NUMBERS.ttftMs);
  const began = attributes.get("langfuse.observation.completion_start_time");
  const ms = told ?? (began === undefined ? undefined : Date.parse(unquoted(began)) - startMs);
  return ms !== undefined && ms >= 0 && ms <= MAX_TTFT_MS ? ms : undefined;
}

function reportedCost(attributes: ReadonlyMap<string, string>): number | undefined {
  const total = numberOf(attributes, NUMBERS.reportedCost);
  if (total !== undefined) return total;
  const input = numberOf(attributes, ["gen_ai.usage.input_cost"]);
  const output = numberOf(attributes, ["gen_ai.usage.output_cost"]);
  return input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0);
}
