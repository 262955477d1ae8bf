import type { SpanRow } from "@roadbed/contracts/telemetry";
import { describe, expect, it } from "vitest";

import { openRows, selfTime, toTree } from "./span-tree.ts";

function span(
  spanId: string,
  parentSpanId: string | undefined,
  offsetUs = 0,
  durationUs = 10,
  status: SpanRow["status"] = "unset",
): SpanRow {
  return {
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    service: "cart",
    name: spanId,
    kind: "server",
    offsetUs,
    durationUs,
    status,
    attributes: {},
    events: [],
  };
}
const TREE = toTree([
  span("a", undefined, 0, 100),
  span("b", "a", 10, 30, "error"),
  span("c", "b", 15, 5, "error"),
  span("d", "a", 60, 20),
]);
const drawn = (rows: typeof TREE): string[] => rows.map(({ span: one, depth }) => "-".repeat(depth) + one.spanId);

describe("toTree", () => {
  it("puts each span under its parent, and counts what hangs below", () => {
    expect(drawn(TREE)).toEqual(["a", "-b", "--c", "-d"]);
    expect(TREE.map(({ below, errorsBelow }) => [below, errorsBelow])).toEqual([
      [3, 2],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
  });
  it("puts a span at the top whose parent is not there, or is itself", () => {
    expect(drawn(toTree([span("x", "lost"), span("y", "y")]))).toEqual(["x", "y"]);
  });
  it("takes a chain of many thousands", () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => span(`s${index}`, index === 0 ? undefined : `s${index - 1}`));
    const rows = toTree(chain);
    expect(rows.at(-1)?.depth).toBe(19_999);
    expect(rows[0]?.below).toBe(19_999);
  });
});

describe("openRows", () => {
  it("hides all that is below a closed span, and nothing else", () => {
    expect(drawn(openRows(TREE, new Set(["b"])))).toEqual(["a", "-b", "-d"]);
    expect(drawn(openRows(TREE, new Set(["a", "b"])))).toEqual(["a"]);
    expect(openRows(TREE, new Set())).toHaveLength(4);
  });
});

describe("selfTime", () => {
  it("leaves out what children cover, counting overlaps once", () => {
    expect(selfTime(span("p", undefined, 0, 100), [span("x", "p", 10, 30), span("y", "p", 20, 30)])).toBe(60);
  });
  it("does not count the part of a child beyond its parent", () => {
    expect(selfTime(span("p", undefined, 0, 100), [span("late", "p", 90, 500)])).toBe(90);
    expect(selfTime(span("p", undefined, 50, 10), [span("around", "p", 0, 500)])).toBe(0);
  });
});
