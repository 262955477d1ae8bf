import { TooManyError } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

const WINDOW_MS = 15 * 60_000;
const PER_NAME = 8;
const PER_ADDRESS = 40;

export interface AttemptLimit {
  /**
   * Counts an attempt before its password is looked at, so that many at once cannot slip by together.
   * Throws `TooManyError` when the name or the address has failed too often in the last quarter of an hour.
   */
  begin(username: string, address: string): Promise<{ succeeded(): Promise<void> }>;
}

/** Counts sign-ins that did not succeed, by name and by address, for all server processes together. */
export function createAttemptLimit(db: Database, now: () => Date): AttemptLimit {
  return {
    async begin(username, address) {
      const at = now();
      const since = new Date(at.getTime() - WINDOW_MS);
      const keys = [`name ${username}`, `address ${address}`] as const;
      await db.query("delete from identity.failed_sign_in where at < $1", [since]);
      await db.query("insert into identity.failed_sign_in (key, at) select unnest($1::text[]), $2", [keys, at]);
      for (const [key, most] of [
        [keys[0], PER_NAME],
        [keys[1], PER_ADDRESS],
      ] as const) {
        const { rows } = await db.query<{ n: number; oldest: Date }>(
          "select count(*)::int as n, min(at) as oldest from identity.failed_sign_in where key = $1 and at > $2",
          [key, since],
        );
        const { n = 0, oldest = at } = rows[0] ?? {};
        if (n <= most) continue;
        // What was not tried does not count: else the waiting would never end for who keeps knocking.
        await forgetOne(db, keys, at);
        throw new TooManyError("Too many failed sign-ins.", Math.max(1, Math.ceil((oldest.getTime() + WINDOW_MS - at.getTime()) / 1000)));
      }
      return {
        async succeeded() {
          await db.query("delete from identity.failed_sign_in where key = $1", [keys[0]]);
          await forgetOne(db, [keys[1]], at);
        },
      };
    },
  };
}

async function forgetOne(db: Database, keys: readonly string[], at: Date): Promise<void> {
  await db.query(
    "delete from identity.failed_sign_in where ctid in (select distinct on (key) ctid from identity.failed_sign_in where key = any($1) and at = $2)",
    [keys, at],
  );
}
