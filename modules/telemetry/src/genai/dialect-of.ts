import type { SaidSpan } from "./said.ts";
import type { Dialect } from "./vocabulary.ts";

/** By what a dialect is known. The first that fits holds: several write OpenTelemetry's names beside their own. */
const SIGNS: readonly { readonly dialect: Dialect; readonly scope?: RegExp; readonly key?: RegExp }[] = [
  { dialect: "openinference", key: /^openinference\.span\.kind$/ },
  { dialect: "litellm", scope: /^litellm/, key: /^litellm\./ },
  { dialect: "vercel", key: /^ai\.operationId$/ },
  { dialect: "vercel-7", scope: /^gen_ai$/, key: /^ai\.telemetry\./ },
  { dialect: "pydantic", scope: /^pydantic[-_]ai/ },
  { dialect: "langfuse", scope: /^langfuse/, key: /^langfuse\.(?:observation|trace|session|user)\./ },
  { dialect: "openllmetry", key: /^(?:traceloop\.|llm\.request\.type$|gen_ai\.prompt\.\d)/ },
  { dialect: "otel", key: /^gen_ai\.provider\.name$/ },
  { dialect: "otel-old", key: /^(?:gen_ai\.(?:system|usage\.prompt_tokens|completion)$|llm\.usage\.)/ },
  { dialect: "otel", key: /^gen_ai\./ },
  // What is left of OpenInference without its kind, e.g. in copies of its attributes.
  { dialect: "openinference", key: /^llm\.(?:token_count|model_name)/ },
];

/** Undefined: nothing in the span tells of models. */
export function dialectOf({ scope, attributes }: SaidSpan): Dialect | undefined {
  const keys = [...attributes.keys()];
  for (const { dialect, scope: byScope, key: byKey } of SIGNS) {
    if (byScope?.test(scope) === true) return dialect;
    if (byKey !== undefined && keys.some((key) => byKey.test(key))) return dialect;
  }
  return undefined;
}
