import type { Database } from "@roadbed/postgres";

import type { SenderName } from "./create-senders.ts";
import type { CappedLabel } from "./label-guard.ts";

/** What was taken and refused since it was stored last. */
export interface Tally {
  took(
    sender: SenderName,
    what: { readonly rows: number; readonly rejected: number; readonly reason: string | undefined; readonly bytes: number },
  ): void;
  /** A request that was refused as a whole. */
  refused(sender: SenderName, reason: string): void;
  /** A point that was refused because of a label. */
  capped(id: string, label: CappedLabel): void;
  store(db: Database): Promise<void>;
}

interface Counted {
  name: string;
  lastSeen: number;
  requests: number;
  rows: number;
  bytes: number;
  refusedRequests: number;
  refusedRows: number;
  readonly refusals: Map<string, { reason: string; requests: number; rows: number; lastAt: number }>;
  readonly labels: Map<string, CappedLabel & { rows: number; example: string; lastAt: number }>;
}

/** Of one sender between two stores: reasons are few, labels are what a sender makes of them. */
const MOST_REASONS = 30;
const MOST_LABELS = 50;

export function createTally(now: () => number): Tally {
  let counted = new Map<string, Counted>();

  function of({ id, name }: SenderName): Counted {
    const before = counted.get(id);
    if (before !== undefined) return Object.assign(before, { name: name === "" ? before.name : name, lastSeen: now() });
    const made: Counted = {
      name,
      lastSeen: now(),
      requests: 0,
      rows: 0,
      bytes: 0,
      refusedRequests: 0,
      refusedRows: 0,
      refusals: new Map(),
      labels: new Map(),
    };
    counted.set(id, made);
    return made;
  }

  function refuse(sender: Counted, reason: string, requests: number, rows: number): void {
    const kind = kindOf(reason);
    const before = sender.refusals.get(kind);
    if (before === undefined && sender.refusals.size >= MOST_REASONS) return;
    sender.refusals.set(kind, {
      reason: reason.slice(0, 500),
      requests: (before?.requests ?? 0) + requests,
      rows: (before?.rows ?? 0) + rows,
      lastAt: now(),
    });
  }

  return {
    took(name, { rows, rejected, reason, bytes }) {
      const sender = of(name);
      sender.requests++;
      sender.rows += rows;
      sender.bytes += bytes;
      sender.refusedRows += rejected;
      if (rejected > 0) refuse(sender, reason ?? "no reason told", 0, rejected);
    },
    refused(name, reason) {
      const sender = of(name);
      sender.refusedRequests++;
      refuse(sender, reason, 1, 0);
    },
    capped(id, { metric, label, example }) {
      const sender = of({ id, name: "" });
      const key = `${metric}\0${label}`;
      const before = sender.labels.get(key);
      if (before === undefined && sender.labels.size >= MOST_LABELS) return;
      sender.labels.set(key, { metric, label, example, rows: (before?.rows ?? 0) + 1, lastAt: now() });
    },
    async store(db) {
      if (counted.size === 0) return;
      const taken = counted;
      counted = new Map();
      // What one server cannot store is lost with its count; the telemetry itself is elsewhere.
      for (const [id, sender] of taken) await storeSender(db, id, sender);
    },
  };
}

/** Reasons that differ only in times and numbers are of one kind. */
export function kindOf(reason: string): string {
  return reason
    .replaceAll(/\([^)]*\)/g, "")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "")
    .replaceAll(/(?<=service\.name within an hour; ).*/g, "")
    .replaceAll(/\d+/g, "#")
    .slice(0, 200)
    .trim();
}

async function storeSender(db: Database, id: string, s: Counted): Promise<void> {
  const at = new Date(s.lastSeen);
  await db.query(
    `insert into telemetry.sender (id, name, first_seen, last_seen, requests, rows, bytes, refused_requests, refused_rows)
     values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set name = case when excluded.name = '' then sender.name else excluded.name end, last_seen = greatest(sender.last_seen, excluded.last_seen),
       requests = sender.requests + excluded.requests, rows = sender.rows + excluded.rows, bytes = sender.bytes + excluded.bytes,
       refused_requests = sender.refused_requests + excluded.refused_requests, refused_rows = sender.refused_rows + excluded.refused_rows`,
    [id, s.name, at, s.requests, s.rows, s.bytes, s.refusedRequests, s.refusedRows],
  );
  for (const [kind, { reason, requests, rows, lastAt }] of s.refusals)
    await db.query(
      `insert into telemetry.sender_refusal (sender, kind, reason, requests, rows, last_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (sender, kind) do update set reason = excluded.reason, requests = sender_refusal.requests + excluded.requests,
         rows = sender_refusal.rows + excluded.rows, last_at = greatest(sender_refusal.last_at, excluded.last_at)`,
      [id, kind, reason, requests, rows, new Date(lastAt)],
    );
  for (const { metric, label, example, rows, lastAt } of s.labels.values())
    await db.query(
      `insert into telemetry.sender_label (sender, metric, label, refused_rows, example, first_at, last_at) values ($1, $2, $3, $4, $5, $6, $6)
       on conflict (sender, metric, label) do update set refused_rows = sender_label.refused_rows + excluded.refused_rows,
         example = excluded.example, last_at = greatest(sender_label.last_at, excluded.last_at)`,
      [id, metric.slice(0, 300), label.slice(0, 300), rows, example, new Date(lastAt)],
    );
}
