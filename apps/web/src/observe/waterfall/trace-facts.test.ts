import type { SpanRow } from "@roadbed/contracts/telemetry";
import { describe, expect, it } from "vitest";

import { toTree } from "./span-tree.ts";
import { durationTicks, failureOrigin, orphansOf, partsByService, sentenceOf } from "./trace-facts.ts";

function span(
  spanId: string,
  parentSpanId: string | undefined,
  service: string,
  offsetUs: number,
  durationUs: number,
  status: SpanRow["status"] = "unset",
): SpanRow {
  return {
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    service,
    name: `GET /${spanId}`,
    kind: "server",
    offsetUs,
    durationUs,
    status,
    attributes: {},
    events: [],
  };
}
const ROWS = toTree([
  span("a", undefined, "shop", 0, 2_000, "error"),
  span("b", "a", "cart", 100, 500),
  span("c", "a", "pay", 700, 1_000, "error"),
]);

describe("sentenceOf", () => {
  it("says how long, how much, and where the failure began", () => {
    expect(sentenceOf(2_000, ROWS).replaceAll(/[\u00a0\u202f]/g, " ")).toBe(
      "2 ms, 3 spans in 3 services; 2 spans failed, first GET /c of pay.",
    );
  });
  it("says when nothing failed", () => {
    expect(sentenceOf(500, toTree([span("b", undefined, "cart", 0, 500)])).replaceAll(/[\u00a0\u202f]/g, " ")).toBe(
      "500 µs, 1 span in 1 service; nothing failed.",
    );
  });
});

describe("failureOrigin", () => {
  it("is the failed span below which none failed, not the one that passed it on", () => expect(failureOrigin(ROWS)?.span.spanId).toBe("c"));
  it("is nothing where nothing failed", () => expect(failureOrigin(ROWS.slice(1, 2))).toBeUndefined());
});

describe("partsByService", () => {
  it("gives each service its own time, without that of whom it called", () => {
    expect(partsByService(ROWS).map(({ service, selfUs, errors }) => [service, selfUs, errors])).toEqual([
      ["shop", 500, 1],
      ["cart", 500, 0],
      ["pay", 1_000, 1],
    ]);
  });
});

it("counts spans whose parent did not come", () => {
  expect(orphansOf([span("a", undefined, "shop", 0, 1), span("b", "lost", "shop", 0, 1)])).toBe(1);
});

describe("durationTicks", () => {
  it("falls on round moments from zero to the end", () => {
    expect(durationTicks(2_100_000, 6)).toEqual([0, 500_000, 1_000_000, 1_500_000, 2_000_000]);
    expect(durationTicks(0, 6)).toEqual([0]);
  });
});
