import type { Sql } from "@roadbed/core";

export type SignInMethod = "link" | "password" | "oidc";

const DAY = 86_400_000;
/** A session ends after a week without use, and after a month in any case. */
export const IDLE_MS = 7 * DAY;
const LONGEST_MS = 30 * DAY;
/** A session in use is written down at most this often. */
const TOUCH_MS = 10 * 60_000;

export async function insertSession(sql: Sql, o: { hash: Buffer; userId: string; method: SignInMethod; now: Date }): Promise<void> {
  await sql.query(
    "insert into identity.session (hash, user_id, method, created_at, last_seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)",
    [o.hash, o.userId, o.method, o.now, new Date(o.now.getTime() + IDLE_MS)],
  );
  await sql.query("delete from identity.session where expires_at < $1", [o.now]);
}

/** The user of a session that is alive; using it makes it live on. */
export async function useSession(sql: Sql, hash: Buffer, now: Date): Promise<string | undefined> {
  const { rows } = await sql.query<{ user_id: string; created_at: Date; last_seen_at: Date }>(
    "select user_id, created_at, last_seen_at from identity.session where hash = $1 and expires_at > $2",
    [hash, now],
  );
  const [session] = rows;
  if (!session) return undefined;
  if (now.getTime() - session.last_seen_at.getTime() > TOUCH_MS) {
    const end = Math.min(now.getTime() + IDLE_MS, session.created_at.getTime() + LONGEST_MS);
    // On a full disk reading must go on; the session is then prolonged later.
    const prolonged = sql.query("update identity.session set last_seen_at = $2, expires_at = $3 where hash = $1", [
      hash,
      now,
      new Date(end),
    ]);
    await prolonged.catch(() => {});
  }
  return session.user_id;
}

export async function endSession(sql: Sql, hash: Buffer): Promise<void> {
  await sql.query("delete from identity.session where hash = $1", [hash]);
}

export async function endSessionsOf(sql: Sql, userId: string): Promise<void> {
  await sql.query("delete from identity.session where user_id = $1", [userId]);
}
