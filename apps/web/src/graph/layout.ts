/** A box to be placed. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}
export interface Edge {
  readonly from: string;
  readonly to: string;
}
export interface Place {
  readonly x: number;
  readonly y: number;
}
export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  /** Of edges that pass other layers: points between the boxes there, from the left to the right; by `wayKey` of its ends in that order. */
  readonly ways: ReadonlyMap<string, readonly Place[]>;
  readonly width: number;
  readonly height: number;
}

/** How far apart things stand; lanes are for edges that cross a layer. */
interface Space {
  readonly x: number;
  readonly y: number;
  readonly lane: number;
}

const DENSE: Space = { x: 72, y: 14, lane: 6 };
/** A small picture has room for the words on its lines. */
const ROOMY: Space = { x: 116, y: 22, lane: 14 };
const ROOMY_BOXES = 40;
const FEW_LAYERS = 5;
const LONG_GAP = 80;
const SWEEPS = 10;
/** Beyond this many lanes, long edges are drawn straight: order suffers a little, time does not. */
const MAX_LANES = 4_000;

/**
 * Layered left to right (Sugiyama): cycles are broken, layers are longest paths, crossings are reduced by barycentres,
 * heights follow the neighbours. The same boxes and edges give the same picture, in whatever order they come.
 * Boxes without an edge stand in a grid below.
 */
export function layoutLayers(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const sorted = [...boxes].sort((a, b) => compare(a.id, b.id));
  const known = new Map(sorted.map((box) => [box.id, box]));
  const real = distinct(edges).filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const linked = new Set(real.flatMap(({ from, to }) => [from, to]));
  const space = sorted.length <= ROOMY_BOXES ? ROOMY : DENSE;
  const layered = placeLayered(
    sorted.filter(({ id }) => linked.has(id)),
    real,
    space,
  );
  return withGrid(
    layered,
    sorted.filter(({ id }) => !linked.has(id)),
    space,
  );
}

export function wayKey(from: string, to: string): string {
  return `${from}\u0000${to}`;
}

/** One slot in a layer: a box, or a lane of a long edge. */
interface Slot {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly before: Slot[];
  readonly after: Slot[];
  y: number;
}

function placeLayered(boxes: readonly Box[], edges: readonly Edge[], space: Space): Layout {
  if (boxes.length === 0) return { places: new Map(), ways: new Map(), width: 0, height: 0 };
  const forward = breakCycles(boxes, edges);
  const ranks = rankOf(boxes, forward);
  const layers = toLayers(boxes, forward, ranks, space.lane);
  reduceCrossings(layers);
  assignHeights(layers, space.y);
  // A long chain is read whole in a window when its layers stand closer.
  const gap = layers.length > FEW_LAYERS ? Math.min(space.x, LONG_GAP) : space.x;
  return toPlaces(layers, new Set(boxes.map(({ id }) => id)), gap);
}

/** Turns edges that close a ring around, so that all edges go one way. */
function breakCycles(boxes: readonly Box[], edges: readonly Edge[]): readonly Edge[] {
  const out = groupBy(edges, ({ from }) => from);
  const state = new Map<string, "open" | "done">();
  const turned = new Set<Edge>();
  for (const { id: start } of boxes) {
    if (state.has(start)) continue;
    const stack: { readonly id: string; readonly edges: readonly Edge[]; next: number }[] = [
      { id: start, edges: out.get(start) ?? [], next: 0 },
    ];
    state.set(start, "open");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = top.edges[top.next++];
      if (edge === undefined) {
        state.set(top.id, "done");
        stack.pop();
      } else if (state.get(edge.to) === "open") turned.add(edge);
      else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        stack.push({ id: edge.to, edges: out.get(edge.to) ?? [], next: 0 });
      }
    }
  }
  return distinct(edges.map((edge) => (turned.has(edge) ? { from: edge.to, to: edge.from } : edge)));
}

/** The longest path from the left; then boxes without a predecessor move next to their nearest successor. */
function rankOf(boxes: readonly Box[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const out = groupBy(edges, ({ from }) => from);
  const open = new Map(boxes.map(({ id }) => [id, 0]));
  for (const { to } of edges) open.set(to, (open.get(to) ?? 0) + 1);
  const ranks = new Map(boxes.map(({ id }) => [id, 0]));
  const first = boxes.filter(({ id }) => open.get(id) === 0).map(({ id }) => id);
  const ready = [...first];
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const { to } of out.get(id) ?? []) {
      ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(id) ?? 0) + 1));
      open.set(to, (open.get(to) ?? 1) - 1);
      if (open.get(to) === 0) ready.push(to);
    }
  }
  for (const id of first) {
    const next = (out.get(id) ?? []).map(({ to }) => ranks.get(to) ?? 1);
    if (next.length > 0) ranks.set(id, Math.min(...next) - 1);
  }
  return ranks;
}

function toLayers(
  boxes: readonly Box[],
  edges: readonly Edge[],
  ranks: ReadonlyMap<string, number>,
  laneHeight: number,
): readonly Slot[][] {
  const layers: Slot[][] = Array.from({ length: Math.max(...ranks.values()) + 1 }, () => []);
  const slots = new Map<string, Slot>();
  for (const box of boxes) slots.set(box.id, addSlot(layers, ranks.get(box.id) ?? 0, box));
  const lanes = edges.reduce((sum, { from, to }) => sum + (ranks.get(to) ?? 0) - (ranks.get(from) ?? 0) - 1, 0);
  for (const { from, to } of edges) {
    const end = slots.get(to);
    let last = slots.get(from);
    if (end === undefined || last === undefined) continue;
    for (let rank = (ranks.get(from) ?? 0) + 1; lanes <= MAX_LANES && rank < (ranks.get(to) ?? 0); rank++) {
      const lane = addSlot(layers, rank, { id: wayKey(from, to), width: 0, height: laneHeight });
      join(last, lane);
      last = lane;
    }
    join(last, end);
  }
  return layers;
}

function addSlot(layers: readonly Slot[][], rank: number, box: Box): Slot {
  const slot: Slot = { ...box, before: [], after: [], y: 0 };
  layers[rank]?.push(slot);
  return slot;
}

function join(left: Slot, right: Slot): void {
  left.after.push(right);
  right.before.push(left);
}

/** Sweeps right and left; each slot goes to the mean position of its neighbours in the layer before. */
function reduceCrossings(layers: readonly Slot[][]): void {
  const position = new Map<Slot, number>();
  const note = (layer: readonly Slot[]): void => layer.forEach((slot, index) => position.set(slot, index / Math.max(1, layer.length)));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const rightwards = sweep % 2 === 0;
    const order = rightwards ? layers : [...layers].reverse();
    for (const layer of order) {
      const wish = new Map(layer.map((slot) => [slot, mean(rightwards ? slot.before : slot.after, position) ?? position.get(slot) ?? 0]));
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || compare(a.id, b.id));
      note(layer);
    }
  }
}

/** Heights: every slot wishes to stand where its neighbours stand; the layer keeps its order and its gaps. */
function assignHeights(layers: readonly Slot[][], gap: number): void {
  for (const layer of layers) {
    let y = 0;
    for (const slot of layer) {
      slot.y = y + slot.height / 2;
      y += slot.height + gap;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const rightwards = sweep % 2 === 0;
    for (const layer of rightwards ? layers : [...layers].reverse()) {
      spread(
        layer,
        layer.map((slot) => mean(rightwards ? slot.before : slot.after) ?? mean([...slot.before, ...slot.after]) ?? slot.y),
        gap,
      );
    }
  }
}

/** The heights nearest to the wishes that keep order and gaps: pooled neighbours move together. */
function spread(layer: readonly Slot[], wishes: readonly number[], gap: number): void {
  const pools: { sum: number; count: number; readonly slots: { readonly slot: Slot; readonly offset: number }[] }[] = [];
  let offset = 0;
  layer.forEach((slot, index) => {
    offset += slot.height / 2;
    pools.push({ sum: (wishes[index] ?? 0) - offset, count: 1, slots: [{ slot, offset }] });
    offset += slot.height / 2 + gap;
    for (
      let last = pools.at(-1), one = pools.at(-2);
      last !== undefined && one !== undefined && last.sum / last.count < one.sum / one.count;
      last = pools.at(-1), one = pools.at(-2)
    ) {
      one.sum += last.sum;
      one.count += last.count;
      one.slots.push(...last.slots);
      pools.pop();
    }
  });
  for (const { sum, count, slots } of pools) for (const { slot, offset: own } of slots) slot.y = sum / count + own;
}

function toPlaces(layers: readonly Slot[][], real: ReadonlySet<string>, gap: number): Layout {
  const all = layers.flat();
  const top = Math.min(...all.map(({ y, height }) => y - height / 2));
  const places = new Map<string, Place>();
  const ways = new Map<string, Place[]>();
  let x = 0;
  for (const layer of layers) {
    const width = Math.max(0, ...layer.map((slot) => slot.width));
    for (const { id, y, height } of layer) {
      if (real.has(id)) places.set(id, { x, y: Math.round(y - height / 2 - top) });
      else {
        const way = ways.get(id) ?? [];
        way.push({ x, y: Math.round(y - top) }, { x: x + width, y: Math.round(y - top) });
        ways.set(id, way);
      }
    }
    x += width + gap;
  }
  return { places, ways, width: x - gap, height: Math.max(...all.map(({ y, height }) => y + height / 2)) - top };
}

/** Puts lonely boxes in rows below, about as wide as what stands above. */
function withGrid(above: Layout, lonely: readonly Box[], { y: gap }: Space): Layout {
  if (lonely.length === 0) return above;
  const cell = {
    width: Math.max(...lonely.map(({ width }) => width)) + gap * 2,
    height: Math.max(...lonely.map(({ height }) => height)) + gap,
  };
  const columns = Math.max(1, Math.floor(Math.max(above.width, Math.sqrt(lonely.length) * cell.width) / cell.width));
  const begin = above.height === 0 ? 0 : above.height + gap * 3;
  const places = new Map(above.places);
  lonely.forEach(({ id }, index) =>
    places.set(id, { x: (index % columns) * cell.width, y: begin + Math.floor(index / columns) * cell.height }),
  );
  const rows = Math.ceil(lonely.length / columns);
  return {
    places,
    ways: above.ways,
    width: Math.max(above.width, Math.min(columns, lonely.length) * cell.width - gap * 2),
    height: begin + rows * cell.height - gap,
  };
}

function mean(slots: readonly Slot[], position?: ReadonlyMap<Slot, number>): number | undefined {
  if (slots.length === 0) return undefined;
  return slots.reduce((sum, slot) => sum + (position === undefined ? slot.y : (position.get(slot) ?? 0)), 0) / slots.length;
}

function distinct(edges: readonly Edge[]): readonly Edge[] {
  const seen = new Map(edges.map((edge) => [`${edge.from}\u0000${edge.to}`, edge]));
  return [...seen.entries()].sort(([a], [b]) => compare(a, b)).map(([, edge]) => edge);
}

function groupBy(edges: readonly Edge[], key: (edge: Edge) => string): ReadonlyMap<string, readonly Edge[]> {
  return Map.groupBy(edges, key);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
