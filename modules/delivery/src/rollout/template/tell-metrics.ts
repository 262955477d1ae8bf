import type { MeasuredMetric, MetricSight } from "@roadbed/contracts/delivery/rollouts";

import { beginMetric, type MetricState, type TemplateMetric } from "./metric.ts";

/** What can be told of metrics: never the headers and bodies that are sent, which may be secret. */
export function tellMetrics(metrics: readonly TemplateMetric[], states: readonly MetricState[] | undefined): MeasuredMetric[] {
  return metrics.map((metric, at) => {
    const { successful, failed, inconclusive, error, measurements, over } = states?.[at] ?? beginMetric(metric, 0);
    return {
      ...sightOf(metric),
      ...(over === undefined ? {} : { outcome: over }),
      successful,
      failed,
      inconclusive,
      errors: error,
      measurements: [...measurements],
    };
  });
}

export function sightOf(metric: TemplateMetric): MetricSight {
  const { name, file, provider, written, everySeconds, count, delaySeconds, dryRun } = metric;
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit } = metric;
  return {
    name,
    file,
    provider: provider.kind,
    place: new URL(provider.address).host,
    ...(written.success === undefined ? {} : { successCondition: written.success }),
    ...(written.failure === undefined ? {} : { failureCondition: written.failure }),
    ...(everySeconds === undefined ? {} : { everySeconds }),
    ...(count === undefined ? {} : { count }),
    delaySeconds,
    failureLimit,
    inconclusiveLimit,
    consecutiveErrorLimit,
    consecutiveSuccessLimit,
    dryRun,
  };
}
