import { SegmentedControl } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { viewGraph } from "@roadbed/contracts/catalog/graph";
import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { GraphLegend } from "../../graph/GraphLegend.tsx";
import { GraphView, type Lit } from "../../graph/GraphView.tsx";
import type { Graph } from "../../graph/group.ts";
import { NodeTable } from "../../graph/NodeTable.tsx";
import { RelationTable } from "../../graph/RelationTable.tsx";
import { useScene } from "../../graph/use-scene.ts";
import { AsOf, AsOfBanner, AsOfProvider } from "../../ui/AsOf.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { DriftView } from "./DriftView.tsx";
import { ExportMenu } from "./ExportMenu.tsx";
import classes from "./graph-page.module.css";
import { KINDS, questionOf, type GraphSearch } from "./graph-search.ts";
import { GraphTools } from "./GraphTools.tsx";
import { ImpactPanel } from "./ImpactPanel.tsx";
import { NodePanel } from "./NodePanel.tsx";
import { PathPanel } from "./PathPanel.tsx";
import { useLit } from "./use-lit.ts";

const route = getRouteApi("/app/graph");
/** More boxes than these, one by one, are a ball of wool: they are shown in groups whatever was asked. */
const MOST_SINGLE = 1_000;
const NOTHING: readonly string[] = [];

/** How everything hangs together: groups first, opened on demand; one selected thing beside the picture. */
export function GraphPage(): ReactNode {
  const search: GraphSearch = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<GraphSearch>): void =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  // Health and what one may break are of now only.
  const goTo = (asOf: string | undefined): void => change({ asOf, impact: undefined, origin: undefined });
  const size = useOperation(
    viewGraph,
    { ...questionOf({ ...search, open: undefined }), groupBy: "kind", limit: 1 },
    { enabled: search.group === "none" },
  );
  const tooMany = search.group === "none" && (size.data?.reached ?? 0) > MOST_SINGLE;
  const graph = useOperation(viewGraph, questionOf(tooMany ? { ...search, group: "system" } : search), {
    keep: true,
    enabled: search.view !== "drift" && (search.group !== "none" || size.data !== undefined),
  });
  return (
    <Page
      title="Graph"
      state={
        search.view === "drift"
          ? "What descriptors and traces say differently."
          : graph.data === undefined
            ? "Reading…"
            : sentenceOf(graph.data, search)
      }
      act={
        <div className={classes.acts}>
          {search.view !== "drift" && <AsOf value={search.asOf} onChange={goTo} />}
          {search.view !== "drift" && <ExportMenu question={questionOf(search)} />}
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={search.view ?? "graph"}
            onChange={(view) => change({ view: view === "graph" ? undefined : (view as "table" | "drift") })}
            data={[
              { value: "graph", label: "Graph" },
              { value: "table", label: "Table" },
              { value: "drift", label: "Drift" },
            ]}
          />
        </div>
      }
    >
      {search.view !== "drift" && (
        <AsOfBanner
          value={search.asOf}
          onNow={() => goTo(undefined)}
          note="Only what descriptors declared is known of then: no traces, no health, no blast radius."
        />
      )}
      {tooMany && search.view !== "drift" && (
        <p className="rb-dim">
          {formatCount(size.data?.reached ?? 0, "entity", "entities")} are too many to show one by one: they are grouped by system. Filter,
          or look around one of them.
        </p>
      )}
      {search.view === "drift" ? (
        <DriftView
          finding={search.finding}
          onFinding={(finding) => change({ finding })}
          days={search.days}
          onDays={(days) => change({ days })}
        />
      ) : (
        <Loaded query={graph} skeleton={620}>
          {(data) =>
            data.reached === 0 && search.ref === undefined && search.kind === undefined ? (
              <NothingYet asOf={search.asOf} />
            ) : (
              <AsOfProvider value={search.asOf}>
                <Explorer graph={data} search={search} onChange={change} stale={graph.isPlaceholderData} />
              </AsOfProvider>
            )
          }
        </Loaded>
      )}
    </Page>
  );
}

interface ExplorerProps {
  readonly graph: Graph;
  readonly search: GraphSearch;
  readonly onChange: (patch: Partial<GraphSearch>) => void;
  readonly stale: boolean;
}

function Explorer({ graph, search, onChange, stale }: ExplorerProps): ReactNode {
  const open = search.open ?? NOTHING;
  const services = useOperation(listServices, { limit: 500 }, { enabled: search.asOf === undefined });
  const health = useMemo(
    () => new Map(search.asOf === undefined ? services.data?.items.map((row) => [row.service, row.health]) : []),
    [services.data, search.asOf],
  );
  const scene = useScene(graph);
  const lit: Lit | undefined = useLit(graph, search);
  const toggle = (key: string): void => onChange({ open: open.includes(key) ? open.filter((one) => one !== key) : [...open, key] });
  const select = (ref: string | undefined): void => onChange({ select: ref });
  const groups = graph.groups.map(({ key }) => key);
  const panel = panelOf(graph, search, health.get(graph.nodes.find(({ ref }) => ref === search.select)?.name ?? ""), onChange);

  return (
    <>
      <GraphTools
        search={search}
        kinds={search.kind ?? KINDS}
        onChange={onChange}
        groups={groups}
        allOpen={groups.length > 0 && groups.every((group) => open.includes(group))}
        canOpenAll={graph.reached <= 300 && groups.length > 0}
      />
      {search.view === "table" ? (
        <>
          <NodeTable nodes={graph.nodes} health={health} />
          <h2 className={classes.tableTitle}>Relations</h2>
          <RelationTable edges={graph.edges} />
        </>
      ) : (
        <div className={classes.layout} data-open={panel !== undefined} data-stale={stale}>
          {scene === undefined ? (
            <div className={classes.placeholder} role="status">
              Laying out {formatCount(graph.nodes.length, "entity", "entities")}…
            </div>
          ) : (
            <GraphView
              scene={scene}
              selected={search.select}
              center={search.ref ?? search.impact}
              lit={lit}
              onSelect={select}
              onToggleGroup={toggle}
              health={health}
              height="calc(100vh - 230px)"
              label="Entities and their relations"
            />
          )}
          {panel}
        </div>
      )}
      {search.view !== "table" && <GraphLegend edges={scene?.edges ?? []} />}
      {search.view !== "table" && scene !== undefined && scene.leftOut > 0 && (
        <p className="rb-dim">
          {formatCount(scene.leftOut, "line")} of those with the fewest calls {scene.leftOut === 1 ? "is" : "are"} not drawn; the table and
          the export hold all.
        </p>
      )}
    </>
  );
}

/** One panel at a time: a way, a blast radius, or what is selected. */
function panelOf(
  graph: Graph,
  search: GraphSearch,
  health: string | undefined,
  onChange: (patch: Partial<GraphSearch>) => void,
): ReactNode | undefined {
  if (search.from !== undefined)
    return <PathPanel from={search.from} to={search.to} way={search.way} asOf={search.asOf} onChange={onChange} />;
  if (search.impact !== undefined && search.asOf === undefined)
    return (
      <ImpactPanel
        entityRef={search.impact}
        onClose={() => onChange({ impact: undefined })}
        onSelect={(ref) => onChange({ select: ref })}
      />
    );
  if (search.select === undefined) return undefined;
  return <NodePanel entityRef={search.select} graph={graph} health={health} onChange={onChange} />;
}

function sentenceOf({ reached, relations, truncated, nodes, groups, watchedFrom }: Graph, { ref, asOf }: GraphSearch): string {
  const counted = `${formatCount(reached, "entity", "entities")}, ${formatCount(relations, "relation")}${ref === undefined ? "" : ` around ${shortRef(ref)}`}`;
  const shown = truncated ? `; ${nodes.length} are shown` : "";
  const seen = watchedFrom === undefined && asOf === undefined ? " No traces yet: only what descriptors declare." : "";
  return `${counted}${shown}.${groups.some(({ open }) => !open) ? " Open a group to see inside." : ""}${seen}`;
}

function NothingYet({ asOf }: { readonly asOf: string | undefined }): ReactNode {
  if (asOf !== undefined)
    return <EmptyState title="The catalogue was empty then">Nothing had been read yet. Choose a later moment.</EmptyState>;
  return (
    <EmptyState title="There is nothing to draw yet" act={<LinkButton to="/sources">Bring yours</LinkButton>}>
      Components, APIs and resources stand here with what they depend on, left to right, as soon as the catalogue has some.
    </EmptyState>
  );
}
