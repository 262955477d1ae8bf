import { isContent, keepAttributes } from "../genai/content.ts";
import { redact, redactValue } from "../genai/redact.ts";

interface SaidLog {
  readonly event: string;
  readonly body: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/** Attributes that only records about models have. */
const OF_MODELS = /^(?:gen_ai|openinference|llm|traceloop|langfuse)\.|^ai\.(?:prompt|response|toolCall)/;
/** Events whose body is what somebody or a model said; an evaluation's is not. */
const SAID = /^gen_ai\.(?!evaluation\.)/;

/** A record as it may be stored: what people and models said only where it is captured, and nowhere an e-mail address or a secret. */
export function keepLog(
  log: SaidLog,
  captures: () => boolean,
): { readonly body: string; readonly attributes: [key: string, value: string][] } {
  const event = log.event || log.attributes.find(([key]) => key === "event.name")?.[1] || "";
  const ofModels = SAID.test(event) || event.startsWith("gen_ai.") || log.attributes.some(([key]) => OF_MODELS.test(key));
  if (!ofModels) return { body: redact(log.body), attributes: log.attributes.map(([key, value]) => [key, redactValue(key, value)]) };
  const kept = captures();
  const hides = !kept && log.body !== "" && (SAID.test(event) || log.attributes.some(([key]) => isContent(key)));
  return {
    body: hides ? `[not captured: ${log.body.length} characters]` : redact(log.body),
    attributes: keepAttributes(log.attributes, kept),
  };
}
