import { InvalidError, NotFoundError, UnauthenticatedError, type Sql } from "@roadbed/core";
import { timingSafeEqual } from "node:crypto";

import type { NamedConnections } from "../outside/named.ts";
import { ProvisionAnswer, signatureOf, toNote, type AnswerSealer } from "./ask-provisioner.ts";

/** How old a message may be, and how far a clock may be off. */
const FRESH_MS = 5 * 60_000;

export interface Callback {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/**
 * Takes a provisioner's answer to what it was asked, signed with the secret of its connection. The first answer that says how it ended
 * counts. Throws `NotFoundError`, `UnauthenticatedError` or `InvalidError`.
 */
export async function receiveCallback(
  { db, connections, sealerOf }: CallbackDeps,
  id: string,
  { headers, body }: Callback,
  now = Date.now(),
): Promise<{ readonly taken: boolean }> {
  const { rows } = await db.query<Asked>(ASKED, [id]);
  const asked = rows[0];
  if (asked === undefined) throw new NotFoundError("callback", id.slice(0, 60));
  const secret = (await connections.get(asked.connection))?.signingSecret;
  if (secret === undefined || !isSigned(secret, headers, body, now)) {
    throw new UnauthenticatedError("x-roadbed-signature does not sign this message with the secret of the connection.", {
      mend: "Sign `<seconds>.<body>` by HMAC-SHA256, and send the seconds as x-roadbed-timestamp. The connection needs a signingSecret.",
    });
  }
  const answer = await toNote(read(body), asked.resource ? sealerOf?.(asked.owner) : undefined);
  const [table, column] = asked.resource ? ["paths.resource_note", "resource_id"] : ["paths.step_note", "run_id"];
  const { rowCount } = await db.query(
    `insert into ${table} as note (${column}, key, name, value) values ($1, $2, 'answer', $3)
     on conflict (key, name) do update set value = excluded.value, at = now() where note.value ->> 'status' = 'pending'`,
    [asked.owner, asked.key, JSON.stringify(answer)],
  );
  return { taken: rowCount > 0 };
}

export interface CallbackDeps {
  readonly db: Sql;
  readonly connections: NamedConnections;
  /** Seals what is secret in an answer for a resource. */
  readonly sealerOf?: (resource: string) => Pick<AnswerSealer, "seal">;
}

interface Asked extends Record<string, unknown> {
  readonly owner: string;
  readonly resource: boolean;
  readonly key: string;
  readonly connection: string;
}

/** What was asked by a step of a run, or for a resource. */
const ASKED = `
  select run_id as owner, false as resource, key, value ->> 'connection' as connection from paths.step_note where name = 'callback' and value ->> 'id' = $1
  union all
  select resource_id, true, key, value ->> 'connection' from paths.resource_note where name = 'callback' and value ->> 'id' = $1`;

function isSigned(secret: string, headers: Callback["headers"], body: Uint8Array, now: number): boolean {
  const [seconds, given] = [Number(headers["x-roadbed-timestamp"]), headers["x-roadbed-signature"]];
  if (!Number.isFinite(seconds) || Math.abs(now - seconds * 1_000) > FRESH_MS || given === undefined) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(signatureOf(secret, body, seconds * 1_000)["x-roadbed-signature"])];
  return a.length === b.length && timingSafeEqual(a, b);
}

function read(body: Uint8Array): ProvisionAnswer {
  try {
    return ProvisionAnswer.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch (error) {
    throw new InvalidError(`The message cannot be understood: ${(error as Error).message.slice(0, 200)}`);
  }
}
