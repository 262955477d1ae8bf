import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { listFindings, type AuditFinding } from "@roadbed/contracts/standards/audit";
import { usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Inline } from "../../ui/Inline.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import classes from "../scorecards/scorecards.module.css";
import { SEVERITY_WORDS } from "../standards/policy-words.ts";
import { RequestWaiver } from "../standards/RequestWaiver.tsx";

/** What the policies find on this one thing, since when, what mends it, and whether it is waived. */
export function EntityFindings({ entityRef }: { readonly entityRef: string }): ReactNode {
  const list = usePages(listFindings, { entity: entityRef, limit: 50 });
  return (
    <Section
      title="Findings of policies"
      count={list.pending ? undefined : formatCount(list.total ?? list.rows.length, "finding")}
      act={<Link to="/standards/findings">All findings</Link>}
    >
      {list.error !== null ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={3} />
      ) : list.rows.length === 0 ? (
        <p className="rb-dim">The policies that are asked about what stands in the catalogue find nothing on it.</p>
      ) : (
        <>
          <ul className={`${classes.steps} ${classes.findings}`}>
            {list.rows.map((finding) => (
              <Finding key={`${finding.policy} ${finding.expression} ${finding.message}`} finding={finding} entityRef={entityRef} />
            ))}
          </ul>
          <LoadMore more={list.more} loading={list.loadingMore} shown={list.rows.length} total={list.total} />
        </>
      )}
    </Section>
  );
}

function Finding({ finding, entityRef }: { readonly finding: AuditFinding; readonly entityRef: string }): ReactNode {
  const { severity, title, policy, message, mend, since, waiver } = finding;
  return (
    <li>
      <span className={classes.effort}>
        {waiver === undefined ? <StateBadge plain word={severity} label={SEVERITY_WORDS[severity]} /> : <Tag>waived</Tag>}
      </span>
      <div>
        <Link className={classes.stepTitle} to="/standards/policies/$name" params={{ name: policy }}>
          {title}
        </Link>{" "}
        <span className="rb-dim">
          since <When at={since} />
        </span>
        <p className="rb-dim">
          <Inline text={message} />
        </p>
        {mend !== "" && (
          <p>
            <Inline text={mend} />
          </p>
        )}
        {waiver === undefined ? (
          <AskForWaiver policy={policy} title={title} entityRef={entityRef} />
        ) : (
          <p className="rb-dim">
            Waived until {waiver.expiresAt.slice(0, 10)} by {waiver.owner}: {waiver.reason}
          </p>
        )}
      </div>
    </li>
  );
}

/** Opens the one dialog in which waivers are asked for, with what is known filled in. */
export function AskForWaiver(o: { readonly policy: string; readonly title: string; readonly entityRef: string }): ReactNode {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => setAsking(true)} aria-label={`Request a waiver: ${o.title}`}>
        Request a waiver
      </Button>
      {asking && <RequestWaiver {...o} onClose={() => setAsking(false)} />}
    </>
  );
}
