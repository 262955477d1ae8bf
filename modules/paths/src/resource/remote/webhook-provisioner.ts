import { z } from "zod";

import type { AnswerSealer, Asker, ProvisionAnswer, ProvisionDeps, ProvisionRequest } from "../../action/provision/ask-provisioner.ts";
import { planBy, provisionBy, readBackBy } from "../../action/provision/ask-provisioner.ts";
import { missingNamed } from "../../action/outside/named.ts";
import type { Facts, Provisioner, Wanted, Work } from "../provisioner.ts";

/** Everything that is not named here goes to the provisioner as `params`. */
const Inputs = z
  .object({
    connection: z.string().min(1).max(100).describe("Name of the connection to the provisioner"),
    timeoutMinutes: z.number().min(0.01).max(360).default(30),
  })
  .catchall(z.unknown());

/** Notes of what was asked of a resource, and what seals an answer's secrets. */
export interface ResourceNotes {
  readonly once: <T>(wanted: Wanted, name: string, work: () => Promise<T>) => Promise<T>;
  readonly noted: <T>(wanted: Wanted, name: string) => Promise<T | undefined>;
  readonly sealerOf: (resource: string) => AnswerSealer;
}

/**
 * A provisioner over HTTP, as the step `roadbed:provision:webhook` asks one: signed, with a key by which it does once what it is asked twice, and a
 * callback for what lasts.
 */
export function makeWebhookProvisioner(deps: ProvisionDeps & { readonly notes: ResourceNotes }): Provisioner {
  const askerOf = (work: Work, wanted: Wanted): Asker => ({
    key: `${wanted.id}.${wanted.generation}`,
    about: { resource: wanted.id, requestedBy: wanted.owner },
    signal: work.signal,
    log: (_level, message) => work.say(message),
    once: (name, make) => (wanted.id === "" ? make() : deps.notes.once(wanted, name, make)),
    noted: (name) => deps.notes.noted(wanted, name),
    ...(wanted.id === "" ? {} : { secrets: deps.notes.sealerOf(wanted.id) }),
  });
  return {
    id: "webhook",
    description: "Has a provisioner of yours do it over HTTP: a signed request, and a callback when it lasts.",
    inputs: Inputs,

    async plan(work, wanted, _secrets, act) {
      const request = requestOf(wanted, act);
      const words = `${act === "apply" ? "Has" : "Has taken away"} ${wanted.type}/${wanted.class} ${wanted.name}${act === "apply" ? " made" : ""} by ${request.connection}.`;
      const missing = await missingNamed(deps, request.connection);
      if (missing.length > 0) return { words, changes: [], problems: missing };
      const planned = await planBy(askerOf(work, wanted), deps, request);
      return {
        words,
        changes: (planned?.changes ?? []).map(({ action, type, name, summary }) => ({
          action,
          kind: type,
          name,
          summary: summary ?? action,
        })),
        problems:
          planned?.status === "failed"
            ? [{ about: wanted.name, reason: `${request.connection} refuses: ${planned.message ?? "it gives no reason"}` }]
            : [],
        ...(planned === undefined ? { unknown: ["changes"] } : {}),
      };
    },

    async apply(work, wanted) {
      const answer = await provisionBy(askerOf(work, wanted), deps, requestOf(wanted, "apply"));
      return { facts: factsOf(answer), secrets: answer.secrets ?? {} };
    },

    destroy: async (work, wanted) => void (await provisionBy(askerOf(work, wanted), deps, requestOf(wanted, "destroy"))),

    async read(work, wanted) {
      const answer = await readBackBy(askerOf(work, wanted), deps, requestOf(wanted, "read"));
      if (answer === undefined) return { state: "unknown", words: "Its provisioner does not read back", facts: {}, drift: [] };
      if (answer.status !== "done")
        return { state: "unknown", words: answer.message ?? `It answered ${answer.status}`, facts: {}, drift: [] };
      return {
        state: answer.state ?? "present",
        words: answer.message ?? (answer.state === "gone" ? "It is gone" : "It is there"),
        facts: Object.keys(answer.outputs).length === 0 ? {} : { outputs: answer.outputs },
        drift: answer.drift ?? [],
      };
    },

    variables(facts, secrets) {
      const open = Object.entries((facts["outputs"] ?? {}) as Facts).map(
        ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
      );
      const hidden = ((facts["secrets"] ?? []) as readonly string[]).map((name) => [name, secrets[name] ?? ""] as const);
      return Object.fromEntries([...open, ...hidden].map(([name, value]) => [name.toUpperCase().replaceAll("-", "_"), value]));
    },
  };
}

function factsOf({ outputs, secrets }: ProvisionAnswer): Facts {
  return { outputs, secrets: Object.keys(secrets ?? {}) };
}

function requestOf({ type, class: of, name, environment, inputs }: Wanted, operation: ProvisionRequest["operation"]): ProvisionRequest {
  const { connection, timeoutMinutes, ...params } = inputs as z.output<typeof Inputs>;
  return { connection, operation, type, class: of, name, environment, params, timeoutMinutes };
}
