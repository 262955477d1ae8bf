import { Button, Group, Select } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { GraphNode, GroupBy } from "../../graph/group.ts";
import classes from "./graph-page.module.css";

interface Props {
  readonly by: GroupBy;
  readonly onBy: (by: GroupBy) => void;
  readonly kinds: readonly string[];
  readonly onKinds: (kinds: readonly string[]) => void;
  readonly nodes: readonly GraphNode[];
  readonly onFind: (ref: string) => void;
  readonly allOpen: boolean;
  readonly canOpenAll: boolean;
  readonly onOpenAll: (open: boolean) => void;
}

const GROUPS: readonly { readonly value: GroupBy; readonly label: string }[] = [
  { value: "system", label: "Group by system" },
  { value: "domain", label: "Group by domain" },
  { value: "owner", label: "Group by owner" },
  { value: "kind", label: "Group by kind" },
  { value: "none", label: "No groups" },
];
const KINDS = ["component", "api", "resource", "group", "user"] as const;
const SHOWN_OPTIONS = 50;

/** How the picture is grouped, which kinds it shows, and where something is. */
export function GraphTools({ by, onBy, kinds, onKinds, nodes, onFind, allOpen, canOpenAll, onOpenAll }: Props): ReactNode {
  const [find, setFind] = useState<string | null>(null);
  return (
    <div className={classes.tools}>
      <Select
        size="xs"
        w={160}
        aria-label="Grouping"
        allowDeselect={false}
        value={by}
        onChange={(value) => onBy((value ?? "system") as GroupBy)}
        data={[...GROUPS]}
      />
      <Select
        size="xs"
        w={220}
        aria-label="Find in the graph"
        placeholder="Find an entity"
        searchable
        value={find}
        limit={SHOWN_OPTIONS}
        data={nodes.map(({ ref, title, name, kind }) => ({ value: ref, label: `${title ?? name} (${kind.toLowerCase()})` }))}
        onChange={(ref) => {
          if (ref !== null) onFind(ref);
          setFind(null);
        }}
      />
      <Group gap={6} role="group" aria-label="Kinds">
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            className={classes.kind}
            aria-pressed={kinds.includes(kind)}
            onClick={() => onKinds(kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind])}
            disabled={kinds.length === 1 && kinds[0] === kind}
          >
            {kind}
          </button>
        ))}
      </Group>
      {canOpenAll && (
        <Button variant="default" size="compact-sm" onClick={() => onOpenAll(!allOpen)}>
          {allOpen ? "Close all groups" : "Open all groups"}
        </Button>
      )}
    </div>
  );
}
