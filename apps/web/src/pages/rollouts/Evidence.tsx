import type { ReactNode } from "react";

import type { Analysis, CriterionSight } from "@roadbed/contracts/delivery/rollouts";
import { formatMs, formatPercent } from "../../format/number.ts";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./rollouts.module.css";
import { countOf, meanOf, ratioOf } from "./words.ts";

const [WIDTH, HEIGHT] = [320, 84];
/** Ratios from a quarter to four times, by their logarithms. */
const REACH = Math.log(4);

/** Differences of scores that are shown, to both sides. */
const SCORE_REACH = 0.5;

const VERDICT_WORDS = { regression: "worse", "non-inferior": "no worse", undecided: "not decided" } as const;

/** What is known of each thing that the release is judged by: how the evidence went, and between what the ratio lies. */
export function Evidence({ of, over }: { readonly of: Analysis; readonly over: boolean }): ReactNode {
  const { criteria, looks, seconds, deadlineSeconds, falseAlarm } = of;
  const until = Math.max(over ? seconds : Math.min(deadlineSeconds, seconds * 1.5), looks.at(-1)?.second ?? 0, 1);
  return (
    <Section
      title="Evidence"
      act={
        <span className="rb-dim">
          of {formatMs(Math.round(seconds) * 1_000)}; a false alarm in {formatPercent(falseAlarm)} of rollouts at most
        </span>
      }
    >
      <ul className={classes.criteria}>
        {criteria.map((criterion, at) => (
          <li key={criterion.name}>
            <div>
              <h3>{criterion.name}</h3>
              <StateBadge plain word={criterion.verdict} label={VERDICT_WORDS[criterion.verdict]} />
              {!criterion.needed && <span className={`rb-dim ${classes.optional}`}>need not be proven</span>}
            </div>
            <dl>
              <dt>New release</dt>
              <dd>{criterion.score === undefined ? countOf(criterion.candidate) : meanOf(criterion, "candidate")}</dd>
              <dt>Baseline</dt>
              <dd>{criterion.score === undefined ? countOf(criterion.baseline) : meanOf(criterion, "baseline")}</dd>
              <dt>{criterion.score === undefined ? "How often" : "Difference"}</dt>
              <dd>{ratioOf(criterion)}</dd>
            </dl>
            {criterion.score === undefined ? <Interval of={criterion} /> : <Difference of={criterion} />}
            <Paths of={criterion} at={at} looks={looks} until={until} />
          </li>
        ))}
      </ul>
      <p className="rb-dim">
        The lines are the evidence (on a scale of logarithms) that the new release is worse and that it is not; at the dashed line it is
        proven. What lies in the bar is possible still: left of the mark at {criteria[0]?.within ?? 1.5}× is no worse
        {criteria.some(({ score }) => score !== undefined) && ", and of scores what is right of theirs"}.
      </p>
    </Section>
  );
}

function Paths({
  of,
  at,
  looks,
  until,
}: {
  readonly of: CriterionSight;
  readonly at: number;
  readonly looks: Analysis["looks"];
  readonly until: number;
}): ReactNode {
  const x = (second: number): number => (second / until) * WIDTH;
  const pathOf = (values: readonly number[], limit: number): string =>
    looks.map(({ second }, index) => `${x(second).toFixed(1)},${heightOf(values[index] ?? 1, limit).toFixed(1)}`).join(" ");
  const worse = looks.map(({ ofRegression }) => ofRegression[at] ?? 1);
  const none = looks.map(({ ofNone }) => ofNone[at] ?? 1);
  const said = `Evidence that it is worse: ${short(of.evidenceOfRegression)} of ${short(of.alarmAt)}; that it is not: ${short(of.evidenceOfNone)} of ${short(of.passAt)}`;
  return (
    <figure>
      <svg className={classes.paths} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={said}>
        <line data-line="limit" x1={0} x2={WIDTH} y1={heightOf(10, 10)} y2={heightOf(10, 10)} />
        <line data-line="zero" x1={0} x2={WIDTH} y1={heightOf(1, 10)} y2={heightOf(1, 10)} />
        <polyline data-line="none" points={pathOf(none, of.passAt)} />
        <polyline data-line="worse" points={pathOf(worse, of.alarmAt)} />
      </svg>
      <figcaption>
        <span data-line="worse">
          worse: {short(of.evidenceOfRegression)} of {short(of.alarmAt)}
        </span>
        <span data-line="none">
          no worse: {short(of.evidenceOfNone)} of {short(of.passAt)}
        </span>
      </figcaption>
    </figure>
  );
}

/** The ratio between its bounds, on a scale of logarithms. */
function Interval({ of: { estimate, lower, upper, within, verdict } }: { readonly of: CriterionSight }): ReactNode {
  const at = (ratio: number): number => {
    const part = (Math.log(Math.max(ratio, 1e-6)) + REACH) / (2 * REACH);
    return Math.min(1, Math.max(0, part)) * 100;
  };
  const [from, to] = [at(lower), upper === undefined ? 100 : at(upper)];
  return (
    <div className={classes.interval} aria-hidden>
      <span data-mark="scale" />
      <span data-mark="range" data-verdict={verdict} style={{ left: `${from}%`, width: `${Math.max(1, to - from)}%` }} />
      <span data-mark="one" style={{ left: `${at(1)}%` }} title="as often" />
      <span data-mark="within" style={{ left: `${at(within)}%` }} title={`${within}×`} />
      {estimate !== undefined && <span data-mark="estimate" style={{ left: `${at(estimate)}%` }} />}
    </div>
  );
}

/** The difference of mean scores between its bounds; `within` is how much lower it may be. */
function Difference({ of: { estimate, lower, upper = 1, within, verdict } }: { readonly of: CriterionSight }): ReactNode {
  const at = (difference: number): number => Math.min(1, Math.max(0, (difference + SCORE_REACH) / (2 * SCORE_REACH))) * 100;
  return (
    <div className={classes.interval} aria-hidden>
      <span data-mark="scale" />
      <span data-mark="range" data-verdict={verdict} style={{ left: `${at(lower)}%`, width: `${Math.max(1, at(upper) - at(lower))}%` }} />
      <span data-mark="one" style={{ left: `${at(0)}%` }} title="as good" />
      <span data-mark="within" style={{ left: `${at(-within)}%` }} title={`lower by ${within}`} />
      {estimate !== undefined && <span data-mark="estimate" style={{ left: `${at(estimate)}%` }} />}
    </div>
  );
}

/** 1 is no evidence either way; the limit is at four fifths of the height. */
function heightOf(value: number, limit: number): number {
  const part = Math.log(Math.max(value, 1e-3)) / Math.log(limit);
  return HEIGHT - 22 - Math.min(1.2, Math.max(-0.25, part)) * (HEIGHT - 40);
}

function short(value: number): string {
  return value >= 1_000 ? "over 1000" : String(Number(value.toPrecision(2)));
}
