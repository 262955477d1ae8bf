import { defineOperation } from "@roadbed/core";
import { z } from "zod";

const Labels = z.record(z.string().max(200), z.string().max(10_000)).default({});

/** One alert of Alertmanager, as its webhook of version 4 sends it; what else stands there is passed over. */
export const ReceivedAlert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: Labels,
  annotations: Labels,
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }).optional().describe("When it ended; the year 1 while it has not"),
  fingerprint: z.string().min(1).max(100),
});
export type ReceivedAlert = z.infer<typeof ReceivedAlert>;

export const receiveAlerts = defineOperation({
  name: "telemetry.alert.receive",
  summary: "Take alerts of Alertmanager: each that fires is one incident, however often it is sent, and ends when it is resolved.",
  scope: "telemetry:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/alerts/alertmanager" },
  input: z.object({
    version: z.string().max(10).optional(),
    // What the message says of its group: each alert says it of itself.
    groupKey: z.string().max(10_000).optional(),
    truncatedAlerts: z.number().int().optional(),
    status: z.enum(["firing", "resolved"]).optional(),
    receiver: z.string().max(500).optional(),
    groupLabels: Labels.optional(),
    commonLabels: Labels.optional(),
    commonAnnotations: Labels.optional(),
    externalURL: z.string().max(2_000).optional(),
    alerts: z.array(ReceivedAlert).min(1).max(1_000),
  }),
  output: z.object({
    opened: z.number().int(),
    closed: z.number().int(),
    unchanged: z.number().int(),
    incidents: z.array(z.string()).describe("Of the alerts that fire"),
  }),
});

export const operations = [receiveAlerts] as const;
