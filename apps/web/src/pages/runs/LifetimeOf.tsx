import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Run } from "@roadbed/contracts/paths";
import { listLifetimes } from "@roadbed/contracts/paths/lifetimes";
import { useOperation } from "../../api/use-operation.ts";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { LifetimeActs } from "./LifetimesPage.tsx";
import classes from "./runs.module.css";

/** Until when what a run made is there; nothing where it stays. */
export function LifetimeOf({ run: { id, status } }: { readonly run: Run }): ReactNode {
  const list = useOperation(listLifetimes, { run: id, limit: 1 }, { enabled: status === "succeeded" });
  const lifetime = list.data?.items[0];
  if (lifetime === undefined) return null;
  const { state, endsAt, atMost, soon, extensions, endedAt, endPath, endRunId, endError } = lifetime;
  if (state !== "active") {
    return (
      <Section title="Time to live">
        <p>
          {state === "ending" ? "It is being ended since " : "It came to its end "}
          <When at={endedAt ?? endsAt} />
          {endRunId !== undefined && (
            <>
              , by{" "}
              <Link to="/runs/$id" params={{ id: endRunId }}>
                the run that ends it
              </Link>
            </>
          )}
          .
        </p>
        {endError !== undefined && (
          <p data-state="fail" role="alert">
            It could not be ended yet: {endError}
          </p>
        )}
      </Section>
    );
  }
  return (
    <Section title="Time to live">
      <p>
        It ends by itself <When at={endsAt} />
        {soon && (
          <>
            {" "}
            <StateBadge plain word="soon" state="warn" />
          </>
        )}
        . <span className="rb-dim">At most until </span>
        <When at={atMost} />. {endPath !== undefined && <>Then the path {endPath} is followed. </>}
        <LifetimeActs lifetime={lifetime} />
      </p>
      {extensions.length > 0 && (
        <ul className={classes.votes}>
          {extensions.map(({ by, at, until, reason }) => (
            <li key={at}>
              {by} extended it to <When at={until} />: {reason}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
