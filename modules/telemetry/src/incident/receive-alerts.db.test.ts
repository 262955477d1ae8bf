import { closeIncident, listIncidents } from "@roadbed/contracts/telemetry";
import { receiveAlerts } from "@roadbed/contracts/telemetry/alertmanager";
import { unknownFields } from "@roadbed/core";
import { describe, expect, test } from "vitest";

import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();

/** As Alertmanager's documentation of its webhook shows it, with values. */
const message = (alert: object = {}) => ({
  version: "4",
  groupKey: '{}:{alertname="HighErrorRate"}',
  truncatedAlerts: 0,
  status: "firing" as const,
  receiver: "roadbed",
  groupLabels: { alertname: "HighErrorRate" },
  commonLabels: { alertname: "HighErrorRate", severity: "critical" },
  commonAnnotations: {},
  externalURL: "http://alertmanager.example.org",
  alerts: [
    {
      status: "firing" as const,
      labels: { alertname: "HighErrorRate", severity: "critical", service: "shop", instance: "10.0.0.1:9090" },
      annotations: { summary: "5 % of requests fail", description: "…" },
      startsAt: "2026-11-27T10:00:00.000+01:00",
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus.example.org/graph",
      fingerprint: "c0ffee0123456789",
      ...alert,
    },
  ],
});
const incidents = async () => (await it.call(listIncidents, {})).items;

describe("alerts of Alertmanager", () => {
  test("one that fires is one incident on its entity, however often it is sent; resolved ends it", async () => {
    expect(await it.call(receiveAlerts, message())).toMatchObject({ opened: 1, closed: 0 });
    expect(await it.call(receiveAlerts, message())).toMatchObject({ opened: 0, unchanged: 1 });
    expect(await incidents()).toMatchObject([
      {
        title: "5 % of requests fail",
        service: "shop",
        entityRef: "component:default/shop",
        severity: "critical",
        state: "open",
        openedAt: "2026-11-27T09:00:00.000Z",
      },
    ]);
    const resolved = message({ status: "resolved", endsAt: "2026-11-27T10:20:00.000+01:00" });
    expect(await it.call(receiveAlerts, resolved)).toMatchObject({ closed: 1 });
    expect(await it.call(receiveAlerts, resolved)).toMatchObject({ closed: 0, unchanged: 1 });
    expect(await incidents()).toMatchObject([{ state: "closed", closedAt: "2026-11-27T09:20:00.000Z" }]);
  });

  test("what begins anew is another incident; what somebody closed is not opened again for the same start", async () => {
    const first = await it.call(receiveAlerts, message());
    await it.call(closeIncident, { id: first.incidents[0]!, summary: "known" });
    expect(await it.call(receiveAlerts, message())).toMatchObject({ opened: 0, unchanged: 1 });
    expect(await it.call(receiveAlerts, message({ startsAt: "2026-11-27T12:00:00Z" }))).toMatchObject({ opened: 1 });
    expect(await incidents()).toHaveLength(2);
  });

  test("every field of the message is known, since the door refuses what is not", () => {
    expect(unknownFields(receiveAlerts.input, message())).toEqual([]);
  });

  test("two deliveries at once are one incident", async () => {
    await Promise.all([it.call(receiveAlerts, message()), it.call(receiveAlerts, message())]);
    expect(await incidents()).toHaveLength(1);
  });

  test.each([
    [
      { alertname: "A", severity: "warning", job: "stranger" },
      { service: "stranger", severity: "high", title: "5 % of requests fail" },
    ],
    [
      { alertname: "A", severity: "info", app: "shop", roadbed_service: "other-shop" },
      { service: "other-shop", severity: "low", entityRef: "component:default/other-shop" },
    ],
    [
      { alertname: "A", roadbed_entity: "component:default/named" },
      { service: "unknown_service", severity: "high", entityRef: "component:default/named" },
    ],
  ])("labels %j say whose it is and how bad", async (labels, incident) => {
    await it.call(receiveAlerts, message({ labels }));
    expect(await incidents()).toMatchObject([incident]);
  });

  test("what is no alert is refused with where", async () => {
    await expect(it.call(receiveAlerts, { alerts: [] })).rejects.toMatchObject({ code: "INVALID" });
    await expect(it.call(receiveAlerts, message({ startsAt: "soon" }))).rejects.toThrow(/startsAt/);
  });
});
