import type { Place } from "./layout.ts";

/** Where something stands that no word may cover. */
export interface Rect extends Place {
  readonly width: number;
  readonly height: number;
}

/** A smooth line through points, level at each of them. */
export function pathThrough(points: readonly Place[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let before = first;
  const parts = rest.map((point) => {
    const middle = (before.x + point.x) / 2;
    const part = before.y === point.y ? `L${point.x},${point.y}` : `C${middle},${before.y} ${middle},${point.y} ${point.x},${point.y}`;
    before = point;
    return part;
  });
  return `M${first.x},${first.y} ${parts.join(" ")}`;
}

/** A line with what is written on it. */
export interface Worded {
  readonly id: string;
  readonly points: readonly Place[];
  readonly words: string;
}

const LETTER = 6.3;
const HEIGHT = 16;
/** Parts of the way along a line, the best place for words first. */
const TRIES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];

/**
 * Where the words of each line stand: on the line, near its middle, on no box and on no other words. Words for which there is no such
 * place are left out: they are said when the line's end is selected. The same lines give the same places.
 */
export function placeWords(lines: readonly Worded[], boxes: readonly Rect[]): ReadonlyMap<string, Place> {
  const taken: Rect[] = [...boxes];
  const placed = new Map<string, Place>();
  for (const { id, points, words } of [...lines].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const width = words.length * LETTER + 8;
    for (const part of TRIES) {
      const { x, y } = pointAt(points, part);
      const own = { x: x - width / 2, y: y - HEIGHT / 2, width, height: HEIGHT };
      if (taken.some((other) => overlaps(own, other))) continue;
      taken.push(own);
      placed.set(id, { x, y });
      break;
    }
  }
  return placed;
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** A point of the line that `pathThrough` draws, by how far along it is from left to right. */
export function pointAt(points: readonly Place[], part: number): Place {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return { x: 0, y: 0 };
  const x = first.x + (last.x - first.x) * part;
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    if (x < Math.min(a.x, b.x) || x > Math.max(a.x, b.x)) continue;
    return { x, y: a.x === b.x ? a.y : a.y + (b.y - a.y) * eased((x - a.x) / (b.x - a.x)) };
  }
  return { x, y: (first.y + last.y) / 2 };
}

/** How far down a curve is that is level at both ends, by how far across: its control points stand in the middle. */
function eased(across: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const t = (low + high) / 2;
    // x(t) of the curve 0, ½, ½, 1.
    if (1.5 * t * (1 - t) * (1 - t) + 1.5 * t * t * (1 - t) + t * t * t < across) low = t;
    else high = t;
  }
  return 3 * low * low - 2 * low * low * low;
}
