import { SegmentedControl, Select } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";

import { getImpact, viewGraph } from "@roadbed/contracts/catalog/graph";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { GraphLegend } from "../../graph/GraphLegend.tsx";
import { NodeTable } from "../../graph/NodeTable.tsx";
import { RelationTable } from "../../graph/RelationTable.tsx";
import { useScene } from "../../graph/use-scene.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { partsOf } from "../../ui/entity-kind.ts";
import classes from "./entity.module.css";
import type { KnownEntity } from "./use-entity.ts";

const GraphView = lazy(async () => ({ default: (await import("../../graph/GraphView.tsx")).GraphView }));
const HEIGHT = 460;

type Direction = "down" | "up" | "both";

/** What it stands on and what stands on it, as a picture and as a table. */
export function DependenciesTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const [direction, setDirection] = useState<Direction>("both");
  const [depth, setDepth] = useState("1");
  const [view, setView] = useState<"graph" | "table">("graph");
  const graph = useOperation(viewGraph, { ref: known.ref, direction, depth: Number(depth), limit: 500 }, { keep: true });
  const services = useOperation(listServices, { limit: 2_000 });
  const health = useMemo(() => new Map(services.data?.items.map((row) => [row.service, row.health])), [services.data]);
  const navigate = useNavigate();
  const scene = useScene(graph.data);
  const impact = useOperation(getImpact, { ref: known.ref, limit: 1 });
  const open = (ref: string | undefined): void => {
    if (ref !== undefined && ref !== known.ref)
      void navigate({ to: "/entities/$kind/$namespace/$name", params: { ...partsOf(ref) }, search: { tab: "dependencies" } });
  };
  return (
    <>
      {impact.data !== undefined && (
        <p className={classes.impact}>
          {impact.data.summary}{" "}
          <Link to="/graph" search={{ ref: known.ref, impact: known.ref, direction: "up", depth: 6 }}>
            Look at its blast radius
          </Link>
        </p>
      )}
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          value={direction}
          onChange={(value) => setDirection(value as Direction)}
          aria-label="Direction"
          data={[
            { value: "down", label: "Depends on" },
            { value: "both", label: "Both" },
            { value: "up", label: "Depended on by" },
          ]}
        />
        <Select
          size="xs"
          w={130}
          aria-label="How far"
          value={depth}
          onChange={(value) => setDepth(value ?? "1")}
          allowDeselect={false}
          data={["1", "2", "3", "5", "10"].map((value) => ({ value, label: value === "1" ? "1 step" : `${value} steps` }))}
        />
        <SegmentedControl
          size="xs"
          value={view}
          onChange={(value) => setView(value as "graph" | "table")}
          aria-label="View"
          data={[
            { value: "graph", label: "Graph" },
            { value: "table", label: "Table" },
          ]}
        />
        <span className="rb-dim">
          {graph.data !== undefined && formatCount(Math.max(0, graph.data.reached - 1), "entity", "entities")}
          {graph.data?.truncated === true && `, ${graph.data.nodes.length} shown`}
        </span>
      </div>
      <Loaded query={graph} skeleton={HEIGHT}>
        {({ nodes, edges }) =>
          view === "table" ? (
            <>
              <RelationTable edges={edges} label={`Relations of ${known.name}`} />
              <NodeTable nodes={nodes.filter(({ ref }) => ref !== known.ref)} health={health} />
            </>
          ) : (
            <>
              <Suspense fallback={<div style={{ height: HEIGHT }} />}>
                {scene !== undefined && (
                  <GraphView
                    scene={scene}
                    center={known.ref}
                    health={health}
                    onSelect={open}
                    height={HEIGHT}
                    label={`Dependencies of ${known.name}`}
                  />
                )}
              </Suspense>
              <GraphLegend edges={scene?.edges ?? []} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
