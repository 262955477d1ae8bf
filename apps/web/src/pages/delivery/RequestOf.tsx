import type { ReactNode } from "react";

import type { ChangeRequest } from "@roadbed/contracts/delivery/changes";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const STATES = {
  opening: ["busy", "being opened"],
  open: ["ok", "open"],
  merged: ["ok", "merged"],
  refused: ["fail", "merged, does not count"],
  closed: ["unknown", "closed"],
} as const;

/** The same change at the host of the mirror: merging it there is the vote, too. */
export function RequestOf({ request }: { readonly request: ChangeRequest }): ReactNode {
  const { place, state, number, link, endedBy, note, error, triesAt } = request;
  const [tone, label] = STATES[state];
  const name = number === undefined ? place : `${place} ${number}`;
  return (
    <Section title="At the host of the mirror">
      <p>
        {link === undefined ? (
          name
        ) : (
          <a href={link} target="_blank" rel="noreferrer">
            {name}
          </a>
        )}{" "}
        <StateBadge plain word={state} state={tone} label={label} />
        {endedBy !== undefined && <> by {endedBy}</>}
      </p>
      {note !== undefined && <p>{note}</p>}
      {error !== undefined && (
        <p data-state="fail">
          {error}
          {triesAt !== undefined && (
            <>
              {" "}
              It is tried again <When at={triesAt} />.
            </>
          )}
        </p>
      )}
    </Section>
  );
}
