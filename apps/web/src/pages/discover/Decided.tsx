import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Inline } from "../../ui/Inline.tsx";
import classes from "./discover.module.css";
import type { Outcome } from "./use-decisions.ts";
import { sentenceOfAcceptance } from "./words.ts";

const SHOWN = 12;

/** What came of the last decision, with links to what is new and the reason for each that was not taken. */
export function Decided({
  outcome,
  error,
  onClose,
}: {
  readonly outcome: Outcome | undefined;
  readonly error: Error | null;
  readonly onClose: () => void;
}): ReactNode {
  if (error !== null) return <ErrorState error={error} />;
  if (outcome === undefined) return null;
  const { accepted, failed } = outcome;
  return (
    <div className={classes.decided} role="status">
      <div className={classes.decidedHead}>
        <b>{sentenceOfAcceptance(outcome)}</b>
        <Button size="compact-xs" variant="subtle" onClick={onClose}>
          Close
        </Button>
      </div>
      <div className={classes.links}>
        {accepted.slice(0, SHOWN).map(({ id, ref }) => (
          <EntityLink key={id} entityRef={ref} />
        ))}
        {accepted.length > SHOWN && <span className="rb-dim">and {accepted.length - SHOWN} more</span>}
      </div>
      {failed.length > 0 && (
        <ul className={classes.failed}>
          {failed.slice(0, SHOWN).map(({ id, reason, mend }) => (
            <li key={id}>
              <Inline text={reason} /> {mend !== undefined && <span className="rb-dim">{mend}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
