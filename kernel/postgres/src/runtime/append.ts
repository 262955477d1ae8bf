import { randomUUID } from "node:crypto";

import type { EventType, Row, Sql } from "@roadbed/core";

/** An audit row before it gets its place in the chain. */
export interface AuditEntry {
  readonly actor: string;
  readonly face: string;
  readonly operation: string;
  readonly resource?: string | undefined;
  readonly reason?: string | undefined;
  readonly outcome: "done" | "denied" | "failed";
  readonly inputDigest: string;
  readonly outputDigest?: string | undefined;
  readonly requestId: string;
}

/** Events that a call has emitted and that wait for the end of its transaction. */
export interface Outbox {
  readonly emit: <P>(type: EventType<P>, subject: string, payload: P) => void;
  readonly events: readonly Row[];
}

export function createOutbox(actor: string): Outbox {
  const events: Row[] = [];
  return {
    events,
    emit: (type, subject, payload) =>
      void events.push({ id: randomUUID(), name: type.name, subject, actor, payload: type.payload.parse(payload) }),
  };
}

/**
 * Writes the audit row and the events: the last statement of a transaction, since it takes the one lock that all writers share.
 * Nothing to write, nothing locked.
 */
export async function append(sql: Sql, entry: AuditEntry | undefined, events: readonly Row[], at: Date): Promise<void> {
  if (entry === undefined && events.length === 0) return;
  await sql.query("select kernel.append($1, $2, $3)", [entry === undefined ? null : JSON.stringify(entry), JSON.stringify(events), at]);
}
