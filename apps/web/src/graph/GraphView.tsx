import "@xyflow/react/dist/base.css";

import { Background, Controls, MarkerType, MiniMap, ReactFlow, type Edge, type Node, type ReactFlowInstance } from "@xyflow/react";
import { useMantineColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useRef, type ReactNode } from "react";

import { EntityNode, FrameNode, GroupNode } from "./nodes.tsx";
import classes from "./graph.module.css";
import { ENTITY, GROUP, type Scene } from "./group.ts";
import { LineEdge } from "./LineEdge.tsx";
import { placeWords, type Rect } from "./lines.ts";
import { styleOfLine, wordsOnLine } from "./relation-style.ts";

interface Props {
  readonly scene: Scene;
  readonly selected?: string | undefined;
  /** The entity the picture is about. */
  readonly center?: string | undefined;
  readonly onSelect: (ref: string | undefined) => void;
  readonly onToggleGroup?: ((key: string) => void) | undefined;
  /** Health words by entity name, shown on the nodes. */
  readonly health?: ReadonlyMap<string, string> | undefined;
  /** Everything else is dimmed; `order` marks each with a number. */
  readonly lit?: Lit | undefined;
  readonly height: number | string;
  readonly label: string;
}

/** What stands out: by reference, and by the id of a line. Groups stand out by their own id. */
export interface Lit {
  readonly nodes: ReadonlySet<string>;
  readonly edges?: ReadonlySet<string> | undefined;
}

const EDGE_TYPES = { line: LineEdge };
const NODE_TYPES = { entity: EntityNode, group: GroupNode, frame: FrameNode };
const MINIMAP_FROM = 40;
/** A picture too large for the window begins where one can read it; the overview shows the rest. */
const READABLE_ZOOM = 0.6;
const MARGIN = 24;
/** Beyond so many lines, words on them would cover each other; the panel of what is selected says them. */
const MOST_WORDED = 60;

/** A layered picture of entities and their relations. Only what is in sight is drawn. */
export function GraphView({ scene, selected, center, onSelect, onToggleGroup, health, lit, height, label }: Props): ReactNode {
  const { colorScheme } = useMantineColorScheme();
  const canvas = useRef<HTMLDivElement>(null);
  const still = useMediaQuery("(prefers-reduced-motion: reduce)");
  const nodes = useMemo(
    () => toNodes(scene, { selected, center, onToggleGroup, health, lit }),
    [scene, selected, center, onToggleGroup, health, lit],
  );
  const edges = useMemo(() => toEdges(scene, selected, lit), [scene, selected, lit]);
  const activate = (id: string): void => {
    const group = scene.groups.find((one) => one.id === id);
    if (group !== undefined) onToggleGroup?.(group.key);
    else if (scene.entities.some(({ ref }) => ref === id)) onSelect(id);
  };
  // A new picture is fitted anew; a new selection is not.
  const picture = `${scene.entities.length}/${scene.groups.length}/${scene.frames.map(({ id }) => id).join()}`;
  return (
    <div
      ref={canvas}
      className={classes.canvas}
      style={{ height }}
      role="group"
      aria-label={label}
      onKeyDown={(event) => {
        const id = (event.target as HTMLElement).dataset["id"];
        if (id === undefined || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        activate(id);
      }}
    >
      <ReactFlow
        key={picture}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={colorScheme === "auto" ? "system" : colorScheme}
        fitView
        fitViewOptions={{ padding: 0.06, maxZoom: 1, minZoom: READABLE_ZOOM, ...(still === true && { duration: 0 }) }}
        minZoom={0.08}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        onlyRenderVisibleElements
        onInit={(flow) => beginReadable(flow, scene, selected, canvas.current)}
        disableKeyboardA11y
        onNodeClick={(_, node) => activate(node.id)}
        onPaneClick={() => onSelect(undefined)}
      >
        <Background gap={24} size={1} color="var(--rb-grid)" />
        <Controls showInteractive={false} />
        {nodes.length > MINIMAP_FROM && (
          <MiniMap pannable zoomable ariaLabel="Overview" nodeColor="var(--rb-border-strong)" maskColor="transparent" />
        )}
      </ReactFlow>
    </div>
  );
}

/** Where the whole does not fit in readable size: begin at the selected thing, at the group opened last, or at the left edge. */
function beginReadable(flow: ReactFlowInstance, scene: Scene, selected: string | undefined, canvas: HTMLElement | null): void {
  const { zoom } = flow.getViewport();
  if (zoom > READABLE_ZOOM) return;
  const node = scene.entities.find(({ ref }) => ref === selected);
  // Where all are open, none was opened last.
  const frame = scene.groups.length > 0 ? scene.frames.at(-1) : undefined;
  if (node !== undefined) void flow.setCenter(node.x + ENTITY.width / 2, node.y + ENTITY.height / 2, { zoom: READABLE_ZOOM });
  else if (frame !== undefined) void flow.setCenter(frame.x + frame.width / 2, frame.y + frame.height / 2, { zoom: READABLE_ZOOM });
  else {
    const free = (canvas?.clientHeight ?? 0) - heightOf(scene) * READABLE_ZOOM;
    void flow.setViewport({ x: MARGIN, y: Math.max(MARGIN, free / 2), zoom: READABLE_ZOOM });
  }
}

function heightOf({ entities, groups, frames }: Scene): number {
  return Math.max(
    0,
    ...entities.map(({ y }) => y + ENTITY.height),
    ...groups.map(({ y }) => y + GROUP.height),
    ...frames.map(({ y, height }) => y + height),
  );
}

function toNodes(
  scene: Scene,
  { selected, center, onToggleGroup, health, lit }: Pick<Props, "selected" | "center" | "onToggleGroup" | "health" | "lit">,
): Node[] {
  const faded = (id: string): boolean => lit !== undefined && !lit.nodes.has(id);
  return [
    ...scene.frames.map(({ id, key, label, count, x, y, width, height }) => ({
      id,
      type: "frame",
      position: { x, y },
      width,
      height,
      data: { groupKey: key, label, count, onToggle: onToggleGroup },
      selectable: false,
      focusable: false,
      zIndex: -1,
    })),
    ...scene.groups.map(({ id, label, count, x, y }) => ({
      id,
      type: "group",
      position: { x, y },
      ...GROUP,
      data: { label, count, faded: faded(id) },
      ariaLabel: `${label}, ${count} entities, closed group`,
    })),
    ...scene.entities.map((node) => ({
      id: node.ref,
      type: "entity",
      position: { x: node.x, y: node.y },
      ...ENTITY,
      selected: node.ref === selected,
      data: { node, center: node.ref === center, health: health?.get(node.name), faded: faded(node.ref) },
      ariaLabel: `${node.kind} ${node.title ?? node.name}`,
    })),
  ];
}

function toEdges(scene: Scene, selected: string | undefined, lit: Lit | undefined): Edge[] {
  const boxes = new Map<string, Rect>([
    ...scene.entities.map((node) => [node.ref, { x: node.x, y: node.y, ...ENTITY }] as const),
    ...scene.groups.map((group) => [group.id, { x: group.x, y: group.y, ...GROUP }] as const),
  ]);
  const isBackwards = ({ from, to }: Scene["edges"][number]): boolean => (boxes.get(to)?.x ?? 0) < (boxes.get(from)?.x ?? 0);
  const worded = scene.edges.flatMap((line) => {
    const near = selected !== undefined && (line.from === selected || line.to === selected);
    const words = scene.edges.length <= MOST_WORDED || near ? wordsOnLine(line) : undefined;
    const [from, to] = [boxes.get(line.from), boxes.get(line.to)];
    if (words === undefined || from === undefined || to === undefined) return [];
    const [left, right] = isBackwards(line) ? [to, from] : [from, to];
    const ends = [
      { x: left.x + left.width, y: left.y + left.height / 2 },
      { x: right.x, y: right.y + right.height / 2 },
    ];
    const [begin, end] = isBackwards(line) ? ends.toReversed() : ends;
    return [{ id: line.id, words, points: [begin!, ...line.via, end!] }];
  });
  const words = new Map(worded.map((line) => [line.id, line.words]));
  const places = placeWords(worded, [...boxes.values()]);
  return scene.edges.map((line) => {
    const { id, from, to, via } = line;
    const backwards = isBackwards(line);
    const { color, dash, width } = styleOfLine(line);
    const faded = isFaded(line, selected, lit);
    return {
      id,
      type: "line",
      source: from,
      target: to,
      sourceHandle: backwards ? "out-left" : "out",
      targetHandle: backwards ? "in-right" : "in",
      data: { via, words: words.get(id), at: places.get(id), faded },
      style: { stroke: color, strokeDasharray: dash, strokeWidth: width, opacity: faded ? 0.15 : 0.85 },
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, markerUnits: "userSpaceOnUse", color },
    };
  });
}

function isFaded({ id, from, to }: Scene["edges"][number], selected: string | undefined, lit: Lit | undefined): boolean {
  if (lit !== undefined) return lit.edges === undefined ? !lit.nodes.has(from) || !lit.nodes.has(to) : !lit.edges.has(id);
  return selected !== undefined && from !== selected && to !== selected;
}
