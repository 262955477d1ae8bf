import { SegmentedControl } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { graphEntities } from "@roadbed/contracts/catalog";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { GraphLegend } from "../../graph/GraphLegend.tsx";
import { GraphView } from "../../graph/GraphView.tsx";
import { groupKey, OPEN_ALL_LIMIT, type Graph, type GroupBy } from "../../graph/group.ts";
import { NodeTable } from "../../graph/NodeTable.tsx";
import { useScene } from "../../graph/use-scene.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Page } from "../../ui/Page.tsx";
import { GraphTools } from "./GraphTools.tsx";
import classes from "./graph-page.module.css";
import { NodePanel } from "./NodePanel.tsx";

const route = getRouteApi("/app/graph");
const LIMIT = 5_000;
/** People and teams are not part of how the software hangs together; a facet brings them in. */
const KINDS = ["component", "api", "resource"] as const;
const NOTHING: readonly string[] = [];

/** How everything hangs together: groups first, opened on demand; one selected thing beside the picture. */
export function GraphPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const kinds = search.kind ?? KINDS;
  const types = kinds.some((kind) => kind === "user" || kind === "group")
    ? { types: ["dependsOn", "consumesApi", "providesApi", "partOf", "ownedBy", "memberOf", "childOf"] }
    : {};
  const graph = useOperation(
    graphEntities,
    { filter: [...kinds, "system", "domain"].map((kind) => `kind=${kind}`).join(","), limit: LIMIT, ...types },
    { keep: true },
  );
  const change = (patch: Partial<GraphSearch>): void =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  return (
    <Page
      title="Graph"
      state={graph.data === undefined ? "Reading…" : sentenceOf(graph.data)}
      act={
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={search.view ?? "graph"}
          onChange={(view) => change({ view: view === "table" ? "table" : undefined })}
          data={[
            { value: "graph", label: "Graph" },
            { value: "table", label: "Table" },
          ]}
        />
      }
    >
      <Loaded query={graph} skeleton={620}>
        {(data) => (data.nodes.length === 0 ? <NothingYet /> : <Explorer graph={data} kinds={kinds} search={search} onChange={change} />)}
      </Loaded>
    </Page>
  );
}

/** What the graph's URL holds. */
interface GraphSearch {
  readonly group?: GroupBy | undefined;
  readonly open?: readonly string[] | undefined;
  readonly select?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly view?: "graph" | "table" | undefined;
}

interface ExplorerProps {
  readonly graph: Graph;
  readonly kinds: readonly string[];
  readonly search: GraphSearch;
  readonly onChange: (patch: Partial<GraphSearch>) => void;
}

function Explorer({ graph: all, kinds, search, onChange }: ExplorerProps): ReactNode {
  const by: GroupBy = search.group ?? "system";
  const open = search.open ?? NOTHING;
  // Systems and domains are asked for to know the groups; they are drawn only where they are not the groups themselves.
  const graph = useMemo(() => forView(all, by, kinds), [all, by, kinds]);
  const services = useOperation(listServices, { limit: 2_000 });
  const health = useMemo(() => new Map(services.data?.items.map((row) => [row.service, row.health])), [services.data]);
  const scene = useScene(graph, by, open);
  const selected = graph.nodes.find(({ ref }) => ref === search.select);
  const groups = useMemo(
    () => (by === "none" ? [] : [...new Set(graph.nodes.map((node) => groupKey(node, by, all)))].sort()),
    [graph, all, by],
  );
  const toggle = (key: string): void => onChange({ open: open.includes(key) ? open.filter((one) => one !== key) : [...open, key] });
  const select = (ref: string | undefined): void => {
    const node = all.nodes.find((one) => one.ref === ref);
    const key = node === undefined || by === "none" ? undefined : groupKey(node, by, all);
    onChange({ select: ref, ...(key !== undefined && !open.includes(key) && { open: [...open, key] }) });
  };

  if (search.view === "table") return <NodeTable nodes={graph.nodes} health={health} />;
  return (
    <>
      <GraphTools
        by={by}
        onBy={(group) => onChange({ group: group === "system" ? undefined : group, open: undefined })}
        kinds={kinds}
        onKinds={(next) => onChange({ kind: next })}
        nodes={graph.nodes}
        onFind={select}
        allOpen={groups.every((group) => open.includes(group))}
        canOpenAll={graph.nodes.length <= OPEN_ALL_LIMIT * 4 && groups.length > 0}
        onOpenAll={(opened) => onChange({ open: opened ? groups : undefined })}
      />
      <div className={classes.layout} data-open={selected !== undefined}>
        {scene === undefined ? (
          <div className={classes.placeholder} role="status">
            Laying out {formatCount(graph.nodes.length, "entity", "entities")}…
          </div>
        ) : (
          <GraphView
            scene={scene}
            selected={search.select}
            onSelect={select}
            onToggleGroup={toggle}
            health={health}
            height="calc(100vh - 230px)"
            label="Entities and their relations"
          />
        )}
        {selected !== undefined && (
          <NodePanel node={selected} graph={all} health={health.get(selected.name)} onClose={() => select(undefined)} onSelect={select} />
        )}
      </div>
      <GraphLegend types={[...new Set((scene?.edges ?? []).map(({ type }) => type))].sort()} />
    </>
  );
}

/** Without the things that are groups already, and without the edges that only say "is in the group". */
function forView(graph: Graph, by: GroupBy, kinds: readonly string[]): Pick<Graph, "nodes" | "edges"> {
  const drawn = new Set(graph.nodes.filter(({ kind }) => kinds.includes(kind.toLowerCase())).map(({ ref }) => ref));
  const domainEdges = by === "domain" ? graph.edges.filter(({ type, to }) => type === "partOf" && to.startsWith("domain:")) : [];
  return {
    nodes: graph.nodes.filter(({ ref }) => drawn.has(ref)),
    edges: [...graph.edges.filter(({ from, to }) => drawn.has(from) && drawn.has(to)), ...domainEdges],
  };
}

function sentenceOf({ nodes, edges, truncated, reached }: Graph): string {
  const shown = `${formatCount(nodes.length, "entity", "entities")}, ${formatCount(edges.length, "relation")}`;
  return truncated
    ? `${shown} of about ${formatCount(reached, "entity", "entities")}. Open a group to see inside.`
    : `${shown}. Open a group to see inside.`;
}

function NothingYet(): ReactNode {
  return (
    <EmptyState title="There is nothing to draw yet" act={<LinkButton to="/sources">Bring yours</LinkButton>}>
      Components, APIs and resources stand here with what they depend on, left to right, as soon as the catalogue has some.
    </EmptyState>
  );
}
