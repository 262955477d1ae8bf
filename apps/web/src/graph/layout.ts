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
  readonly width: number;
  readonly height: number;
}

const GAP_X = 72;
const GAP_Y = 14;
/** Lanes for edges that cross a layer are this high. */
const LANE = 6;
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
  const layered = placeLayered(
    sorted.filter(({ id }) => linked.has(id)),
    real,
  );
  return withGrid(
    layered,
    sorted.filter(({ id }) => !linked.has(id)),
  );
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

function placeLayered(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  if (boxes.length === 0) return { places: new Map(), width: 0, height: 0 };
  const forward = breakCycles(boxes, edges);
  const ranks = rankOf(boxes, forward);
  const layers = toLayers(boxes, forward, ranks);
  reduceCrossings(layers);
  assignHeights(layers);
  return toPlaces(layers, new Set(boxes.map(({ id }) => id)));
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

function toLayers(boxes: readonly Box[], edges: readonly Edge[], ranks: ReadonlyMap<string, number>): readonly Slot[][] {
  const layers: Slot[][] = Array.from({ length: Math.max(...ranks.values()) + 1 }, () => []);
  const slots = new Map<string, Slot>();
  for (const box of boxes) slots.set(box.id, addSlot(layers, ranks.get(box.id) ?? 0, box));
  const lanes = edges.reduce((sum, { from, to }) => sum + (ranks.get(to) ?? 0) - (ranks.get(from) ?? 0) - 1, 0);
  for (const { from, to } of edges) {
    const end = slots.get(to);
    let last = slots.get(from);
    if (end === undefined || last === undefined) continue;
    for (let rank = (ranks.get(from) ?? 0) + 1; lanes <= MAX_LANES && rank < (ranks.get(to) ?? 0); rank++) {
      const lane = addSlot(layers, rank, { id: `${from}\u0000${to}\u0000${rank}`, width: 0, height: LANE });
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
function assignHeights(layers: readonly Slot[][]): void {
  for (const layer of layers) {
    let y = 0;
    for (const slot of layer) {
      slot.y = y + slot.height / 2;
      y += slot.height + GAP_Y;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const rightwards = sweep % 2 === 0;
    for (const layer of rightwards ? layers : [...layers].reverse()) {
      spread(
        layer,
        layer.map((slot) => mean(rightwards ? slot.before : slot.after) ?? mean([...slot.before, ...slot.after]) ?? slot.y),
      );
    }
  }
}

/** The heights nearest to the wishes that keep order and gaps: pooled neighbours move together. */
function spread(layer: readonly Slot[], wishes: readonly number[]): void {
  const pools: { sum: number; count: number; readonly slots: { readonly slot: Slot; readonly offset: number }[] }[] = [];
  let offset = 0;
  layer.forEach((slot, index) => {
    offset += slot.height / 2;
    pools.push({ sum: (wishes[index] ?? 0) - offset, count: 1, slots: [{ slot, offset }] });
    offset += slot.height / 2 + GAP_Y;
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

function toPlaces(layers: readonly Slot[][], real: ReadonlySet<string>): Layout {
  const all = layers.flat();
  const top = Math.min(...all.map(({ y, height }) => y - height / 2));
  const places = new Map<string, Place>();
  let x = 0;
  for (const layer of layers) {
    for (const { id, y, height } of layer) if (real.has(id)) places.set(id, { x, y: Math.round(y - height / 2 - top) });
    x += Math.max(0, ...layer.map(({ width }) => width)) + GAP_X;
  }
  return { places, width: x - GAP_X, height: Math.max(...all.map(({ y, height }) => y + height / 2)) - top };
}

/** Puts lonely boxes in rows below, about as wide as what stands above. */
function withGrid(above: Layout, lonely: readonly Box[]): Layout {
  if (lonely.length === 0) return above;
  const cell = {
    width: Math.max(...lonely.map(({ width }) => width)) + GAP_Y * 2,
    height: Math.max(...lonely.map(({ height }) => height)) + GAP_Y,
  };
  const columns = Math.max(1, Math.floor(Math.max(above.width, Math.sqrt(lonely.length) * cell.width) / cell.width));
  const begin = above.height === 0 ? 0 : above.height + GAP_Y * 3;
  const places = new Map(above.places);
  lonely.forEach(({ id }, index) =>
    places.set(id, { x: (index % columns) * cell.width, y: begin + Math.floor(index / columns) * cell.height }),
  );
  const rows = Math.ceil(lonely.length / columns);
  return {
    places,
    width: Math.max(above.width, Math.min(columns, lonely.length) * cell.width - GAP_Y * 2),
    height: begin + rows * cell.height - GAP_Y,
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
