import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";

import { formatExact } from "../../format/time.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { FACES, type AuditEntry } from "./audit-columns.tsx";
import classes from "./settings.module.css";

/** One row in full: also why, and the digests that prove what was sent and answered. */
export function AuditDetail({
  row,
  nameOf,
  onClose,
}: {
  readonly row: AuditEntry | undefined;
  readonly nameOf: (actor: string) => string;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Drawer opened={row !== undefined} onClose={onClose} position="right" size={480} title={row === undefined ? "" : `Row ${row.seq}`}>
      {row !== undefined && (
        <>
          <Facts
            of={[
              ["When", formatExact(new Date(row.at))],
              ["Who", nameOf(row.actor) === row.actor ? undefined : nameOf(row.actor)],
              ["Actor", <CopyText key="actor" text={row.actor} what="actor" />],
              ["By", FACES[row.face] ?? row.face],
              [
                "What",
                <code key="operation" className="rb-mono">
                  {row.operation}
                </code>,
              ],
              ["About", row.resource],
              ["Why", row.reason],
              ["Outcome", <StateBadge key="outcome" word={row.outcome} />],
              ["Request", <CopyText key="request" text={row.requestId} what="request's id" />],
              ["Sent", <CopyText key="input" text={row.inputDigest} what="digest of the input" />],
              [
                "Answered",
                row.outputDigest === undefined ? undefined : <CopyText key="output" text={row.outputDigest} what="digest of the output" />,
              ],
              ["Hash", <CopyText key="hash" text={row.hash} what="hash" />],
            ]}
          />
          <p className={classes.note}>
            Digests are SHA-256 of what was sent and answered, without secrets. The hash covers this row and the hash of the one before, so
            that no row can be changed, added or removed without breaking the chain.
          </p>
        </>
      )}
    </Drawer>
  );
}
