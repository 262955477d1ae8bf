import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";

import { Resource } from "@roadbed/contracts/standards";
import { z, type Row, type Sql } from "@roadbed/core";

import { redactInput } from "./redact-input.ts";

export const KEPT_DAYS = 90;
/** Larger ones are not kept: one decision must not fill the database. */
const MOST_BYTES = 2_000_000;
const MOST_KEPT = 256_000;

export interface KeptInput {
  readonly resources: readonly Resource[];
  readonly redacted: boolean;
  readonly usedAt: Date;
}

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** Keeps what was judged, without secrets, under the digest of its content; undefined where it is too large. */
export async function keepInput(sql: Sql, resources: readonly Resource[], at: Date): Promise<string | undefined> {
  const { resources: clean, redacted } = redactInput(resources);
  const text = JSON.stringify(clean);
  if (text.length > MOST_BYTES) return undefined;
  const digest = createHash("sha256").update(text).digest("hex");
  // The same input is judged again and again: most of the time it is there.
  const { rowCount } = await sql.query("update standards.decision_input set used_at = greatest(used_at, $2) where digest = $1", [
    digest,
    at,
  ]);
  if (rowCount > 0) return digest;
  const body = await compress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  if (body.length > MOST_KEPT) return undefined;
  await sql.query(
    `insert into standards.decision_input (digest, body, redacted, used_at) values ($1, $2, $3, $4)
     on conflict (digest) do update set used_at = excluded.used_at`,
    [digest, body, redacted, at],
  );
  return digest;
}

/** By digest; those that are over are not there, whether the sweep came by or not. */
export async function selectInputs(sql: Sql, digests: readonly string[], now: Date): Promise<Map<string, KeptInput>> {
  const { rows } = await sql.query<InputRow>(
    `select * from standards.decision_input where digest = any($1) and used_at > $2::timestamptz - make_interval(days => ${KEPT_DAYS})`,
    [[...new Set(digests)], now],
  );
  const read = rows.map(async ({ digest, body, redacted, used_at }) => {
    const text = await decompress(body, { maxOutputLength: 2 * MOST_BYTES });
    const resources = z.array(Resource).parse(JSON.parse(text.toString("utf8")));
    return [digest, { resources, redacted, usedAt: used_at }] as const;
  });
  return new Map(await Promise.all(read));
}

/** Removes what is over; answers how many. */
export async function forgetInputs(sql: Sql, now: Date): Promise<number> {
  const { rowCount } = await sql.query(
    `delete from standards.decision_input where digest in (
       select digest from standards.decision_input where used_at <= $1::timestamptz - make_interval(days => ${KEPT_DAYS}) limit 1000 for update skip locked)`,
    [now],
  );
  return rowCount;
}

interface InputRow extends Row {
  readonly digest: string;
  readonly body: Buffer;
  readonly redacted: boolean;
  readonly used_at: Date;
}
