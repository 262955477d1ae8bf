import { CloseButton } from "@mantine/core";
import type { ReactNode } from "react";

import type { Graph, GraphNode } from "../../graph/group.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { relationWords, shortRef } from "../../ui/entity-kind.ts";
import { Facts } from "../../ui/Facts.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./graph-page.module.css";

interface Props {
  readonly node: GraphNode;
  readonly graph: Graph;
  readonly health: string | undefined;
  readonly onClose: () => void;
  readonly onSelect: (ref: string) => void;
}

/** The selected entity: what it is, what it stands on, what stands on it. */
export function NodePanel({ node, graph, health, onClose, onSelect }: Props): ReactNode {
  const { ref, name, title, kind, type, owner, system, found } = node;
  const out = graph.edges.filter(({ from }) => from === ref);
  const into = graph.edges.filter(({ to }) => to === ref);
  return (
    <aside className={classes.panel} aria-label={title ?? name}>
      <div className={classes.panelHead}>
        <h2>
          <EntityLink entityRef={ref} title={title ?? name} found={found} />
        </h2>
        <CloseButton aria-label="Close the panel" size="sm" onClick={onClose} />
      </div>
      <Facts
        of={[
          ["Kind", type === undefined ? kind : `${kind} · ${type}`],
          ["Health", health === undefined ? undefined : <StateBadge key="health" plain word={health} />],
          ["Owner", owner === undefined ? undefined : <EntityLink key="owner" entityRef={owner} kind="group" />],
          ["System", system === undefined ? undefined : <EntityLink key="system" entityRef={system} kind="system" />],
        ]}
      />
      <Ends title="Leads to" edges={out.map(({ to, type: relation }) => ({ ref: to, relation }))} onSelect={onSelect} />
      <Ends title="Comes from" edges={into.map(({ from, type: relation }) => ({ ref: from, relation }))} onSelect={onSelect} />
    </aside>
  );
}

function Ends({
  title,
  edges,
  onSelect,
}: {
  readonly title: string;
  readonly edges: readonly { readonly ref: string; readonly relation: string }[];
  readonly onSelect: (ref: string) => void;
}): ReactNode {
  if (edges.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span className="rb-dim">{edges.length}</span>
      </h3>
      <ul className={classes.ends}>
        {edges.map(({ ref, relation }) => (
          <li key={`${relation} ${ref}`}>
            <button type="button" onClick={() => onSelect(ref)}>
              {shortRef(ref)}
            </button>
            <span className="rb-dim">{relationWords(relation)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
