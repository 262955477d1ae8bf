import type { Workload } from "@roadbed/contracts/delivery";
import type { Incident, ServiceRow } from "@roadbed/contracts/telemetry";
import { describe, expect, it } from "vitest";

import { healthOf } from "./health.ts";

const summary = {
  service: "cart",
  health: "ok",
  why: "0.2 % errors",
  requests: 9,
  requestsPerSecond: 1,
  errors: 0,
  sample: false,
} as ServiceRow;
const workload = {
  entityRef: "component:default/cart",
  environment: "dev",
  kind: "service",
  desired: "running",
  health: "healthy",
  restarts: 0,
} as Workload;
const incident = {
  id: "i",
  title: "Cart loses items",
  service: "cart",
  severity: "high",
  state: "open",
  openedAt: "",
  sample: false,
} as Incident;
const signals = { data: { summary } };

describe("healthOf", () => {
  it("lets an open incident speak first", () =>
    expect(healthOf({ incidents: [incident], workloads: [workload], signals }).word).toBe("incident"));
  it("does not hide a crashed process behind good figures", () =>
    expect(healthOf({ incidents: [], workloads: [{ ...workload, health: "crashed" }], signals }).word).toBe("crashed"));
  it("does not call a workload that was stopped on purpose sick", () =>
    expect(healthOf({ incidents: [], workloads: [{ ...workload, desired: "stopped", health: "stopped" }], signals }).word).toBe("ok"));
  it("is unknown without any sign of life, never well", () =>
    expect(healthOf({ incidents: [], workloads: [], signals: {} }).word).toBe("unknown"));
});
