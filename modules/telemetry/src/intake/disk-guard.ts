import type { ClickHouse } from "@roadbed/clickhouse";
import { UnavailableError, type Logger } from "@roadbed/core";

/** Keeps the disk from running full: the oldest raw telemetry goes first, then nothing more is taken. */
export interface DiskGuard {
  /** Why nothing can be taken now. */
  refusal(): UnavailableError | undefined;
  /** Looks at the disk, and makes room where there is little. Failing to look changes nothing. */
  look(): Promise<void>;
  /** In words, where something is wrong. */
  detail(): string | undefined;
  start(): void;
  stop(): void;
}

export interface DiskOptions {
  /** Bytes that are free where the store keeps its data. */
  readonly free: () => Promise<number>;
  /** With less the oldest week of a signal goes. Default 1 GB. */
  readonly lowBytes?: number;
  /** With less nothing is taken. Default 256 MB: merges of what is there need some. */
  readonly leastBytes?: number;
}

const MEGABYTE = 1024 * 1024;
const LOW_BYTES = 1024 * MEGABYTE;
const LEAST_BYTES = 256 * MEGABYTE;
const EVERY_MS = 5_000;
/** The store deletes the files of what was dropped some minutes later; until then more must not go. */
const PAUSE_MS = 10 * 60_000;
const RAW = ["spans", "logs", "metric_points"];

export function createDiskGuard(clickhouse: ClickHouse, log: Logger, o: DiskOptions & { readonly now: () => number }): DiskGuard {
  const { lowBytes = LOW_BYTES, leastBytes = LEAST_BYTES } = o;
  let free = Number.POSITIVE_INFINITY;
  let droppedAt = Number.NEGATIVE_INFINITY;
  let dropped = "";
  let timer: NodeJS.Timeout | undefined;

  /** What is older than the week that is being written. */
  async function dropOldest(): Promise<void> {
    const local = clickhouse.cluster === undefined ? "" : "_local";
    const monday = mondayOf(new Date(o.now()));
    const [oldest] = await clickhouse.query<{ table: string; partition: string }>(
      `select table, partition from system.parts
       where database = currentDatabase() and active and table in (${RAW.map((table) => `'${table}${local}'`).join(", ")}) and partition < '${monday}'
       group by table, partition order by partition, sum(bytes_on_disk) desc limit 1`,
      { who: "telemetry disk" },
    );
    if (oldest === undefined) return;
    await clickhouse.command(`ALTER TABLE ${oldest.table} DROP PARTITION '${oldest.partition}'`, { who: "telemetry disk" });
    droppedAt = o.now();
    dropped = `${oldest.table.replace("_local", "")} of the week of ${oldest.partition}`;
    log.warn("the disk is nearly full: the oldest raw telemetry was dropped", {
      what: dropped,
      freeMegabytes: Math.floor(free / MEGABYTE),
    });
  }

  const said = () => `The disk is nearly full (${Math.floor(free / MEGABYTE)} MB free)`;
  const guard: DiskGuard = {
    refusal: () =>
      free >= leastBytes
        ? undefined
        : new UnavailableError(`${said()}: telemetry is not taken until there is room.`, {
            mend: "Free some space where the data is kept, or keep telemetry for fewer days.",
          }),
    async look() {
      try {
        free = await o.free();
        if (free < lowBytes && o.now() - droppedAt >= PAUSE_MS) await dropOldest();
      } catch (error) {
        log.warn("the disk could not be looked after", { error: String(error) });
      }
    },
    detail() {
      if (free >= lowBytes) return undefined;
      const gone = dropped === "" ? "" : `; dropped last: ${dropped}`;
      return free < leastBytes ? `${said()}: telemetry is refused${gone}.` : `${said()}: the oldest telemetry goes${gone}.`;
    },
    start() {
      clearInterval(timer);
      timer = setInterval(() => void guard.look(), EVERY_MS).unref();
      void guard.look();
    },
    stop: () => clearInterval(timer),
  };
  return guard;
}

/** As the store names the partition of a week. */
function mondayOf(day: Date): string {
  const monday = new Date(day);
  monday.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return monday.toISOString().slice(0, 10);
}
