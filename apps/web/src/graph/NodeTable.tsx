import type { ReactNode } from "react";

import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { EntityLink } from "../ui/EntityLink.tsx";
import { shortRef } from "../ui/entity-kind.ts";
import { StateBadge } from "../ui/StateBadge.tsx";
import type { GraphNode } from "./group.ts";

/** The same nodes as text: the alternative to the picture. */
export function NodeTable({
  nodes,
  health,
}: {
  readonly nodes: readonly GraphNode[];
  readonly health: ReadonlyMap<string, string>;
}): ReactNode {
  const columns: readonly Column<GraphNode>[] = [
    {
      id: "name",
      header: "Name",
      width: "30%",
      value: ({ title, name }) => title ?? name,
      cell: ({ ref, title, found }) => <EntityLink entityRef={ref} title={title} found={found} />,
    },
    { id: "steps", header: "Steps away", width: "100px", align: "right", value: ({ depth }) => depth, cell: ({ depth }) => depth },
    { id: "kind", header: "Kind", value: ({ kind }) => kind, cell: ({ kind, type }) => (type === undefined ? kind : `${kind} · ${type}`) },
    {
      id: "system",
      header: "System",
      value: ({ system }) => (system === undefined ? undefined : shortRef(system)),
      cell: ({ system }) => (system === undefined ? null : <EntityLink entityRef={system} kind="system" />),
    },
    {
      id: "owner",
      header: "Owner",
      value: ({ owner }) => (owner === undefined ? undefined : shortRef(owner)),
      cell: ({ owner }) => (owner === undefined ? null : <EntityLink entityRef={owner} kind="group" />),
    },
    {
      id: "health",
      header: "Health",
      width: "110px",
      value: ({ name }) => health.get(name),
      cell: ({ kind, name }) =>
        kind.toLowerCase() !== "component" ? null : (
          <StateBadge plain word={health.get(name) ?? "unknown"} label={health.get(name) ?? "no data"} />
        ),
    },
  ];
  return (
    <DataTable
      label="Related entities"
      columns={columns}
      rows={nodes}
      rowKey={({ ref }) => ref}
      sort="steps"
      empty={<p className="rb-dim">Nothing in this direction.</p>}
    />
  );
}
