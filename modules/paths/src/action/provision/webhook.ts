import { CancelledError, InvalidError, UnavailableError } from "@roadbed/core";
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import { defineAction, type Action, type ActionContext } from "../action.ts";
import { clientOf, missingNamed, type NamedDeps } from "../outside/named.ts";
import { createHostClient, type HostClient } from "../outside/host-client.ts";

const Input = z.object({
  connection: z.string().min(1).describe("Name of the connection to the provisioner"),
  operation: z.enum(["apply", "destroy", "read"]).default("apply"),
  type: z.string().min(1).describe("What is asked for, e.g. postgres"),
  class: z.string().optional().describe("e.g. small"),
  name: z.string().min(1),
  environment: z.string().optional(),
  params: z.record(z.string(), z.unknown()).default({}),
  timeoutMinutes: z.number().min(0.01).max(360).default(30),
});
type Input = z.output<typeof Input>;

/** What a provisioner answers, at once or by the callback. */
export const ProvisionAnswer = z.object({
  status: z.enum(["done", "pending", "failed"]).default("done"),
  message: z.string().max(2_000).optional(),
  outputs: z.record(z.string(), z.unknown()).default({}),
  changes: z
    .array(
      z.object({
        action: z.enum(["create", "update", "delete", "replace", "none"]),
        type: z.string(),
        name: z.string(),
        summary: z.string().optional(),
      }),
    )
    .default([]),
});
export type ProvisionAnswer = z.output<typeof ProvisionAnswer>;

export interface ProvisionDeps extends NamedDeps {
  readonly publicUrl: string;
  readonly pollMs?: number;
}

/**
 * Asks a provisioner over HTTP. The same `key` is the same request: a provisioner that gets it twice does it once. What lasts is answered
 * with 202 and told later, at the callback.
 */
export function makeWebhookProvision(deps: ProvisionDeps): Action {
  return defineAction({
    id: "roadbed:provision:webhook",
    description: "Has a provisioner make, change, read back or take away a resource: a signed request, and a callback when it lasts.",
    input: Input,
    output: z.object({
      outputs: z.record(z.string(), z.unknown()),
      changes: ProvisionAnswer.shape.changes,
      message: z.string().optional(),
    }),
    examples: [
      {
        description: "A small database",
        input: { connection: "databases", type: "postgres", class: "small", name: "orders", environment: "dev", params: { version: "18" } },
      },
    ],
    reach: "outside",
    waits: true,
    async describe(c, input) {
      const what = `${input.type}${input.class === undefined ? "" : `/${input.class}`} ${input.name}`;
      const words = { apply: "Makes or changes", destroy: "Takes away", read: "Reads back" }[input.operation];
      const missing = await missingNamed(deps, input.connection);
      const planned = missing.length > 0 || input.operation === "read" ? undefined : await plan(c, deps, input);
      const changes = planned?.changes ?? [];
      return {
        words: `${words} ${what} by ${input.connection}.${changes.length === 0 ? "" : ` Planned: ${changes.map(({ action, type, name }) => `${action} ${type} ${name}`).join(", ")}.`}`,
        resources: [
          {
            kind: "Resource",
            name: input.name,
            summary: `${input.type}${input.class === undefined ? "" : `/${input.class}`}, by ${input.connection}`,
          },
          ...changes.map(({ action, type, name, summary }) => ({ kind: type, name, summary: summary ?? action })),
        ],
        output: { outputs: planned?.outputs ?? {}, changes },
        problems: [
          ...missing,
          ...(planned?.status === "failed"
            ? [{ about: input.name, reason: `the provisioner refuses: ${planned.message ?? "it gives no reason"}` }]
            : []),
        ],
      };
    },
    async run(c, input) {
      const { outputs, changes, message } = await provision(c, deps, input);
      return { outputs, changes, ...(message === undefined ? {} : { message }) };
    },
    async undo(c, { input }) {
      if (input === undefined) return { done: false, words: "What the provisioner made stays: what it was asked with is not kept." };
      if (input.operation !== "apply")
        return {
          done: input.operation === "read",
          words: input.operation === "read" ? "It only read." : `${input.name} was taken away, and stays away.`,
        };
      await provision(
        {
          ...c,
          key: `${c.key}:undo`,
          once: (name, work) => c.once(`undo ${name}`, work),
          ...(c.noted === undefined ? {} : { noted: (name) => c.noted!(`undo ${name}`) }),
        },
        deps,
        { ...input, operation: "destroy" },
      );
      return { done: true, words: `${input.type} ${input.name} is taken away by ${input.connection}.` };
    },
  });
}

async function plan(c: ActionContext, deps: ProvisionDeps, input: Input): Promise<ProvisionAnswer | undefined> {
  // A provisioner need not plan: 404, 405 and 501 say that it does not.
  const { status, body } = await send(c, deps, input, { operation: "plan", of: input.operation }, [404, 405, 501]);
  return [404, 405, 501].includes(status) ? undefined : read(body);
}

async function provision(c: ActionContext, deps: ProvisionDeps, input: Input): Promise<ProvisionAnswer> {
  const { id } = await c.once("callback", async () => ({ id: randomUUID(), connection: input.connection }));
  const callback = `${deps.publicUrl}/hooks/provisions/${id}`;
  const first = await c.once("asked", async () => {
    const { status, body } = await send(c, deps, input, { operation: input.operation, callback });
    const answer = read(body);
    await c.log("info", `${input.connection}: ${answer.message ?? (status === 202 ? "it was accepted, and lasts" : answer.status)}`);
    return status === 202 ? { ...answer, status: "pending" as const } : answer;
  });
  const last = first.status === "pending" ? await waitFor(c, deps, input) : first;
  if (last.status !== "failed") return last;
  throw new InvalidError(`${input.connection} could not ${input.operation} ${input.name}: ${last.message ?? "it gives no reason"}`, {
    mend: "Mend what it names, then follow the path anew.",
  });
}

async function waitFor(c: ActionContext, { pollMs = 2_000 }: ProvisionDeps, input: Input): Promise<ProvisionAnswer> {
  const end = Date.now() + input.timeoutMinutes * 60_000;
  while (Date.now() < end) {
    const answer = await c.noted?.<ProvisionAnswer>("answer");
    if (answer !== undefined && answer.status !== "pending") return answer;
    await sleep(pollMs, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }
  throw new UnavailableError(`${input.connection} has not told of ${input.name} after ${input.timeoutMinutes} min.`, {
    mend: "Retry the run: it waits on.",
  });
}

async function send(
  c: ActionContext,
  deps: ProvisionDeps,
  { type, class: of, name, environment, params, connection: system }: Input,
  ask: Readonly<Record<string, unknown>>,
  accept: readonly number[] = [],
): ReturnType<HostClient> {
  const { connection } = await clientOf(c, deps, system);
  const body = JSON.stringify({ ...ask, key: c.key, run: c.taskId, requestedBy: c.user.ref, type, class: of, name, environment, params });
  const signed = connection.signingSecret === undefined ? {} : signatureOf(connection.signingSecret, body, Date.now());
  const client = createHostClient(c, {
    fetch: deps.outside!.fetch,
    system: new URL(connection.url).host,
    base: connection.url,
    headers: connection.headers,
  });
  return client("POST", "", {
    body,
    accept,
    repeatable: true,
    headers: { ...signed, "idempotency-key": `${c.key}:${String(ask["operation"])}` },
  });
}

function read(body: unknown): ProvisionAnswer {
  const parsed = ProvisionAnswer.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new UnavailableError(
    `The provisioner's answer cannot be understood: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`,
  );
}

/** What proves who sent a body, and when: HMAC-SHA256 of `<seconds>.<body>`. */
export function signatureOf(
  secret: string,
  body: string | Uint8Array,
  atMs: number,
): { "x-roadbed-timestamp": string; "x-roadbed-signature": string } {
  const seconds = String(Math.floor(atMs / 1_000));
  const digest = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest("hex");
  return { "x-roadbed-timestamp": seconds, "x-roadbed-signature": `sha256=${digest}` };
}
