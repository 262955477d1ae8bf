import type { CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { expect, test } from "vitest";

import { daysOf, lanesOf, spanAround, type Span } from "./lanes.ts";

const span: Span = { from: new Date("2026-12-01T00:00:00Z"), until: new Date("2026-12-11T00:00:00Z") };
const now = new Date("2026-12-05T00:00:00Z");
const item = (o: Partial<CalendarItem>): CalendarItem => ({
  id: "x",
  kind: "deployment",
  title: "x",
  environments: ["dev"],
  from: "2026-12-03T00:00:00Z",
  state: "healthy",
  planned: false,
  link: "/",
  ...o,
});
const environments = [
  { name: "dev", title: "Development" },
  { name: "prod", title: "Production" },
];

test("a freeze of every environment lies on each lane, an incident on its own", () => {
  const freeze = item({ kind: "freeze", environments: [], until: "2026-12-06T00:00:00Z" });
  const lanes = lanesOf([item({}), freeze, item({ kind: "incident", environments: [] })], environments, span, now);
  expect(lanes.map(({ title, items }) => [title, items.length])).toEqual([
    ["Development", 2],
    ["Production", 1],
    ["Incidents", 1],
  ]);
  expect(lanesOf([], environments, span, now)).toHaveLength(2);
});

test("marks stand where their time is, cut to what is seen, and never upon another", () => {
  const [lane] = lanesOf(
    [
      item({ id: "a", from: "2026-11-20T00:00:00Z", until: "2026-12-02T00:00:00Z" }),
      item({ id: "b", from: "2026-12-03T00:00:00Z" }),
      item({ id: "c", from: "2026-12-03T01:00:00Z", until: "2026-12-03T01:00:01Z" }),
      item({ id: "d", kind: "freeze", from: "2026-12-09T00:00:00Z", until: "2027-01-09T00:00:00Z", planned: true }),
    ],
    environments,
    span,
    now,
  );
  const at = Object.fromEntries(lane!.items.map((mark) => [mark.item.id, mark]));
  expect(at["a"]).toMatchObject({ left: 0, width: 0.1, row: 0 });
  // What is not over goes on until now.
  expect(at["b"]).toMatchObject({ left: 0.2, row: 0 });
  expect(at["b"]!.width).toBeCloseTo(0.2);
  expect(at["c"]!.row).toBe(1);
  expect(at["d"]!.left + at["d"]!.width).toBeCloseTo(1);
  expect(lane!.rows).toBe(2);
});

test("short times are divided by days, long ones by Mondays", () => {
  const day = new Date(2026, 11, 9);
  expect(daysOf(spanAround(day, "week"))).toHaveLength(11);
  expect(daysOf(spanAround(day, "quarter")).every((one) => one.getDay() === 1)).toBe(true);
  expect(spanAround(day, "week").from.getHours()).toBe(0);
});
