import { DEFAULT_LIMITS, type SenderLimits } from "@roadbed/contracts/telemetry/senders";
import { DomainError, TooManyError, type Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import { createAllowance, type Allowance } from "./allowance.ts";
import { createLabelGuard, type LabelGuard } from "./label-guard.ts";
import { createTally, type Tally } from "./tally.ts";

/** Who sends: whose token it is, and what people call it. */
export interface SenderName {
  readonly id: string;
  readonly name: string;
}

/** One request of a sender that was let in. */
export interface Admitted {
  readonly labels: LabelGuard;
  /** How much it is once unpacked. */
  unpacked(bytes: number): void;
  /** What became of it; to be called once, whatever happened. */
  done(
    outcome: { readonly rows: number; readonly rejected: number; readonly reason: string | undefined } | { readonly error: unknown },
  ): void;
}

export interface Senders {
  /** Throws TOO_MANY, with the seconds to wait, where the sender has used what it may, or has too much under way. */
  admit(sender: SenderName, packedBytes: number): Admitted;
  /** Adds what was counted to what is stored, and reads what each may send. */
  settle(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

interface Known {
  readonly bytes: Allowance;
  readonly rows: Allowance;
  readonly labels: LabelGuard;
  limits: SenderLimits;
  underWay: number;
}

const EVERY_MS = 10_000;
const MOST_SENDERS = 10_000;
const MEGABYTE = 1024 * 1024;
/** No sender takes more of the memory than this, so that the others have some. */
const MOST_UNDER_WAY = 64 * MEGABYTE;

/** Keeps count of senders, and each within what it may send. */
export function createSenders(o: {
  readonly db: Database | undefined;
  readonly log: Logger;
  readonly now: () => number;
  readonly mostUnderWay?: number | undefined;
}): Senders {
  const known = new Map<string, Known>();
  const tally: Tally = createTally(o.now);
  let limits: ReadonlyMap<string, SenderLimits> = new Map();
  let timer: NodeJS.Timeout | undefined;
  let settling: Promise<void> = Promise.resolve();
  const most = o.mostUnderWay ?? MOST_UNDER_WAY;

  function knownOf({ id }: SenderName): Known {
    const before = known.get(id);
    if (before !== undefined) return before;
    // Tokens are made by people, so this many are no sender's doing; whoever is forgotten begins anew.
    if (known.size >= MOST_SENDERS) known.clear();
    const own = limits.get(id) ?? DEFAULT_LIMITS;
    const made: Known = {
      bytes: createAllowance(own.megabytesPerMinute * MEGABYTE, o.now()),
      rows: createAllowance(own.rowsPerMinute, o.now()),
      labels: createLabelGuard({ mostValues: () => made.limits.labelValues, now: o.now, capped: (label) => tally.capped(id, label) }),
      limits: own,
      underWay: 0,
    };
    known.set(id, made);
    return made;
  }

  function refusalOf(sender: Known, size: number): TooManyError | undefined {
    const { megabytesPerMinute, rowsPerMinute } = sender.limits;
    const bytes = sender.bytes.wait(o.now());
    if (bytes > 0)
      return new TooManyError(`This sender has used its ${megabytesPerMinute} MB a minute; nothing of this request was taken.`, bytes);
    const rows = sender.rows.wait(o.now());
    if (rows > 0)
      return new TooManyError(`This sender has used its ${rowsPerMinute} rows a minute; nothing of this request was taken.`, rows);
    if (sender.underWay > 0 && sender.underWay + size > most)
      return new TooManyError("Too much of this sender waits to be stored; nothing of this request was taken.", 1);
    return undefined;
  }

  /** One after the other: whoever asks for it finds everything stored that was counted before. */
  function settle(): Promise<void> {
    const next = settling.then(settleNow);
    settling = next.catch(() => {});
    return next;
  }

  async function settleNow(): Promise<void> {
    if (o.db === undefined) return;
    await tally.store(o.db);
    limits = await readLimits(o.db);
    for (const [id, sender] of known) {
      sender.limits = limits.get(id) ?? DEFAULT_LIMITS;
      sender.bytes.limit(sender.limits.megabytesPerMinute * MEGABYTE);
      sender.rows.limit(sender.limits.rowsPerMinute);
    }
  }

  const settleQuietly = () =>
    settle().catch((error: unknown) => o.log.warn("what senders sent could not be added up; it is tried again", { error: String(error) }));

  return {
    admit(name, packedBytes) {
      const sender = knownOf(name);
      const refusal = refusalOf(sender, packedBytes);
      if (refusal !== undefined) {
        tally.refused(name, refusal.message);
        throw refusal;
      }
      let size = packedBytes;
      sender.underWay += size;
      return {
        labels: sender.labels,
        unpacked(bytes) {
          sender.bytes.use(bytes, o.now());
          sender.underWay += bytes - size;
          size = bytes;
        },
        done(outcome) {
          sender.underWay -= size;
          if ("error" in outcome) tally.refused(name, saidOf(outcome.error));
          else {
            sender.rows.use(outcome.rows, o.now());
            tally.took(name, { ...outcome, bytes: size });
          }
        },
      };
    },
    settle,
    start() {
      clearInterval(timer);
      timer = setInterval(() => void settleQuietly(), EVERY_MS).unref();
      void settleQuietly();
    },
    async stop() {
      clearInterval(timer);
      await settleQuietly();
    },
  };
}

function saidOf(error: unknown): string {
  return error instanceof DomainError ? error.message : "Something broke here.";
}

async function readLimits(db: Database): Promise<ReadonlyMap<string, SenderLimits>> {
  const { rows } = await db.query<{ id: string; mb: number | null; rows: string | null; labels: number | null }>(
    `select id, megabytes_per_minute as mb, rows_per_minute as rows, label_values as labels from telemetry.sender
     where megabytes_per_minute is not null or rows_per_minute is not null or label_values is not null`,
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        megabytesPerMinute: row.mb ?? DEFAULT_LIMITS.megabytesPerMinute,
        rowsPerMinute: row.rows === null ? DEFAULT_LIMITS.rowsPerMinute : Number(row.rows),
        labelValues: row.labels ?? DEFAULT_LIMITS.labelValues,
      },
    ]),
  );
}
