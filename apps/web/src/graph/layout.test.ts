import { describe, expect, it } from "vitest";

import { layoutLayers, type Box, type Edge } from "./layout.ts";

const box = (id: string): Box => ({ id, width: 100, height: 30 });
const boxes = (text: string): readonly Box[] => text.split("").map(box);
const edges = (text: string): readonly Edge[] => text.split(" ").map((pair) => ({ from: pair[0] ?? "", to: pair[1] ?? "" }));

describe("layoutLayers", () => {
  it("draws what depends to the left of what it depends on", () => {
    const { places } = layoutLayers(boxes("abc"), edges("ab bc ac"));
    expect(places.get("a")?.x).toBeLessThan(places.get("b")?.x ?? 0);
    expect(places.get("b")?.x).toBeLessThan(places.get("c")?.x ?? 0);
  });

  it("gives the same picture for the same graph, in whatever order it comes", () => {
    const one = layoutLayers(boxes("abcdef"), edges("ab ac bd cd de ef"));
    const other = layoutLayers(boxes("fedcba"), edges("ef de cd bd ac ab"));
    expect(new Map(other.places)).toEqual(new Map(one.places));
  });

  it("survives rings and edges to itself", () => {
    const { places } = layoutLayers(boxes("abc"), edges("ab bc ca aa"));
    expect(places.size).toBe(3);
  });

  it("never lets two boxes overlap", () => {
    const random = mulberry(7);
    const many = Array.from({ length: 120 }, (_, index) => box(`n${index}`));
    const links = Array.from({ length: 260 }, () => ({ from: `n${Math.floor(random() * 120)}`, to: `n${Math.floor(random() * 120)}` }));
    const placed = [...layoutLayers(many, links).places.values()];
    for (const [index, a] of placed.entries()) {
      for (const b of placed.slice(index + 1)) expect(Math.abs(a.x - b.x) >= 100 || Math.abs(a.y - b.y) >= 30).toBe(true);
    }
  });

  it("puts boxes without an edge below the rest", () => {
    const { places } = layoutLayers(boxes("abz"), edges("ab"));
    expect(places.get("z")?.y).toBeGreaterThan(places.get("a")?.y ?? 0);
  });
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
