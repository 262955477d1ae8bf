import type { Sql } from "@roadbed/core";

/** Raw bodies that are kept per source. */
const MAX_SAMPLES = 20;
const MAX_ITEMS = 50;
const MAX_TEXT = 2_000;
const MAX_DEPTH = 16;

const SECRET_KEY = /pass(word|wd)?$|secret|token|authorization|api[-_]?key|private[-_]?key|credential|cookie/i;
const HIDDEN = "[hidden]";

/** Keeps raw bodies for the author of a mapping: what is secret taken out, lists and texts cut. */
export async function keepSamples(
  sql: Sql,
  sourceId: string,
  o: { readonly origin: "page" | "webhook"; readonly bodies: readonly unknown[]; readonly secrets: readonly string[]; readonly at: Date },
): Promise<void> {
  const bodies = o.bodies.slice(-MAX_SAMPLES).map((body) => JSON.stringify(shorten(body, o.secrets, 0) ?? null).replaceAll("\\u0000", ""));
  if (bodies.length === 0) return;
  await sql.query(
    "insert into catalog.source_sample (source_id, at, origin, body) select $1, $2, $3, b.body from unnest($4::jsonb[]) as b(body)",
    [sourceId, o.at, o.origin, bodies],
  );
  await sql.query(
    "delete from catalog.source_sample where source_id = $1 and id <= (select id from catalog.source_sample where source_id = $1 order by id desc offset $2 limit 1)",
    [sourceId, MAX_SAMPLES],
  );
}

export interface Sample {
  readonly id: string;
  readonly at: Date;
  readonly origin: "page" | "webhook";
  readonly body: unknown;
}

/** Newest first. */
export async function readSamples(sql: Sql, sourceId: string, limit: number): Promise<Sample[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select id, at, origin, body from catalog.source_sample where source_id = $1 order by id desc limit $2",
    [sourceId, limit],
  );
  return rows as unknown as Sample[];
}

export function shorten(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === "string") return hide(value, secrets).slice(0, MAX_TEXT);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => shorten(item, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      hide(key, secrets),
      typeof inner === "string" && SECRET_KEY.test(key) ? HIDDEN : shorten(inner, secrets, depth + 1),
    ]),
  );
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((hidden, secret) => (secret.length < 4 ? hidden : hidden.replaceAll(secret, HIDDEN)), text);
}
