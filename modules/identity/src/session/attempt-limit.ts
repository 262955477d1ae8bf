import { TooManyError } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

const WINDOW_MS = 15 * 60_000;
const PER_NAME = 8;
const PER_ADDRESS = 40;

/** Counts failed sign-ins by name and by address, for all server processes together. */
export function createAttemptLimit(db: Database, now: () => Date) {
  const keysOf = (username: string, address: string): [string, number][] => [
    [`name ${username}`, PER_NAME],
    [`address ${address}`, PER_ADDRESS],
  ];
  return {
    /** Throws `TooManyError` once either has failed too often in the last quarter of an hour. */
    async check(username: string, address: string): Promise<void> {
      const since = new Date(now().getTime() - WINDOW_MS);
      for (const [key, most] of keysOf(username, address)) {
        const { rows } = await db.query<{ n: number; oldest: Date | null }>(
          "select count(*)::int as n, min(at) as oldest from identity.failed_sign_in where key = $1 and at > $2",
          [key, since],
        );
        const { n = 0, oldest = null } = rows[0] ?? {};
        if (n < most) continue;
        const wait = Math.ceil(((oldest?.getTime() ?? 0) + WINDOW_MS - now().getTime()) / 1000);
        throw new TooManyError("Too many failed sign-ins.", Math.max(1, wait));
      }
    },
    async failed(username: string, address: string): Promise<void> {
      for (const [key] of keysOf(username, address))
        await db.query("insert into identity.failed_sign_in (key, at) values ($1, $2)", [key, now()]);
      await db.query("delete from identity.failed_sign_in where at < $1", [new Date(now().getTime() - WINDOW_MS)]);
    },
    async succeeded(username: string): Promise<void> {
      await db.query("delete from identity.failed_sign_in where key = $1", [`name ${username}`]);
    },
  };
}
