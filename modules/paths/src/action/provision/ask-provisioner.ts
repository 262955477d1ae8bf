import { CancelledError, InvalidError, UnavailableError } from "@roadbed/core";
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import type { ActionContext } from "../action.ts";
import { createHostClient, type HostClient } from "../outside/host-client.ts";
import { clientOf, type NamedDeps } from "../outside/named.ts";

/** What a provisioner is asked for. */
export interface ProvisionRequest {
  /** Name of the connection to it. */
  readonly connection: string;
  readonly operation: "apply" | "destroy" | "read";
  readonly type: string;
  readonly class?: string | undefined;
  readonly name: string;
  readonly environment?: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  readonly timeoutMinutes: number;
}

/** Who asks: a step of a run, or a resource. */
export interface Asker extends Pick<ActionContext, "key" | "once" | "noted" | "signal" | "log"> {
  /** Told with each question, e.g. the run and who requested it. */
  readonly about: Readonly<Record<string, string>>;
  /** Notes hold no secrets: what an answer brings is sealed before it is noted. Absent: it is forgotten. */
  readonly secrets?: AnswerSealer;
}

export interface AnswerSealer {
  seal(secrets: Readonly<Record<string, string>>): Promise<string>;
  open(sealed: string): Promise<Readonly<Record<string, string>>>;
}

/** An answer as it is noted. */
type Noted = Omit<ProvisionAnswer, "secrets"> & { readonly sealed?: string };

/** Takes what is secret out of an answer. */
export async function toNote({ secrets, ...open }: ProvisionAnswer, sealer: Pick<AnswerSealer, "seal"> | undefined): Promise<Noted> {
  return secrets === undefined || sealer === undefined ? open : { ...open, sealed: await sealer.seal(secrets) };
}

/** What a provisioner answers, at once or by the callback. */
export const ProvisionAnswer = z.object({
  status: z.enum(["done", "pending", "failed"]).default("done"),
  message: z.string().max(2_000).optional(),
  outputs: z.record(z.string(), z.unknown()).default({}),
  /** What its consumer needs and nobody else may see: sealed, never shown. Only resources have a place for it. */
  secrets: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(10_000)).optional(),
  /** To `read`: whether it is there, and what is otherwise than it was made. */
  state: z.enum(["present", "gone"]).optional(),
  drift: z.array(z.object({ what: z.string(), wanted: z.string(), found: z.string() })).optional(),
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

/** What it would do; undefined where it does not plan. Makes nothing. */
export async function planBy(c: Asker, deps: ProvisionDeps, input: ProvisionRequest): Promise<ProvisionAnswer | undefined> {
  // A provisioner need not plan: 404, 405 and 501 say that it does not.
  const { status, body } = await send(c, deps, input, { operation: "plan", of: input.operation }, [404, 405, 501]);
  return [404, 405, 501].includes(status) ? undefined : read(body);
}

/** Has it done, and waits until it is. The same `key` is asked once, also after a crash. Throws where it says that it failed. */
export async function provisionBy(c: Asker, deps: ProvisionDeps, input: ProvisionRequest): Promise<ProvisionAnswer> {
  const { id } = await c.once("callback", async () => ({ id: randomUUID(), connection: input.connection }));
  const callback = `${deps.publicUrl}/hooks/provisions/${id}`;
  const first = await c.once("asked", async () => {
    const { status, body } = await send(c, deps, input, { operation: input.operation, callback });
    const answer = read(body);
    await c.log("info", `${input.connection}: ${answer.message ?? (status === 202 ? "it was accepted, and lasts" : answer.status)}`);
    return toNote(status === 202 ? { ...answer, status: "pending" as const } : answer, c.secrets);
  });
  const { sealed, ...last } = first.status === "pending" ? await waitFor(c, deps, input) : first;
  if (last.status !== "failed") {
    return { ...last, ...(sealed === undefined || c.secrets === undefined ? {} : { secrets: await c.secrets.open(sealed) }) };
  }
  throw new InvalidError(`${input.connection} could not ${input.operation} ${input.name}: ${last.message ?? "it gives no reason"}`, {
    mend: "Mend what it names, then try again.",
  });
}

async function waitFor(c: Asker, { pollMs = 2_000 }: ProvisionDeps, input: ProvisionRequest): Promise<Noted> {
  const end = Date.now() + input.timeoutMinutes * 60_000;
  while (Date.now() < end) {
    const answer = await c.noted?.<Noted>("answer");
    if (answer !== undefined && answer.status !== "pending") return answer;
    await sleep(pollMs, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }
  throw new UnavailableError(`${input.connection} has not told of ${input.name} after ${input.timeoutMinutes} min.`, {
    mend: "Try again: it waits on.",
  });
}

/** What is there, as it says now: asked each time anew. */
export async function readBackBy(c: Asker, deps: ProvisionDeps, input: ProvisionRequest): Promise<ProvisionAnswer | undefined> {
  const { status, body } = await send(c, deps, input, { operation: "read" }, [404, 405, 501]);
  if (status === 404) return ProvisionAnswer.parse({ state: "gone" });
  return status === 405 || status === 501 ? undefined : read(body);
}

async function send(
  c: Asker,
  deps: ProvisionDeps,
  { type, class: of, name, environment, params, connection: system }: ProvisionRequest,
  ask: Readonly<Record<string, unknown>>,
  accept: readonly number[] = [],
): ReturnType<HostClient> {
  const { connection } = await clientOf(c, deps, system);
  const body = JSON.stringify({ ...ask, key: c.key, ...c.about, type, class: of, name, environment, params });
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
