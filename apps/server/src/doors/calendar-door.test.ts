import type { CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { expect, test } from "vitest";

import { toICalendar } from "./calendar-door.ts";

const item = (o: Partial<CalendarItem>): CalendarItem => ({
  id: "freeze_1/x",
  kind: "freeze",
  title: "End of the year; quiet, please",
  detail: "nobody\nis there",
  environments: ["prod"],
  from: "2026-12-20T00:00:00.000Z",
  until: "2027-01-04T00:00:00.000Z",
  state: "planned",
  planned: true,
  link: "/environments",
  ...o,
});

test("each item is an event with its time in UTC, its texts escaped and its lines folded", () => {
  const open = item({ id: "inc_1", kind: "incident", title: "x".repeat(200), until: undefined, environments: [], state: "open" } as never);
  const text = toICalendar([item({}), open], { name: "Changes", publicUrl: "https://roadbed.example.org" });
  const lines = text.split("\r\n");
  expect(lines.every((line) => Buffer.byteLength(line) <= 75)).toBe(true);
  const unfolded = text.replaceAll("\r\n ", "").split("\r\n");
  expect(unfolded.filter((line) => line === "BEGIN:VEVENT")).toHaveLength(2);
  expect(unfolded).toEqual(
    expect.arrayContaining([
      "UID:freeze_1/x@roadbed",
      "DTSTART:20261220T000000Z",
      "DTEND:20270104T000000Z",
      "SUMMARY:Frozen: End of the year\\; quiet\\, please (prod): planned",
      "DESCRIPTION:nobody\\nis there",
      "URL;VALUE=URI:https://roadbed.example.org/environments",
      `SUMMARY:Incident: ${"x".repeat(200)}: open`,
    ]),
  );
  expect(unfolded.filter((line) => line.startsWith("DTEND"))).toHaveLength(1);
});
