import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listDecisions } from "@roadbed/contracts/standards";
import { usePages } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "../scorecards/scorecards.module.css";
import { VERDICT_WORDS } from "../standards/policy-words.ts";

const SHOWN = 10;

/** What policies decided about acts on this one thing, newest first. */
export function EntityDecisions({ entityRef }: { readonly entityRef: string }): ReactNode {
  const list = usePages(listDecisions, { entity: entityRef, limit: SHOWN });
  return (
    <Section
      title="Decisions of policies"
      act={
        <Link to="/standards/decisions" search={{ entity: entityRef }}>
          All about it
        </Link>
      }
    >
      {list.error !== null ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={3} />
      ) : list.rows.length === 0 ? (
        <p className="rb-dim">Policies were not asked about an act on it yet: a golden path, a resource, a promotion.</p>
      ) : (
        <ul className={`${classes.steps} ${classes.findings}`}>
          {list.rows.map(({ id, verdict, subject, moment, at, findings }) => (
            <li key={id}>
              <span className={classes.effort}>
                <StateBadge plain word={verdict} label={VERDICT_WORDS[verdict]} />
              </span>
              <div>
                <Link className={classes.stepTitle} to="/standards/decisions/$id" params={{ id }}>
                  {subject}
                </Link>{" "}
                <span className="rb-dim">
                  at {moment}, <When at={at} />
                </span>
                {findings[0] !== undefined && <p className="rb-dim">{findings[0].message}</p>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
