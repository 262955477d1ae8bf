import type { saveChannel, Weight } from "@roadbed/contracts/notify";
import { NotFoundError, type OutputOf, type Sql } from "@roadbed/core";

export type ChannelKind = "email" | "webhook" | "slack";

export interface ChannelRow {
  readonly id: string;
  readonly user_id: string;
  readonly kind: ChannelKind;
  readonly target: string;
  readonly sealed: Buffer;
  readonly weight: Weight;
  readonly enabled: boolean;
  readonly last_sent_at: Date | null;
  readonly last_error: string | null;
  readonly waiting: number;
}

/** What is sealed of a channel. */
export interface Destination {
  readonly address: string;
  readonly secret: string | undefined;
}

export const CHANNEL_COLUMNS = `c.id, c.user_id, c.kind, c.target, c.sealed, c.weight, c.enabled, c.last_sent_at, c.last_error,
  (select count(*)::int from notify.sending s where s.channel_id = c.id) as waiting`;

/** Throws `NotFoundError`, also for a channel of somebody else. */
export async function getChannel(sql: Sql, userId: string, id: string): Promise<ChannelRow> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${CHANNEL_COLUMNS} from notify.channel c where id = $1 and user_id = $2`,
    [id, userId],
  );
  if (!rows[0]) throw new NotFoundError("channel", id, "List your channels to see their ids.");
  return rows[0] as unknown as ChannelRow;
}

/** As it is answered: nothing of it is secret. */
export function channelView({
  id,
  kind,
  target,
  weight,
  enabled,
  last_sent_at,
  last_error,
  waiting,
}: ChannelRow): OutputOf<typeof saveChannel> {
  return {
    id,
    kind,
    target,
    weight,
    enabled,
    waiting,
    ...(last_sent_at === null ? {} : { lastSentAt: last_sent_at.toISOString() }),
    ...(last_error === null ? {} : { lastError: last_error }),
  };
}
