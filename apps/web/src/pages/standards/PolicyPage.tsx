import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getPolicy, type Policy } from "@roadbed/contracts/standards";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { Prose } from "./Prose.tsx";
import { SEVERITY_WORDS } from "./policy-words.ts";
import { PolicyStages, PolicyWaivers } from "./PolicyState.tsx";
import classes from "./standards.module.css";

const route = getRouteApi("/app/standards/policies/$name");

/** One policy: why it exists, what it demands, and how a violation is mended. */
export function PolicyPage(): ReactNode {
  const { name } = route.useParams();
  const policy = useOperation(getPolicy, { name });
  const { data } = policy;
  return (
    <Page narrow title={data?.title ?? name} trail={<Link to="/standards">Policies</Link>} state={data?.why}>
      <Loaded query={policy} skeleton={<SkeletonRows rows={10} />}>
        {(one) => <PolicyView policy={one} />}
      </Loaded>
    </Page>
  );
}

function PolicyView({ policy }: { readonly policy: Policy }): ReactNode {
  const { name, severity, version, pack, references, matches, rules, enabled } = policy;
  return (
    <>
      <Facts
        of={[
          ["When broken", <StateBadge key="severity" plain word={severity} label={SEVERITY_WORDS[severity]} />],
          ["In force", enabled ? "yes" : "no: it is not asked"],
          ["Pack", pack],
          [
            "Looks at",
            <span key="matches" className={classes.tags}>
              {matches.map((match) => (
                <Tag key={match}>{match}</Tag>
              ))}
            </span>,
          ],
          ["Name", <CopyText key="name" text={name} what="name" />],
          ["Version", version],
          ["References", references.length === 0 ? undefined : <Prose key="references" text={references.join(", ")} />],
        ]}
      />
      <PolicyStages policy={policy} />
      <Section title="Rules" count={formatCount(rules.length, "rule")}>
        <ol className={classes.rules}>
          {rules.map(({ expression, message, mend }, index) => (
            <li key={index} className={classes.rule}>
              <p className={classes.demand}>
                Must be true <span className="rb-dim">(in CEL)</span>
              </p>
              <CodeBlock code={expression} lang="javascript" label={`Expression of rule ${index + 1}`} />
              <dl className={classes.answer}>
                <dt>If not, it says</dt>
                <dd>
                  <Prose text={message} />
                </dd>
                <dt>How to mend it</dt>
                <dd>
                  <Prose text={mend} />
                </dd>
              </dl>
            </li>
          ))}
        </ol>
      </Section>
      <PolicyWaivers name={name} />
      <Section title="What it decided">
        <p className="rb-dim">
          <Link to="/standards/findings" search={{ policy: name }}>
            See what it finds in the catalogue
          </Link>
          . Every answer is kept with its reasons.{" "}
          <Link to="/standards/decisions" search={{ verdict: severity === "audit" ? "allow" : severity }}>
            See what was {severity === "deny" ? "denied" : severity === "warn" ? "warned of" : "noted"}
          </Link>
          .
        </p>
      </Section>
    </>
  );
}
