import type { Connector, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { UnauthenticatedError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { isSame, isSignedBy } from "../lib/signature.ts";
import { parseEvents } from "./events.ts";
import { foldEvents } from "./fold-events.ts";

export const OpenLineageSettings = z.strictObject({
  title: z.string().min(1).max(60).default("pipelines").describe("Tells several sources of events apart, e.g. by their clients"),
  owner: z.string().max(200).default("unknown").describe("Owner of what names none, e.g. group:default/data"),
  lifecycle: advanced(z.string().min(1).max(63).default("production").describe("Lifecycle of the jobs")),
  keepDays: advanced(
    z.coerce
      .number()
      .int()
      .min(1)
      .max(3_650)
      .default(30)
      .describe("Lineage that no event showed for so many days before the newest one is over"),
  ),
  namespace: advanced(
    z
      .string()
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case letters, digits and dashes")
      .default("default")
      .describe("Namespace of the entities"),
  ),
});
export type OpenLineageSettings = z.output<typeof OpenLineageSettings>;

/** Whatever sends OpenLineage events: Airflow, Spark, Flink, dbt, by the HTTP transport of their own client. */
export const openLineageConnector: Connector<OpenLineageSettings> = {
  kind: "openlineage",
  title: "OpenLineage events",
  summary: "Data sets, jobs and their lineage, as Airflow, Spark, Flink and dbt tell them: with schemas, owners and the last good run.",
  settings: OpenLineageSettings as never,
  secrets: [],
  targetOf: ({ title }) => `openlineage ${title}`,
  defaults: { everyMinutes: 1_440, halfLifeDays: 14, confidence: 0.9 },
  read,
  receive: async (settings, request) => receive(settings, request),
};

/** What only messages describe stays: a reading has nothing to say of it. */
async function* read(): AsyncGenerator<Reading> {
  yield { type: "unchanged", locationPrefix: "" };
}

/** The clients send the secret as a bearer; whoever relays their events may sign them. */
function receive(settings: OpenLineageSettings, { headers, body, secret }: WebhookRequest): WebhookOutcome {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  const isGenuine =
    (bearer !== undefined && isSame(bearer, secret)) || isSignedBy(secret, body, headers["x-roadbed-signature-256"], "sha256=");
  if (!isGenuine) {
    throw new UnauthenticatedError("The message does not bring the secret of this webhook.", {
      mend: "In the client's configuration: transport.auth with type api_key and the webhook's secret as apiKey.",
    });
  }
  const events = parseEvents(body, headers["content-encoding"]?.trim().toLowerCase());
  return { deliveryId: createHash("sha256").update(body).digest("hex"), amend: foldEvents(events, settings) };
}
