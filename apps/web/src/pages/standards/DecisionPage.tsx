import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Button, Group } from "@mantine/core";
import { getDecision, getDecisionInput, rerunDecision, type Decision, type Finding } from "@roadbed/contracts/standards";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge, StateIcon } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { MOMENT_WORDS, sentenceOf, VERDICT_WORDS } from "./policy-words.ts";
import { Prose } from "./Prose.tsx";
import classes from "./standards.module.css";

const route = getRouteApi("/app/standards/decisions/$id");

/** One decision: the verdict, then why, then how to mend it. */
export function DecisionPage(): ReactNode {
  const { id } = route.useParams();
  const decision = useOperation(getDecision, { id });
  const { data } = decision;
  return (
    <Page
      narrow
      title={data?.subject ?? "Policy decision"}
      trail={
        <>
          <Link to="/standards">Policies</Link>
          <span aria-hidden>/</span>
          <Link to="/standards/decisions">Decisions</Link>
        </>
      }
    >
      <Loaded query={decision} skeleton={<SkeletonRows rows={10} />}>
        {(one) => <DecisionView decision={one} />}
      </Loaded>
    </Page>
  );
}

function DecisionView({ decision }: { readonly decision: Decision }): ReactNode {
  const { verdict, findings, policies, actor, at, moment, inputDigest, id, details, team } = decision;
  return (
    <>
      <p className={classes.verdict}>
        <StateIcon word={verdict} /> {sentenceOf(decision)}
      </p>
      {findings.length > 0 && (
        <ul className={classes.findings} aria-label="What the policies found">
          {findings.map((finding, index) => (
            <FindingView key={index} finding={finding} />
          ))}
        </ul>
      )}
      <Section title="About this decision">
        <Facts
          of={[
            ["Verdict", <StateBadge key="verdict" plain word={verdict} label={VERDICT_WORDS[verdict]} />],
            ["Asked by", actor],
            ["When", <When key="when" at={at} />],
            ["Asked", MOMENT_WORDS[moment]],
            ["Team", team && <EntityLink key="team" entityRef={team} />],
            ...Object.entries(details ?? {}).map(([name, value]) => [name, value] as const),
            ["Decision", <CopyText key="id" text={id} what="decision id" />],
            ["What was judged", <CopyText key="digest" text={inputDigest} what="digest" />],
          ]}
        />
      </Section>
      <AskAgain decision={decision} />
      <Section title="Policies that were asked" count={policies.length}>
        <ul className={classes.asked}>
          {policies.map(({ name, version }) => (
            <li key={name}>
              <Link to="/standards/policies/$name" params={{ name }}>
                {name}
              </Link>{" "}
              <span className="rb-dim">{version}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

const NOT_KEPT: Readonly<Record<Exclude<Decision["input"], "kept">, string>> = {
  "too large": "What was judged was too large to be kept, so it cannot be asked again.",
  none: "What was judged was not kept yet at that time, so it cannot be asked again.",
};

/** What today's policies say of what was judged then, and what that was. */
function AskAgain({ decision: { id, input } }: { readonly decision: Decision }): ReactNode {
  const again = useAct(rerunDecision, { touches: [] });
  const kept = useAct(getDecisionInput, { touches: [] });
  const error = again.error ?? kept.error;
  if (input !== "kept") {
    return (
      <Section title="Ask again">
        <p className="rb-dim">{NOT_KEPT[input]}</p>
      </Section>
    );
  }
  return (
    <Section title="Ask again">
      <Group gap="xs">
        <Button variant="default" onClick={() => again.mutate({ id })} loading={again.isPending}>
          What would be said today?
        </Button>
        <Button variant="default" onClick={() => kept.mutate({ id })} loading={kept.isPending}>
          Show what was judged
        </Button>
      </Group>
      {error !== null && <ErrorState error={error} />}
      {again.data !== undefined && (
        <>
          <p>
            <StateBadge plain word={again.data.after} label={VERDICT_WORDS[again.data.after]} />{" "}
            {again.data.newly.length + again.data.noLonger.length === 0
              ? "Today's policies find the same."
              : `${again.data.newly.length} found that was not found then, ${again.data.noLonger.length} not found any more.`}
            {again.data.redacted && " What was secret is not kept: rules that read it may answer otherwise."}
          </p>
          {again.data.newly.length > 0 && (
            <ul className={classes.findings} aria-label="What is found today">
              {again.data.newly.map((finding, index) => (
                <FindingView key={index} finding={finding} />
              ))}
            </ul>
          )}
        </>
      )}
      {kept.data !== undefined && (
        <CodeBlock
          code={JSON.stringify(
            kept.data.resources.map(({ object }) => object),
            undefined,
            2,
          )}
          lang="json"
          label="What was judged"
        />
      )}
    </Section>
  );
}

function FindingView({
  finding: { policy, title, severity, result, message, mend, why, expression, resource, file, waiver, unknown },
}: {
  readonly finding: Finding;
}): ReactNode {
  return (
    <li className={classes.finding} data-severity={waiver === undefined ? severity : "waived"}>
      <div className={classes.findingHead}>
        <StateIcon word={severity} />
        <h2>
          <Prose text={message} />
        </h2>
      </div>
      <Facts
        of={[
          ["On", resource],
          ["Waived", waiver && `${waiver.reason} (${waiver.owner} answers for it, until ${waiver.expiresAt.slice(0, 10)})`],
          ["In file", file === undefined ? undefined : <code key="file">{file}</code>],
          ["How to mend it", <Prose key="mend" text={mend} />],
          [
            "Policy",
            <Link key="policy" to="/standards/policies/$name" params={{ name: policy }}>
              {title}
            </Link>,
          ],
          ["Why it exists", why],
          ["Note", result === "error" ? "The rule could not be evaluated, which counts as no." : undefined],
          ["Not known yet", unknown?.join(", ")],
        ]}
      />
      <details className={classes.ruleText}>
        <summary>The rule</summary>
        <CodeBlock code={expression} lang="javascript" label={`Rule of ${title}`} />
      </details>
    </li>
  );
}
