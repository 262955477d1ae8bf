import type { Indicator, Slo } from "@roadbed/contracts/telemetry/slos";

/** As many decimals as a share near 100 % needs to be told from it. */
export function shareWords(share: number): string {
  if (share >= 1 || share <= 0) return `${share >= 1 ? 100 : 0} %`;
  const digits = Math.min(6, Math.max(1, Math.ceil(-Math.log10(1 - share)) - 1));
  const shown = Number((share * 100).toFixed(digits));
  // What is not whole is never rounded to it.
  return shown === 100 ? "almost 100 %" : `${shown} %`;
}

/** "62 % left", "spent 1.4 times"; undefined where it is not known. */
export function leftWords(remaining: number | undefined): string | undefined {
  if (remaining === undefined) return undefined;
  if (remaining < 0) return `spent ${Math.round((1 - remaining) * 10) / 10} times`;
  return remaining < 0.01 && remaining > 0 ? "under 1 % left" : `${Math.round(remaining * 100)} % left`;
}

/** What is counted, in a sentence. */
export function indicatorWords(indicator: Indicator, service: string): string {
  const named = "operations" in indicator && indicator.operations !== undefined ? ` to ${indicator.operations.join(", ")}` : "";
  switch (indicator.kind) {
    case "availability":
      return `Requests${named} that ${service} answered without an error`;
    case "latency":
      return `Requests${named} that ${service} answered within ${indicator.thresholdMs} ms, of those that did not fail`;
    case "journey":
      return `Journeys that begin with ${indicator.operation} at ${service} and end well${
        indicator.thresholdMs === undefined ? "" : `, within ${indicator.thresholdMs} ms`
      }`;
    case "ratio":
      return indicator.good === undefined
        ? `What ${indicator.total.metric} counts and ${indicator.bad?.metric ?? ""} does not`
        : `What ${indicator.good.metric} counts, of all that ${indicator.total.metric} does`;
    case "gauge":
      return `Samples of ${indicator.metric} ${indicator.below === undefined ? `above ${indicator.above ?? 0}` : `below ${indicator.below}`}`;
    case "logs":
      return `Lines of ${service} that ${[
        ...(indicator.bad.text === undefined ? [] : [`do not contain “${indicator.bad.text}”`]),
        ...(indicator.bad.minSeverity === undefined ? [] : [`are less than ${indicator.bad.minSeverity}`]),
      ].join(" or ")}`;
  }
}

export function periodWords({ period }: Pick<Slo, "period">): string {
  return period.kind === "rolling" ? `${period.days} days` : "this month";
}

/** The list's answer in a sentence. */
export function sentenceOf(slos: readonly Slo[]): string {
  if (slos.length === 0) return "What is promised of services, and how much of it may still fail.";
  const of = (state: Slo["state"]): number => slos.filter((one) => one.state === state).length;
  const said = [
    [of("burning"), "burns its budget too fast", "burn their budget too fast"],
    [of("exhausted"), "has none left", "have none left"],
    [of("unknown") + of("few-events"), "cannot be judged", "cannot be judged"],
  ] as const;
  const parts = said.filter(([count]) => count > 0).map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
  const all = slos.length === 1 ? "One objective" : `${slos.length} objectives`;
  return parts.length === 0 ? `${all}: all are within their budget.` : `${all}: ${parts.join(", ")}.`;
}
