import { DeliveryRecord } from "@roadbed/contracts/product";
import { expect, test } from "vitest";

import { deliveriesBetween } from "./deliveries.ts";

const DAY = 86_400_000;
const TO = Date.UTC(2026, 10, 28, 12);
const services = Array.from({ length: 20 }, (_, at) => `service-${at}`);
const all = { services, origin: TO, from: TO - 98 * DAY, to: TO };

test("the same is told whenever it is asked for, and a stretch in two is the stretch in one", () => {
  const whole = deliveriesBetween(all);
  const middle = TO - 40 * DAY;
  expect([...deliveriesBetween({ ...all, to: middle }), ...deliveriesBetween({ ...all, from: middle })]).toEqual(whole);
  expect(whole.length).toBeGreaterThan(500);
});

test("every record is one that can be told, nothing lies in the future, and each change comes out with one deployment at most", () => {
  const whole = deliveriesBetween(all);
  for (const record of whole) {
    expect(DeliveryRecord.parse(record)).toBeDefined();
    const known = record.kind === "deployment" ? record.finishedAt! : record.kind === "change" ? record.mergedAt! : record.resolvedAt!;
    expect(Date.parse(known)).toBeLessThan(TO);
  }
  const carried = whole.flatMap((record) => (record.kind === "deployment" && record.result === "success" ? record.carries! : []));
  expect(new Set(carried).size).toBe(carried.length);
});
