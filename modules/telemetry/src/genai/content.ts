import { redactValue } from "./redact.ts";

/** Attributes that hold what people and models said, as whole names or as beginnings of names. */
const NAMES: ReadonlySet<string> = new Set([
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.system_instructions",
  "gen_ai.prompt",
  "gen_ai.completion",
  "gen_ai.tool.call.arguments",
  "gen_ai.tool.call.result",
  "gen_ai.retrieval.query.text",
  "gen_ai.retrieval.documents",
  "gen_ai.memory.query.text",
  "gen_ai.memory.records",
  "gen_ai.content.prompt",
  "gen_ai.content.completion",
  "gen_ai.evaluation.explanation",
  "gen_ai.event.content",
  "traceloop.entity.input",
  "traceloop.entity.output",
  "traceloop.prompt.template",
  "traceloop.prompt.template_variables",
  "llm.prompt_template.template",
  "llm.prompt_template.variables",
  "input",
  "output",
  "input.value",
  "output.value",
  "reranker.query",
  "langfuse.observation.input",
  "langfuse.observation.output",
  "langfuse.trace.input",
  "langfuse.trace.output",
  "ai.value",
  "ai.values",
  "ai.embedding",
  "ai.embeddings",
  "ai.response.text",
  "ai.response.object",
  "ai.response.toolCalls",
  "ai.response.reasoning",
  "ai.toolCall.args",
  "ai.toolCall.result",
  "pydantic_ai.all_messages",
  "all_messages_events",
  "events",
  "final_result",
  "tool_arguments",
  "tool_response",
  "gcp.vertex.agent.llm_request",
  "gcp.vertex.agent.llm_response",
  "gcp.vertex.agent.tool_call_args",
  "gcp.vertex.agent.tool_response",
  "gcp.vertex.agent.data",
  "mlflow.spanInputs",
  "mlflow.spanOutputs",
  "genkit:input",
  "genkit:output",
  "braintrust.input_json",
  "braintrust.output_json",
]);
const BEGINNINGS = [
  "gen_ai.prompt.",
  "gen_ai.completion.",
  "llm.input_messages.",
  "llm.output_messages.",
  "llm.prompts.",
  "llm.choices.",
  "retrieval.documents.",
  "reranker.input_documents.",
  "reranker.output_documents.",
  "embedding.embeddings.",
  "tool_call.",
  "message.",
  "ai.prompt",
  "ai.result.",
  "lk.",
];
/** They begin like content and are none. */
const NO_CONTENT: ReadonlySet<string> = new Set(["gen_ai.prompt.name", "gen_ai.prompt.version", "ai.prompt.tools", "ai.prompt.toolChoice"]);

export function isContent(key: string): boolean {
  if (NAMES.has(key)) return true;
  return !NO_CONTENT.has(key) && BEGINNINGS.some((beginning) => key.startsWith(beginning));
}

/** Says on a span that content came and was not kept. */
export const CONTENT_NOTE = "roadbed.content";
/** A span may have no more attributes: one that says `llm.input_messages.99999` has them in earnest. */
const MOST_ATTRIBUTES = 10_000;

/** The attributes as they are stored: content only where it is captured, and nowhere an e-mail address or a secret. */
export function keepAttributes(
  pairs: readonly (readonly [key: string, value: string])[],
  captures: boolean,
): [key: string, value: string][] {
  const kept: [string, string][] = [];
  let [dropped, characters] = [0, 0];
  for (const [key, value] of pairs.slice(0, MOST_ATTRIBUTES)) {
    if (captures || !isContent(key)) kept.push([key, redactValue(key, value)]);
    else {
      dropped++;
      characters += value.length;
    }
  }
  if (dropped > 0)
    kept.push([CONTENT_NOTE, `not captured: ${dropped} ${dropped === 1 ? "attribute" : "attributes"}, ${characters} characters`]);
  if (pairs.length > MOST_ATTRIBUTES) kept.push(["roadbed.attributes", `${pairs.length - MOST_ATTRIBUTES} more were not kept`]);
  return kept;
}
