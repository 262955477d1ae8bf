import type { Sql } from "@roadbed/core";

import type { ResourceRow } from "./resource-store.ts";

/** What a resource costs in a month, as its class said when it was asked for; without an amount no price is known. */
export interface ResourceCost {
  readonly label: string;
  readonly link: string;
  readonly amount?: string;
  readonly currency?: string;
}

/** Of everything that is or is being made in an environment. */
export async function costsIn(sql: Sql, environment: string): Promise<ResourceCost[]> {
  const { rows } = await sql.query<Pick<ResourceRow, "id" | "name" | "type" | "cost">>(
    "select id, name, type, cost from paths.resource where environment = $1 and state <> 'destroyed' order by name, id",
    [environment],
  );
  return rows.map(({ id, name, type, cost }) => ({
    label: `${type} ${name}`,
    link: `/resources/${id}`,
    ...(cost === null ? {} : { amount: cost.amount, currency: cost.currency }),
  }));
}
