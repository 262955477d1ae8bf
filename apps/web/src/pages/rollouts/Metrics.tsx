import type { ReactNode } from "react";

import type { MeasuredMetric } from "@roadbed/contracts/delivery/rollouts";
import { formatMs } from "../../format/number.ts";
import { Section } from "../../ui/Page.tsx";
import { StateBadge, StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./rollouts.module.css";
import { conditionOf, outcomeOf, PHASE_STATES } from "./metric-words.ts";

/** The metrics of AnalysisTemplates that the rollout names, each with what was measured. */
export function Metrics({ of, over }: { readonly of: readonly MeasuredMetric[]; readonly over: boolean }): ReactNode {
  return (
    <Section title="Metrics" count={of.length} act={<span className="rb-dim">of AnalysisTemplates in the repository</span>}>
      <ul className={classes.metrics}>
        {of.map((metric) => (
          <li key={`${metric.file} ${metric.name}`}>
            <div>
              <h3>{metric.name}</h3>
              <StateBadge plain word={metric.outcome ?? "measured"} state={stateOf(metric, over)} label={outcomeOf(metric, over)} />
              {metric.dryRun && <span className="rb-dim">only tried: of no consequence</span>}
            </div>
            <p className="rb-dim">
              {conditionOf(metric)} {metric.provider} at {metric.place}, {metric.file}
            </p>
            {metric.measurements.length === 0 ? (
              <p className="rb-dim">
                {metric.delaySeconds > 0 ? `First measured after ${formatMs(metric.delaySeconds * 1_000)}.` : "Not measured yet."}
              </p>
            ) : (
              <ol>
                {metric.measurements.map(({ second, phase, value, message }, at) => (
                  <li key={`${second} ${at}`}>
                    <StateIcon word={phase} state={PHASE_STATES[phase]} size={14} />
                    <span className="rb-dim">{formatMs(second * 1_000)}</span>
                    {value !== undefined && <code className="rb-mono">{value}</code>}
                    {message !== undefined && <span>{message}</span>}
                  </li>
                ))}
              </ol>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function stateOf({ outcome }: MeasuredMetric, over: boolean) {
  if (outcome !== undefined) return PHASE_STATES[outcome];
  return over ? ("unknown" as const) : ("busy" as const);
}
