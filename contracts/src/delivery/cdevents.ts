import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** What somebody else told in CDEvents' words, https://cdevents.dev: kept as it came. */
export const ReceivedCdEvent = z.object({
  id: z.string(),
  eventId: z.string(),
  source: z.string(),
  type: z.string().describe("E.g. dev.cdevents.service.deployed.0.3.0"),
  subject: z.string(),
  known: z.boolean().describe("Whether it means something here; whatever does not is kept all the same"),
  entityRef: z.string().optional().describe("The entity it is about, where the catalogue has one of that name"),
  environment: z.string().optional().describe("As its sender calls it"),
  at: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  receivedFrom: z.string(),
});
export type ReceivedCdEvent = z.infer<typeof ReceivedCdEvent>;

/** Where what happens here is told in CDEvents' words. */
export const Sink = z.object({
  id: z.string(),
  title: z.string(),
  target: z.string().describe("Its host: the whole address is a secret"),
  mode: z.enum(["binary", "structured"]),
  types: z.array(z.string()).describe("None: everything"),
  madeBy: z.string(),
  madeAt: z.iso.datetime(),
  waiting: z.number().int().describe("Events that wait to be sent"),
  lastSentAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
});
export type Sink = z.infer<typeof Sink>;

/** What can be emitted: subject and predicate. */
export const EMITTED = [
  "repository.created",
  "repository.modified",
  "branch.created",
  "branch.deleted",
  "change.created",
  "change.updated",
  "change.merged",
  "change.abandoned",
  "artifact.published",
  "service.deployed",
  "service.upgraded",
  "service.rolledback",
  "service.removed",
  "environment.created",
  "environment.modified",
  "environment.deleted",
  "incident.detected",
  "incident.resolved",
] as const;
export const EmittedType = z.enum(EMITTED);
export type EmittedType = z.infer<typeof EmittedType>;

const Id = z.string().min(1).max(100);

export const receiveCdEvent = defineOperation({
  name: "delivery.cdevent.receive",
  summary: "Tell of something that happened elsewhere in CDEvents' words: a deployment, an incident; told twice it is kept once.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/cdevents" },
  input: z.object({ event: z.record(z.string(), z.unknown()).describe("A CDEvent: context, subject, customData") }),
  output: z.object({ received: ReceivedCdEvent, again: z.boolean() }),
});

export const listCdEvents = defineOperation({
  name: "delivery.cdevent.list",
  summary: "List what others told in CDEvents' words, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/cdevents" },
  input: PageInput.extend({
    entityRef: z.string().max(300).optional(),
    type: z.string().max(100).optional().describe("Part of the type, e.g. service.deployed"),
  }),
  output: pageOf(ReceivedCdEvent),
  cli: { columns: ["id", "at", "type", "subject", "environment", "entityRef", "known"], empty: "Nobody told anything." },
});

export const getCdEvent = defineOperation({
  name: "delivery.cdevent.get",
  summary: "Show an event that somebody else told, as it came.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/cdevents/{id}" },
  input: z.object({ id: Id }),
  output: ReceivedCdEvent.extend({ event: z.record(z.string(), z.unknown()) }),
});

export const listSinks = defineOperation({
  name: "delivery.sink.list",
  summary: "List where what happens here is told as CDEvents.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/cdevent-sinks" },
  input: PageInput,
  output: pageOf(Sink),
  cli: { columns: ["id", "title", "target", "mode", "types", "waiting", "lastSentAt", "lastError"], empty: "Nobody is told." },
});

export const createSink = defineOperation({
  name: "delivery.sink.create",
  summary: "Tell somebody of what happens here: CDEvents in CloudEvents' HTTP form are posted to their address.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/cdevent-sinks" },
  input: z.object({
    title: z.string().trim().min(1).max(100),
    address: z.url({ protocol: /^https?$/ }).max(2_000),
    secret: z.string().min(8).max(500).optional().describe("Signs each delivery: x-roadbed-signature-256"),
    mode: z.enum(["binary", "structured"]).default("binary"),
    types: z.array(EmittedType).max(EMITTED.length).default([]).describe("Default: everything"),
  }),
  output: Sink,
  secrets: ["address", "secret"],
  cli: { positional: ["title"] },
});

export const removeSink = defineOperation({
  name: "delivery.sink.remove",
  summary: "Tell them no more; what still waits is not sent.",
  scope: "delivery:admin",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/cdevent-sinks/{id}" },
  input: z.object({ id: Id }),
  output: z.object({ removed: z.boolean() }),
});

export const cdEventReceived = defineEvent({
  name: "delivery.cdevent.received",
  summary: "Somebody told of something that happened elsewhere.",
  payload: z.object({
    type: z.string(),
    subject: z.string(),
    source: z.string(),
    entityRef: z.string().optional(),
    environment: z.string().optional(),
  }),
});
export const sinkChanged = defineEvent({
  name: "delivery.sink.changed",
  summary: "Somebody else is told of what happens here, or is no more.",
  payload: z.object({ sinkId: z.string(), title: z.string(), target: z.string(), change: z.enum(["made", "removed"]) }),
});

export const operations = [receiveCdEvent, listCdEvents, getCdEvent, listSinks, createSink, removeSink] as const;
