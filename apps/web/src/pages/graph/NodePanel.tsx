import { Button, CloseButton, Group } from "@mantine/core";
import type { ReactNode } from "react";

import { formatPercent, formatRate } from "../../format/number.ts";
import type { Graph, GraphEdge } from "../../graph/group.ts";
import { knownAs, labelOfRelation } from "../../graph/relation-style.ts";
import { useAsOf } from "../../ui/AsOf.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { Facts } from "../../ui/Facts.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { GraphSearch } from "./graph-search.ts";
import classes from "./graph-page.module.css";

interface Props {
  readonly entityRef: string;
  readonly graph: Graph;
  readonly health: string | undefined;
  readonly onChange: (patch: Partial<GraphSearch>) => void;
}

/** The selected entity: what it is, what one can do from here, what it stands on, what stands on it. */
export function NodePanel({ entityRef, graph, health, onChange }: Props): ReactNode {
  const node = graph.nodes.find(({ ref }) => ref === entityRef);
  const out = graph.edges.filter(({ from }) => from === entityRef);
  const into = graph.edges.filter(({ to }) => to === entityRef);
  const select = (ref: string): void => onChange({ select: ref });
  const asOf = useAsOf();
  return (
    <aside className={classes.panel} aria-label={node?.title ?? shortRef(entityRef)}>
      <div className={classes.panelHead}>
        <h2>
          <EntityLink entityRef={entityRef} title={node?.title ?? node?.name} found={node?.found ?? true} />
        </h2>
        <CloseButton aria-label="Close the panel" size="sm" onClick={() => onChange({ select: undefined })} />
      </div>
      {node === undefined ? (
        <p className="rb-dim">It is not in this part of the picture.</p>
      ) : (
        <Facts
          of={[
            ["Kind", node.type === undefined ? node.kind : `${node.kind} · ${node.type}`],
            ["Health", health === undefined ? undefined : <StateBadge key="health" plain word={health} />],
            ["Owner", node.owner === undefined ? undefined : <EntityLink key="owner" entityRef={node.owner} kind="group" />],
            ["System", node.system === undefined ? undefined : <EntityLink key="system" entityRef={node.system} kind="system" />],
            ["Lifecycle", node.lifecycle],
          ]}
        />
      )}
      <Group gap={6} mt={10}>
        {asOf === undefined && (
          <Button size="compact-xs" variant="light" onClick={() => onChange({ impact: entityRef, from: undefined })}>
            Blast radius
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={() => onChange({ ref: entityRef, group: undefined, open: undefined })}>
          Only around it
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => onChange({ from: entityRef, to: undefined })}>
          Way from here
        </Button>
      </Group>
      <Ends title="Leads to" edges={out} end="to" onSelect={select} />
      <Ends title="Comes from" edges={into} end="from" onSelect={select} />
    </aside>
  );
}

function Ends({
  title,
  edges,
  end,
  onSelect,
}: {
  readonly title: string;
  readonly edges: readonly GraphEdge[];
  readonly end: "from" | "to";
  readonly onSelect: (ref: string) => void;
}): ReactNode {
  if (edges.length === 0) return null;
  const busiest = [...edges].sort((a, b) => (b.traffic?.calls ?? -1) - (a.traffic?.calls ?? -1));
  return (
    <>
      <h3>
        {title} <span className="rb-dim">{edges.length}</span>
      </h3>
      <ul className={classes.ends}>
        {busiest.map((edge) => (
          <li key={`${edge.type} ${edge[end]}`}>
            <button type="button" onClick={() => onSelect(edge[end])}>
              {shortRef(edge[end])}
            </button>
            <span className="rb-dim" title={knownAs(edge.origins).label}>
              {wordsOf(edge)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function wordsOf({ type, traffic, drift }: GraphEdge): string {
  const rate = traffic === undefined ? undefined : formatRate(traffic.perMinute / 60);
  const errors = traffic?.errorShare !== undefined && traffic.errorShare > 0 ? `${formatPercent(traffic.errorShare)} errors` : undefined;
  const odd = drift === undefined ? undefined : drift === "undeclared" ? "not declared" : "never seen";
  return [labelOfRelation(type), rate, errors, odd].filter((word) => word !== undefined).join(" · ");
}
