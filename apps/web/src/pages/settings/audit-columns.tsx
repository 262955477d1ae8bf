import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";

import type { AuditRow } from "@roadbed/contracts/identity";
import type { z } from "@roadbed/core";
import type { Column } from "../../table/column.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./settings.module.css";

export type AuditEntry = z.infer<typeof AuditRow>;

/** Faces as one says them. */
export const FACES: Readonly<Record<string, string>> = {
  http: "API",
  web: "web",
  cli: "command line",
  mcp: "agent (MCP)",
  system: "itself",
  git: "Git",
  webhook: "webhook",
};

/** A click on who, what or about whom narrows the list to it. */
export function auditColumns(
  open: (seq: string) => void,
  nameOf: (actor: string) => string,
  narrow: (patch: { actor?: string; operation?: string; resource?: string }) => void,
): readonly Column<AuditEntry>[] {
  return [
    {
      id: "seq",
      header: "Row",
      width: "72px",
      cell: ({ seq }) => (
        <UnstyledButton className={classes.open} onClick={() => open(seq)} aria-label={`Show row ${seq}`}>
          {seq}
        </UnstyledButton>
      ),
    },
    { id: "at", header: "When", width: "108px", cell: ({ at }) => <When at={at} /> },
    {
      id: "actor",
      header: "Who",
      width: "22%",
      cell: ({ actor }) => <Narrow text={nameOf(actor)} exact={actor} onClick={() => narrow({ actor })} />,
    },
    { id: "face", header: "By", width: "104px", cell: ({ face }) => FACES[face] ?? face },
    {
      id: "operation",
      header: "What",
      width: "22%",
      cell: ({ operation }) => <Narrow text={operation} onClick={() => narrow({ operation })} />,
    },
    {
      id: "resource",
      header: "About",
      cell: ({ resource }) =>
        resource === undefined ? <span className="rb-dim">–</span> : <Narrow text={resource} onClick={() => narrow({ resource })} />,
    },
    { id: "outcome", header: "Outcome", width: "104px", cell: ({ outcome, reason }) => <StateBadge plain word={outcome} title={reason} /> },
  ];
}

function Narrow({
  text,
  exact = text,
  onClick,
}: {
  readonly text: string;
  readonly exact?: string;
  readonly onClick: () => void;
}): ReactNode {
  return (
    <UnstyledButton className={classes.narrow} data-name={text !== exact || undefined} onClick={onClick} title={`Only ${exact}`}>
      {text}
    </UnstyledButton>
  );
}
