import { Button, SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { ClipboardCheck } from "lucide-react";
import { useState, type ReactNode } from "react";

import { getBadge, getEntityScores, type EntityScore, type RuleResult } from "@roadbed/contracts/standards/scores";
import { useOperation } from "../../api/use-operation.ts";
import { formatPercent } from "../../format/number.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Inline } from "../../ui/Inline.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge, StateIcon } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { EFFORT_WORDS, levelState, levelTitle, OUTCOMES } from "../scorecards/levels.ts";
import { MendDialog } from "../scorecards/MendDialog.tsx";
import classes from "../scorecards/scorecards.module.css";
import { EntityDecisions } from "./EntityDecisions.tsx";
import { AskForWaiver, EntityFindings } from "./EntityFindings.tsx";

/** How far it has come, what to do next, and why each rule says what it says. */
export function StandardsTab({ entityRef }: { readonly entityRef: string }): ReactNode {
  const query = useOperation(getEntityScores, { ref: entityRef });
  return (
    <>
      <Loaded query={query} skeleton={<SkeletonRows rows={10} />}>
        {({ scores }) =>
          scores.length === 0 ? (
            <EmptyState icon={ClipboardCheck} title="No scorecard looks at it" act={<Link to="/scorecards">See the scorecards</Link>}>
              A scorecard names the kinds of entities that it looks at. None of them is about this one.
            </EmptyState>
          ) : (
            scores.map((score) => <Score key={score.scorecard} score={score} entityRef={entityRef} />)
          )
        }
      </Loaded>
      <EntityFindings entityRef={entityRef} />
      <EntityDecisions entityRef={entityRef} />
    </>
  );
}

function Score({ score, entityRef }: { readonly score: EntityScore; readonly entityRef: string }): ReactNode {
  const { levels, rank, next } = score;
  return (
    <Section
      title={score.title}
      count={score.rubric ? "the rubric" : undefined}
      act={
        <Link to="/scorecards/$name" params={{ name: score.scorecard }}>
          The whole scorecard
        </Link>
      }
    >
      <Facts
        of={[
          ["Level", <StateBadge key="level" word={levelTitle(levels, rank)} state={levelState(levels, rank)} />],
          [
            "Score",
            score.score === undefined ? "nothing that counts is asked of it" : `${formatPercent(score.score)} of what counts, by weight`,
          ],
          ["Since", <When key="since" at={score.since} />],
        ]}
      />
      {next !== undefined && (
        <>
          <h3 className={classes.under}>
            {next.steps.length === 1 ? "One step" : `${next.steps.length} steps`} to {next.title}, the least effort first
          </h3>
          <ol className={classes.steps}>
            {next.steps.map((step) => (
              <Step key={step.id} step={step} scorecard={score.scorecard} entityRef={entityRef} />
            ))}
          </ol>
        </>
      )}
      <h3 className={classes.under}>All rules</h3>
      {score.categories.map((category) => (
        <Category key={category.name} score={score} category={category} />
      ))}
      <Badge entityRef={entityRef} scorecard={score.scorecard} />
    </Section>
  );
}

function Step({
  step,
  scorecard,
  entityRef,
}: {
  readonly step: RuleResult;
  readonly scorecard: string;
  readonly entityRef: string;
}): ReactNode {
  return (
    <li>
      <span className={classes.effort}>{EFFORT_WORDS[step.effort]}</span>
      <div>
        <span className={classes.stepTitle}>{step.title}</span> {step.outcome === "unknown" && <Tag>unknown</Tag>}
        {step.message !== undefined && (
          <p className="rb-dim">
            <Inline text={step.message} />
          </p>
        )}
        <p>
          <Inline text={step.mend} />
        </p>
        {step.references.map(({ title, url }) => (
          <p key={url}>
            <a href={url} target="_blank" rel="noreferrer">
              {title}
            </a>
          </p>
        ))}
        <Change step={step} scorecard={scorecard} entityRef={entityRef} />
        {step.outcome === "fail" && <AskForWaiver policy={`${scorecard}/${step.id}`} title={step.title} entityRef={entityRef} />}
      </div>
    </li>
  );
}

/** The change that mends it: to be opened, or what became of it. */
function Change({
  step: { id, patch, change },
  scorecard,
  entityRef,
}: {
  readonly step: RuleResult;
  readonly scorecard: string;
  readonly entityRef: string;
}): ReactNode {
  const [opening, setOpening] = useState(false);
  const isUnderWay = change?.state === "open" || change?.state === "waiting";
  return (
    <>
      {change !== undefined && (
        <p>
          {change.state === "waiting" ? "A change is being opened" : "A change is "}
          {change.state !== "waiting" && (change.link === undefined ? change.state : <a href={change.link}>{change.state}</a>)}
          {change.repository !== undefined && ` in ${change.repository}`}.
          {change.reason !== undefined && (
            <span className="rb-dim">
              {" "}
              <Inline text={change.reason} />
            </span>
          )}
        </p>
      )}
      {patch !== undefined && !isUnderWay && (
        <Button size="compact-xs" mr="xs" onClick={() => setOpening(true)} aria-label={`Open the change: ${patch.title}`}>
          Open the change
        </Button>
      )}
      {opening && patch !== undefined && (
        <MendDialog entityRef={entityRef} scorecard={scorecard} rule={id} patch={patch} onClose={() => setOpening(false)} />
      )}
    </>
  );
}

function Category({ score, category }: { readonly score: EntityScore; readonly category: EntityScore["categories"][number] }): ReactNode {
  const rules = score.rules.filter((rule) => rule.category === category.name);
  return (
    <div className={classes.category}>
      <strong>{category.title}</strong>
      <StateBadge
        plain
        word={levelTitle(score.levels, category.rank)}
        state={levelState(score.levels, category.rank)}
        title={`${category.passed} of ${category.counted} rules hold`}
      />
      <ul>
        {rules.map((rule) => {
          const { label, state } = OUTCOMES[rule.outcome];
          return (
            <li key={rule.id} className={classes.result}>
              <StateIcon word={label} state={state} size={15} />
              <span className={rule.outcome === "not-applicable" ? "rb-dim" : undefined}>
                {rule.title} {!rule.counts && <Tag title="It does not count until then">from {rule.effectiveFrom?.slice(0, 10)}</Tag>}
                {rule.message !== undefined && (
                  <span className={classes.note}>
                    <Inline text={rule.message} />
                  </span>
                )}
              </span>
              <span className="rb-dim">{score.levels.find(({ name }) => name === rule.level)?.title}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Badge({ entityRef, scorecard }: { readonly entityRef: string; readonly scorecard: string }): ReactNode {
  const [theme, setTheme] = useState<"light" | "dark">("light");
  const badge = useOperation(getBadge, { ref: entityRef, scorecard, theme }, { keep: true });
  if (badge.data === undefined) return null;
  return (
    <>
      <h3 className={classes.under}>Badge</h3>
      <div className={classes.badge}>
        <img src={badge.data.path} alt="The badge as it is now" height={20} />
        <SegmentedControl
          size="xs"
          aria-label="For which ground"
          data={[
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          value={theme}
          onChange={(next) => setTheme(next as typeof theme)}
        />
        <CopyText text={badge.data.markdown} what="Markdown" />
      </div>
      <p className="rb-dim">The address in the Markdown is signed: whoever has it sees this level, also without signing in.</p>
    </>
  );
}
