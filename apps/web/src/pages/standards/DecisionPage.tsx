import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getDecision, type Decision, type Finding } from "@roadbed/contracts/standards";
import { useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { CopyText } from "../../ui/Copy.tsx";
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
  const { verdict, findings, policies, actor, at, moment, inputDigest, id } = decision;
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
            ["Decision", <CopyText key="id" text={id} what="decision id" />],
            ["What was judged", <CopyText key="digest" text={inputDigest} what="digest" />],
          ]}
        />
      </Section>
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

function FindingView({
  finding: { policy, title, severity, result, message, mend, why, expression, resource, file, waiver },
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
        ]}
      />
      <details className={classes.ruleText}>
        <summary>The rule</summary>
        <CodeBlock code={expression} lang="javascript" label={`Rule of ${title}`} />
      </details>
    </li>
  );
}
