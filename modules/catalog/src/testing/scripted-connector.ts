import type { Entity } from "@roadbed/contracts/catalog";
import type { Connector, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, UnauthenticatedError } from "@roadbed/core";
import { createHmac } from "node:crypto";
import { z } from "zod";

/** A system that says what a test lets it say. */
export interface Script {
  /** What a whole reading yields; a function is called and may throw or wait. */
  readings: readonly (Reading | (() => void | Promise<void>))[];
  /** Settings and memory with which it was read, in order. */
  readonly reads: { settings: Record<string, unknown>; state: Readonly<Record<string, unknown>> }[];
}

/** A connector for tests: its readings are a list, its webhook takes `{ id, at?, define?, remove?, resync? }`, signed with HMAC. */
export function scriptedConnector(script: Script): Connector {
  return {
    kind: "scripted",
    title: "Scripted system",
    summary: "Says what a test lets it say.",
    settings: z.object({ org: z.string().min(1), token: z.string().optional() }),
    secrets: ["token"],
    targetOf: ({ org }: { org: string }) => `scripted.example/${org}`,
    defaults: { everyMinutes: 15, halfLifeDays: 30, confidence: 0.9 },
    async *read(settings: Record<string, unknown>, { state }) {
      script.reads.push({ settings, state });
      for (const one of script.readings) {
        if (typeof one === "function") await one();
        else yield one;
      }
    },
    receive: async (_settings: unknown, request) => understand(request),
  };
}

function understand({ headers, body, secret }: WebhookRequest): WebhookOutcome {
  if (headers["x-signature"] !== signed(body, secret)) throw new UnauthenticatedError("The signature is wrong.");
  const said = Message.safeParse(JSON.parse(new TextDecoder().decode(body)));
  if (!said.success) throw new InvalidError("The message is not understood.");
  const { id, at, define = [], remove = [], resync = false } = said.data;
  return {
    deliveryId: id,
    ...(at === undefined ? {} : { at: new Date(at) }),
    readings: define.map((entity) => defines(entity as Entity)),
    removed: remove,
    resync,
  };
}

const Message = z.object({
  id: z.string(),
  at: z.string().optional(),
  define: z.array(z.unknown()).optional(),
  remove: z.array(z.string()).optional(),
  resync: z.boolean().optional(),
});

export function signed(body: Uint8Array, secret: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

export function defines(entity: Entity, location = `https://scripted.example/${entity.metadata?.name}`): Reading {
  return { type: "entity", mode: "define", entity, location };
}
