import { listProposals, type Proposal } from "@roadbed/contracts/catalog/proposals";
import { encodeCursor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../../estate/catalogue.ts";
import { hiddenRefs } from "../hidden-refs.ts";
import { PROPOSAL_COLUMNS, proposalView, type ProposalRow } from "./proposal-row.ts";
import { conditionOf, type ProposalQuery } from "./proposal-store.ts";

export function makeListProposals(catalogue: Catalogue): Handler {
  return handle(listProposals, async (ctx, { limit, cursor, state = "open", ...rest }) => {
    const hidden = await hiddenRefs(catalogue, ctx);
    const query = { ...rest, state };
    const after = readCursor(z.tuple([z.number(), z.string()]), cursor);
    const { where, values } = conditionOf(query, hidden);
    const [confidenceAt, idAt] = [values.length + 1, values.length + 2];
    const later = after === undefined ? "true" : `(confidence < $${confidenceAt} or (confidence = $${confidenceAt} and id > $${idAt}))`;
    const { rows } = await ctx.sql.query<Record<string, unknown>>(
      `select ${PROPOSAL_COLUMNS} from catalog.proposal where ${where} and ${later} order by confidence desc, id limit ${limit + 1}`,
      after === undefined ? values : [...values, ...after],
    );
    const page = (rows as unknown as ProposalRow[]).slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row): Proposal => proposalView(row, hidden)),
      ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.draft.confidence, last.id]) } : {}),
      total: await count(ctx.sql, query, hidden),
      facets: {
        state: await facet(ctx.sql, "state", { ...query, state: undefined }, hidden),
        kind: await facet(ctx.sql, "kind", { ...query, kind: undefined }, hidden),
        repository: await facet(ctx.sql, "repository", { ...query, repository: undefined }, hidden),
        owner: await facet(ctx.sql, OWNER, { ...query, owner: undefined }, hidden),
      },
    };
  });
}

const OWNER =
  "case when owner is not null then 'known' when kind in ('group', 'user') or action = 'complete' then 'none needed' else 'unknown' end";

async function count(sql: Sql, query: ProposalQuery, hidden: ReadonlySet<string>): Promise<number> {
  const { where, values } = conditionOf(query, hidden);
  const { rows } = await sql.query<{ count: number }>(`select count(*)::int as count from catalog.proposal where ${where}`, values);
  return rows[0]!.count;
}

async function facet(
  sql: Sql,
  column: string,
  query: ProposalQuery,
  hidden: ReadonlySet<string>,
): Promise<{ value: string; count: number }[]> {
  const { where, values } = conditionOf(query, hidden);
  const { rows } = await sql.query<{ value: string; count: number }>(
    `select ${column} as value, count(*)::int as count from catalog.proposal where ${where} group by 1 order by 2 desc, 1 limit 100`,
    values,
  );
  return rows;
}
