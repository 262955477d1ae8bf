import { z } from "zod";

import { defineAction, type Action, type ActionContext } from "../action.ts";
import { missingNamed } from "../outside/named.ts";
import { planBy, provisionBy, ProvisionAnswer, type Asker, type ProvisionDeps } from "./ask-provisioner.ts";

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
      const planned = missing.length > 0 || input.operation === "read" ? undefined : await planBy(askerOf(c), deps, input);
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
      const { outputs, changes, message } = await provisionBy(askerOf(c), deps, input);
      return { outputs, changes, ...(message === undefined ? {} : { message }) };
    },
    async undo(c, { input }) {
      if (input === undefined) return { done: false, words: "What the provisioner made stays: what it was asked with is not kept." };
      if (input.operation !== "apply")
        return {
          done: input.operation === "read",
          words: input.operation === "read" ? "It only read." : `${input.name} was taken away, and stays away.`,
        };
      await provisionBy(
        {
          ...askerOf(c),
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

function askerOf(c: ActionContext): Asker {
  return { ...c, about: { run: c.taskId, requestedBy: c.user.ref } };
}
