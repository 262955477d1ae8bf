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
  const { state, endsAt, atMost, soon, extensions, endedAt } = lifetime;
  if (state !== "active") {
    return (
      <Section title="Time to live">
        <p>
          It came to its end <When at={endedAt ?? endsAt} />.
        </p>
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
        <When at={atMost} />. <LifetimeActs lifetime={lifetime} />
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
