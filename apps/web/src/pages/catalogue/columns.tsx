import { useMemo } from "react";

import type { EntityRow } from "@roadbed/contracts/catalog";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { formatRate } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { OnCallOf } from "../../ui/use-on-call.tsx";
import { SampleTag, Tag } from "../../ui/Tag.tsx";

const HEALTH_EVERY_MS = 15_000;

/** The catalogue's columns, with health and rate joined from telemetry by name. */
export function useColumns(): readonly Column<EntityRow>[] {
  const services = useOperation(listServices, { limit: 2_000 }, { every: HEALTH_EVERY_MS });
  return useMemo(() => {
    const byName = new Map(services.data?.items.map((row) => [row.service, row]));
    return [
      ...FIXED,
      {
        id: "health",
        header: "Health",
        width: "112px",
        sortable: false,
        value: ({ kind, name }) => (isComponent(kind) ? (byName.get(name)?.health ?? "") : ""),
        cell: ({ kind, name }) => {
          const row = byName.get(name);
          if (!isComponent(kind)) return null;
          return row === undefined ? (
            <span className="rb-dim" title="No telemetry in the last hour">
              no data
            </span>
          ) : (
            <StateBadge plain word={row.health} title={row.why} />
          );
        },
      },
      {
        id: "rate",
        header: "Requests",
        width: "96px",
        align: "right",
        extra: true,
        sortable: false,
        value: ({ kind, name }) => (isComponent(kind) ? byName.get(name)?.requestsPerSecond : undefined),
        cell: ({ kind, name }) => {
          const row = isComponent(kind) ? byName.get(name) : undefined;
          return row === undefined ? null : formatRate(row.requestsPerSecond);
        },
      },
    ];
  }, [services.data]);
}

/** Shown when it is chosen: somebody has to be asked for each page. */
export function onCallColumn(onCall: OnCallOf): Column<EntityRow> {
  return { id: "onCall", header: "On call", width: "150px", extra: true, sortable: false, cell: ({ ref }) => onCall(ref) };
}

const FIXED: readonly Column<EntityRow>[] = [
  {
    id: "name",
    header: "Name",
    width: "28%",
    value: ({ title, name }) => title ?? name,
    cell: ({ ref, title, sample }) => (
      <span style={{ display: "flex", gap: 8, alignItems: "center", minWidth: 0 }}>
        <EntityLink entityRef={ref} title={title} />
        {sample && <SampleTag />}
      </span>
    ),
  },
  { id: "kind", header: "Kind", width: "104px", value: ({ kind }) => kind, cell: ({ kind }) => kind },
  { id: "type", header: "Type", width: "104px", value: ({ type }) => type, cell: ({ type }) => type },
  {
    id: "owner",
    header: "Owner",
    value: ({ owner }) => (owner === undefined ? undefined : shortRef(owner)),
    cell: ({ owner }) => (owner === undefined ? null : <EntityLink entityRef={owner} kind="group" />),
  },
  {
    id: "system",
    header: "System",
    value: ({ system }) => (system === undefined ? undefined : shortRef(system)),
    cell: ({ system }) => (system === undefined ? null : <EntityLink entityRef={system} kind="system" />),
  },
  { id: "lifecycle", header: "Lifecycle", width: "112px", value: ({ lifecycle }) => lifecycle, cell: ({ lifecycle }) => lifecycle },
  {
    id: "tags",
    header: "Tags",
    extra: true,
    sortable: false,
    value: ({ tags }) => tags.join(" "),
    cell: ({ tags }) => (
      <span style={{ display: "flex", gap: 4 }}>
        {tags.map((tag) => (
          <Tag key={tag}>{tag}</Tag>
        ))}
      </span>
    ),
  },
  {
    id: "description",
    header: "Description",
    extra: true,
    sortable: false,
    value: ({ description }) => description,
    cell: ({ description }) => <span title={description}>{description}</span>,
  },
  {
    id: "ref",
    header: "Reference",
    extra: true,
    sortable: false,
    value: ({ ref }) => ref,
    cell: ({ ref }) => <code className="rb-mono">{ref}</code>,
  },
];

function isComponent(kind: string): boolean {
  return kind.toLowerCase() === "component";
}
