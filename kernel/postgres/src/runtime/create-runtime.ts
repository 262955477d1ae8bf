import {
  ConflictError,
  DeniedError,
  ForbiddenError,
  formatActor,
  newId,
  UnauthenticatedError,
  type Call,
  type Ctx,
  type Logger,
  type Operation,
  type ResourceRef,
  type Runtime,
  type Sql,
} from "@roadbed/core";

import type { Database } from "../database/open-database.ts";
import { append, createOutbox, type AuditEntry } from "./append.ts";
import { digest } from "./digest.ts";
import { hashInput, hashKey, openAnswer, sealAnswer } from "./sealed-answer.ts";

export interface PostgresRuntime extends Runtime {
  /** The call of a job of our own: every scope, no person. */
  system(job: string): Call;
}

/**
 * Gives every call its database. A read gets pooled connections; a write one transaction, in which its state, its audit row,
 * its events and its idempotency key commit together or not at all. Denied and failed writes leave an audit row of their own.
 */
export function createRuntime(o: {
  readonly db: Database;
  readonly log: Logger;
  readonly may: Runtime["may"];
  readonly now?: () => Date;
}): PostgresRuntime {
  const now = o.now ?? (() => new Date());

  return {
    may: async (call, operation, resource) => {
      try {
        await o.may(call, operation, resource);
      } catch (error) {
        if (operation.risk !== "read") await auditRefusal(call, operation, undefined, resource, error);
        throw error;
      }
    },
    refused: async (call, operation, error) => {
      if (operation.risk !== "read") await auditRefusal(call, operation, undefined, undefined, error);
    },
    read: (call, work) => work({ ...call, now, log: logOf(call), sql: o.db, emit: refuseEmit }),
    write: async (call, operation, input, resource, work) => {
      try {
        return await o.db.transaction((sql) => writeIn(sql, call, operation, input, resource, work));
      } catch (error) {
        await auditRefusal(call, operation, input, resource, error);
        throw error;
      }
    },
    system: (job) => ({
      actor: { kind: "system", job },
      scopes: new Set(["*"]),
      face: "system",
      requestId: newId("req"),
      signal: new AbortController().signal,
    }),
  };

  async function writeIn<T>(
    sql: Sql,
    call: Call,
    operation: Operation,
    input: unknown,
    resource: ResourceRef | undefined,
    work: (ctx: Ctx) => Promise<T>,
  ): Promise<T> {
    const replayed = await findAnswer(sql, call, operation, input);
    if (replayed !== undefined) return replayed.answer as T;
    const outbox = createOutbox(formatActor(call.actor));
    const answer = await work({ ...call, now, log: logOf(call), sql, emit: outbox.emit });
    await keepAnswer(sql, call, operation, input, answer);
    const entry = entryOf(call, operation, input, resource, "done", answer);
    await append(sql, entry, outbox.events, now());
    return answer;
  }

  /** The answer kept under the call's idempotency key. Two calls with one key at the same time: the second waits for the first. */
  async function findAnswer(sql: Sql, call: Call, operation: Operation, input: unknown): Promise<{ answer: unknown } | undefined> {
    if (call.idempotencyKey === undefined) return undefined;
    const actor = formatActor(call.actor);
    const keyHash = hashKey(actor, call.idempotencyKey);
    await sql.query("select pg_advisory_xact_lock($1)", [keyHash.readBigInt64BE().toString()]);
    const { rows } = await sql.query<{ operation: string; input_digest: string; sealed_answer: Buffer }>(
      "select operation, input_digest, sealed_answer from kernel.idempotency where key_hash = $1",
      [keyHash],
    );
    const kept = rows[0];
    if (kept === undefined) return undefined;
    if (kept.operation !== operation.name || kept.input_digest !== hashInput(digest(input), actor, call.idempotencyKey)) {
      throw new ConflictError("This idempotency key was used for another request.", {
        mend: "Send a new key with a new request; repeat a key only to repeat the very same request.",
      });
    }
    return { answer: openAnswer(kept.sealed_answer, actor, call.idempotencyKey) };
  }

  async function keepAnswer(sql: Sql, call: Call, operation: Operation, input: unknown, answer: unknown): Promise<void> {
    if (call.idempotencyKey === undefined) return;
    const actor = formatActor(call.actor);
    await sql.query(
      "insert into kernel.idempotency (key_hash, operation, input_digest, sealed_answer, created_at) values ($1, $2, $3, $4, $5)",
      [
        hashKey(actor, call.idempotencyKey),
        operation.name,
        hashInput(digest(input), actor, call.idempotencyKey),
        sealAnswer(answer, actor, call.idempotencyKey),
        now(),
      ],
    );
  }

  /** In its own small transaction; when the database is away there is nowhere to write it, and the call's own error matters more. */
  async function auditRefusal(
    call: Call,
    operation: Operation,
    input: unknown,
    resource: ResourceRef | undefined,
    error: unknown,
  ): Promise<void> {
    const denied = error instanceof ForbiddenError || error instanceof DeniedError || error instanceof UnauthenticatedError;
    const entry = entryOf(call, operation, input, resource, denied ? "denied" : "failed");
    await append(o.db, entry, [], now()).catch((cause: unknown) =>
      o.log.error("an audit row could not be written", { operation: operation.name, requestId: call.requestId, error: String(cause) }),
    );
  }

  function logOf(call: Call): Logger {
    const fields = { requestId: call.requestId };
    return {
      debug: (message, more) => o.log.debug(message, { ...fields, ...more }),
      info: (message, more) => o.log.info(message, { ...fields, ...more }),
      warn: (message, more) => o.log.warn(message, { ...fields, ...more }),
      error: (message, more) => o.log.error(message, { ...fields, ...more }),
    };
  }
}

function entryOf(
  call: Call,
  operation: Operation,
  input: unknown,
  resource: ResourceRef | undefined,
  outcome: AuditEntry["outcome"],
  answer?: unknown,
): AuditEntry {
  return {
    actor: formatActor(call.actor),
    face: call.face,
    operation: operation.name,
    resource: resource === undefined ? undefined : storable(`${resource.kind}:${resource.id}`),
    reason: call.reason === undefined ? undefined : storable(call.reason),
    outcome,
    inputDigest: digest(input ?? null, operation.secrets),
    outputDigest: answer === undefined ? undefined : digest(answer),
    requestId: call.requestId,
  };
}

/** Nobody keeps an attempt out of the audit log by a character that cannot be stored. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

function refuseEmit(): never {
  throw new Error("A read emits no events: give the operation a risk other than `read`.");
}
