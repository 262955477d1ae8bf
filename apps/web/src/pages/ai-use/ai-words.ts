import type { AiBy, AiFigures } from "@roadbed/contracts/telemetry/ai";
import { formatNumber } from "../../format/number.ts";

/** An amount as people read it: two digits, or two that say something. */
export function formatUsd(text: string): string {
  const usd = Number(text);
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 1) return `$${usd.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${usd.toLocaleString("en-US", { maximumSignificantDigits: 2, maximumFractionDigits: 12 })}`;
}

/** What is not in a sum of money, or nothing. */
export function missingWords({ unpriced, untold }: Pick<AiFigures, "unpriced" | "untold">): string | undefined {
  const parts = [
    ...(unpriced > 0 ? [`${formatNumber(unpriced)} unpriced`] : []),
    ...(untold > 0 ? [`${formatNumber(untold)} told no usage`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** The answer of the page in a sentence. */
export function answerOf(of: AiFigures): string {
  if (of.calls === 0) return "No call of a model came in this time.";
  const cost = of.cost === undefined ? "no price is known" : `${formatUsd(of.cost)} in all`;
  const missing = missingWords(of);
  const failed = of.errors === 0 ? "none failed" : `${formatNumber(of.errors)} failed`;
  return `${formatNumber(of.calls)} ${of.calls === 1 ? "call" : "calls"}, ${cost}${missing === undefined ? "" : ` (${missing})`}; ${failed}.`;
}

export const BY_WORDS: Readonly<Record<AiBy, string>> = {
  model: "Model",
  prompt: "Prompt version",
  agent: "Agent",
  team: "Team",
  service: "Service",
  provider: "Provider",
  environment: "Environment",
  operation: "Operation",
};

/** The condition by which the calls of a row are found; undefined where none can say it, as for what nobody told. */
export function conditionOf(
  by: AiBy,
  key: string,
): Readonly<Partial<Record<"model" | "prompt" | "agent" | "team" | "service" | "provider" | "environment", string>>> | undefined {
  if (key === "" || by === "operation") return undefined;
  return { [by]: key };
}
