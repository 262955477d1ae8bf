import type { Sql } from "@roadbed/core";

export interface TagRuleRow extends Record<string, unknown> {
  readonly tag: string;
  readonly when: string;
  readonly because: string | null;
  readonly actor: string;
  readonly at: Date;
}

/** The rules about these tags; without a list, all of them. */
export async function readTagRules(sql: Sql, tags?: readonly string[]): Promise<readonly TagRuleRow[]> {
  const { rows } = await sql.query<TagRuleRow>("select * from paths.tag_rule where $1::text[] is null or tag = any($1) order by tag", [
    tags ?? null,
  ]);
  return rows;
}

/** One rule for a tag: a new one takes the place of the one before. */
export async function writeTagRule(sql: Sql, rule: TagRuleRow): Promise<void> {
  await sql.query(
    `insert into paths.tag_rule (tag, "when", because, actor, at) values ($1, $2, $3, $4, $5)
     on conflict (tag) do update set "when" = excluded."when", because = excluded.because, actor = excluded.actor, at = excluded.at`,
    [rule.tag, rule.when, rule.because, rule.actor, rule.at],
  );
}

/** Whether there was one. */
export async function removeTagRule(sql: Sql, tag: string): Promise<boolean> {
  return (await sql.query("delete from paths.tag_rule where tag = $1", [tag])).rowCount > 0;
}
