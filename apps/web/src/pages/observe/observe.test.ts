import { describe, expect, it } from "vitest";

import { answerOf as answerIncidents, lastedMs, rangeAround } from "./incident-facts.ts";
import { answerOf, fits } from "./service-answer.ts";
import { toPoints } from "./use-shapes.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");
const NOW = Date.parse("2025-06-01T12:00:00Z");

describe("answerOf services", () => {
  it("says that all are well only if all are", () => {
    expect(plain(answerOf([{ health: "ok" }, { health: "ok" }]))).toBe("All 2 services are well.");
    expect(plain(answerOf([{ health: "ok" }, { health: "unknown" }]))).toBe("1 service is well, 1 without requests.");
  });
  it("names the sick first", () => {
    expect(plain(answerOf([{ health: "ok" }, { health: "degraded" }, { health: "failing" }]))).toBe(
      "Of 3 services, 1 failing, 1 degraded.",
    );
  });
  it("does not call nothing well", () => expect(answerOf([])).toContain("No service"));
});

describe("fits", () => {
  const row = { service: "fare-service", health: "degraded", why: "An incident is open." } as const;
  it("finds by every word, in name and reason", () => {
    expect(fits(row, "fare incident", undefined)).toBe(true);
    expect(fits(row, "fare timeout", undefined)).toBe(false);
  });
  it("counts degraded and failing as not well", () => {
    expect(fits(row, "", "sick")).toBe(true);
    expect(fits(row, "", "ok")).toBe(false);
  });
});

it("draws no point for a part in which a service served nothing", () => {
  const row = (service: string, requests: number) => ({
    service,
    requests,
    requestsPerSecond: requests / 60,
    errors: 0,
    health: "ok" as const,
    why: "",
    sample: false,
  });
  const points = toPoints([0, 60_000, 120_000], [{ items: [row("cart", 6)] }, undefined, { items: [row("cart", 0), row("shop", 3)] }]);
  expect(points.get("cart")).toEqual([{ at: 0, value: 0.1 }]);
  expect(points.get("shop")).toEqual([{ at: 120_000, value: 0.05 }]);
});

describe("incidents", () => {
  const closed = (minutes: number) => ({
    openedAt: "2025-06-01T10:00:00Z",
    closedAt: new Date(Date.parse("2025-06-01T10:00:00Z") + minutes * 60_000).toISOString(),
  });
  it("tells what is open, and how long half of them took", () => {
    expect(plain(answerIncidents([{ openedAt: "2025-06-01T11:15:30Z" }], [closed(10), closed(90), closed(20)], NOW))).toBe(
      "One incident is open, for 44 min. Of the last 3 closed ones, half took at most 20 min.",
    );
    expect(answerIncidents([], [], NOW)).toBe("No incident is open.");
  });
  it("lasts until now while it is open", () => expect(lastedMs({ openedAt: "2025-06-01T11:00:00Z" }, NOW)).toBe(3_600_000));
  it("shows the time around it, never beyond now", () => {
    expect(rangeAround(closed(10), NOW)).toBe("2025-06-01T09:30:00.000Z..2025-06-01T10:40:00.000Z");
    expect(rangeAround({ openedAt: "2025-06-01T11:55:00Z" }, NOW)).toBe("2025-06-01T11:25:00.000Z..2025-06-01T12:00:00.000Z");
  });
});
