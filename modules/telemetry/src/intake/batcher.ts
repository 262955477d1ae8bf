import { randomUUID } from "node:crypto";

import type { ClickHouse } from "@roadbed/clickhouse";
import { TooManyError, UnavailableError } from "@roadbed/core";

import type { FlushOptions } from "../deps.ts";
import { createRowWriter, writeRequest, type RowWriter } from "../otlp/row-writer.ts";

export interface Batcher {
  /**
   * Writes one request's rows into the block that is being filled and resolves when that block is stored. What
   * `write` throws leaves the block as it was. Throws TOO_MANY when too much waits already.
   */
  add<T>(write: (w: RowWriter) => T): Promise<T>;
  /** Stores what is there without waiting for more. */
  flush(): Promise<void>;
  waitingBytes(): number;
}

export interface BatcherOptions extends FlushOptions {
  readonly table: string;
  readonly columns: readonly string[];
  /** How long a trickle is gathered. */
  readonly smallPauseMs: number;
}

const AFTER_MS = 50;
const ROWS = 50_000;
const BYTES = 24 * 1024 * 1024;
const MAX_WAITING_BYTES = 96 * 1024 * 1024;
/** Each block costs the store some 20 ms of processor, however small: a trickle is gathered longer, what comes after a pause is not. */
const SMALL_ROWS = 2_000;
/** One at a time: what arrives meanwhile makes the next block larger, and so cheaper per row. */
const IN_FLIGHT = 1;
const FIRST_CAPACITY = 64 * 1024;
const KEEP_MS = 5_000;
const RETRY_AFTER_SECONDS = 1;

interface Block {
  readonly writer: RowWriter;
  readonly stored: PromiseWithResolvers<void>;
  readonly began: number;
}

/** Gathers the rows of many requests into blocks for one table. Every block carries one deduplication token for all its tries. */
export function createBatcher(clickhouse: ClickHouse, o: BatcherOptions): Batcher {
  const { afterMs = AFTER_MS, rows = ROWS, bytes = BYTES, maxWaitingBytes = MAX_WAITING_BYTES } = o;
  let block: Block | undefined;
  let timer: NodeJS.Timeout | undefined;
  let spare: Buffer | undefined;
  let forget: NodeJS.Timeout | undefined;
  let lastSent = 0;
  let sendingBytes = 0;
  const sending = new Set<Promise<void>>();

  function current(): Block {
    if (block !== undefined) return block;
    const writer = createRowWriter(0);
    writer.bytes = spare ?? Buffer.allocUnsafeSlow(FIRST_CAPACITY);
    spare = undefined;
    const stored = Promise.withResolvers<void>();
    stored.promise.catch(() => {});
    block = { writer, stored, began: Date.now() };
    return block;
  }

  /** Growing a buffer from nothing for each block is work; holding tens of megabytes for nobody is waste. */
  function keep(buffer: Buffer): void {
    spare = buffer;
    clearTimeout(forget);
    forget = setTimeout(() => (spare = undefined), KEEP_MS).unref();
  }

  /** Sends the block when its time has come, else sets the clock for that moment. */
  function consider(): void {
    clearTimeout(timer);
    if (block === undefined || block.writer.rows === 0 || sending.size >= IN_FLIGHT) return;
    const { writer, began } = block;
    const full = writer.rows >= rows || writer.pos >= bytes;
    const due = writer.rows >= SMALL_ROWS ? began + afterMs : Math.max(began + afterMs, lastSent + o.smallPauseMs);
    const wait = full ? 0 : due - Date.now();
    if (wait <= 0) send(block);
    else timer = setTimeout(consider, wait);
  }

  function send(full: Block): void {
    block = undefined;
    lastSent = Date.now();
    const { writer, stored } = full;
    sendingBytes += writer.pos;
    const body = writer.bytes.subarray(0, writer.pos);
    const sent = clickhouse
      .insertBlock(o.table, o.columns, body, { token: randomUUID(), rows: writer.rows })
      .then(stored.resolve, (error: unknown) => stored.reject(toUnavailable(error)))
      .finally(() => {
        sending.delete(sent);
        sendingBytes -= writer.pos;
        keep(writer.bytes);
        consider();
      });
    sending.add(sent);
  }

  const waitingBytes = () => sendingBytes + (block?.writer.pos ?? 0);

  return {
    async add(write) {
      if (waitingBytes() > maxWaitingBytes) {
        throw new TooManyError("The telemetry store cannot keep up; nothing of this request was taken.", RETRY_AFTER_SECONDS);
      }
      const { writer, stored } = current();
      const before = writer.rows;
      const value = writeRequest(writer, () => write(writer));
      if (writer.rows === before) return value;
      consider();
      await stored.promise;
      return value;
    },
    async flush() {
      while (block !== undefined || sending.size > 0) {
        if (block !== undefined && block.writer.rows > 0 && sending.size < IN_FLIGHT) send(block);
        else if (sending.size === 0) return;
        await Promise.race(sending);
      }
    },
    waitingBytes,
  };
}

function toUnavailable(error: unknown): unknown {
  if (error instanceof Error && "code" in error && error.code === "UNAVAILABLE") return error;
  return new UnavailableError("The telemetry could not be stored; send it again.", { cause: error, mend: "Send it again." });
}
