import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { pathThrough, placeWords, pointAt } from "./lines.ts";

const line = (id: string, y: number, words = "2 · 1 drift") => ({
  id,
  words,
  points: [
    { x: 0, y },
    { x: 400, y },
  ],
});

describe("words on lines", () => {
  it("stand in the middle of their line, and move along it where others stand", () => {
    const placed = placeWords([line("a", 0), line("b", 4)], []);
    expect(placed.get("a")).toEqual({ x: 200, y: 0 });
    expect(placed.get("b")?.y).toBe(4);
    expect(Math.abs(placed.get("b")!.x - 200)).toBeGreaterThan(60);
  });

  it("are left out where there is no room", () => {
    expect(placeWords([line("a", 0)], [{ x: 0, y: -50, width: 400, height: 100 }]).size).toBe(0);
  });

  it("never cover each other or a box, whatever the lines", () => {
    const place = fc.record({ x: fc.integer({ min: 0, max: 800 }), y: fc.integer({ min: 0, max: 300 }) });
    const lines = fc.array(fc.tuple(place, place), { maxLength: 25 });
    const boxes = fc.array(place, { maxLength: 6 }).map((all) => all.map((at) => ({ ...at, width: 178, height: 52 })));
    fc.assert(
      fc.property(lines, boxes, (pairs, some) => {
        const worded = pairs.map((points, n) => ({ id: `l${n}`, points, words: "3 · 1 drift" }));
        const rects = [...placeWords(worded, some).values()].map(({ x, y }) => ({ x: x - 34, y: y - 8, width: 68, height: 16 }));
        const clear = (a: (typeof rects)[number], b: (typeof rects)[number]): boolean =>
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        return rects.every((a, n) => some.every((b) => clear(a, b)) && rects.every((b, m) => n === m || clear(a, b)));
      }),
    );
  });
});

describe("a line", () => {
  it("is level where it passes other layers", () => {
    const points = [
      { x: 0, y: 0 },
      { x: 100, y: 40 },
      { x: 200, y: 40 },
      { x: 300, y: 0 },
    ];
    expect(pathThrough(points)).toBe("M0,0 C50,0 50,40 100,40 L200,40 C250,40 250,0 300,0");
    expect(pointAt(points, 0.5)).toEqual({ x: 150, y: 40 });
    expect(pointAt([...points].reverse(), 0.5)).toEqual({ x: 150, y: 40 });
    expect(pointAt(points, 1 / 6).y).toBeCloseTo(20, 1);
  });
});
