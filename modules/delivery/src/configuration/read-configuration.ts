import { setTimeout as delay } from "node:timers/promises";

import { getConfiguration, type Configuration } from "@roadbed/contracts/delivery/configurations";
import { ForbiddenError, handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { checkEnvironment } from "../environment/environment-store.ts";
import type { Content } from "./content-of.ts";

/** How often it is looked whether there is another one. */
const LOOK_MS = 500;

export function makeConfigurationReaders(deps: Pick<DeliveryDeps, "entities">): Handler[] {
  return [
    handle(getConfiguration, async (ctx, { entityRef, environment, have, waitSeconds }) => {
      requireEnvironment(ctx, environment);
      if (((await deps.entities.hiddenFrom?.(ctx)) ?? []).includes(entityRef)) throw notThere(entityRef, environment);
      await checkEnvironment(ctx.sql, environment);
      const until = Date.now() + waitSeconds * 1_000;
      for (;;) {
        const found = await findConfiguration(ctx, entityRef, environment);
        if (found !== undefined && (found.digest !== have || Date.now() >= until)) return found;
        if (Date.now() >= until) throw notThere(entityRef, environment);
        await delay(LOOK_MS, undefined, { signal: ctx.signal });
      }
    }),
  ];
}

/** A program's token is for one environment: what is prepared for another is not for it. */
export function requireEnvironment({ scopes }: Pick<Ctx, "scopes">, environment: string): void {
  if (scopes.has("*") || scopes.has("delivery:read") || scopes.has(`configuration:${environment}`)) return;
  throw new ForbiddenError(`This token may not read what ${environment} has.`, {
    mend: `Use one with the scopes configuration:read and configuration:${environment}.`,
  });
}

export async function findConfiguration(ctx: Pick<Ctx, "sql">, entityRef: string, environment: string): Promise<Configuration | undefined> {
  const { rows } = await ctx.sql.query<{
    name: string;
    commit: string;
    served: Content;
    since: Date | null;
    number: number | null;
  }>(
    `select w.name, w.commit, w.served, d.ended_at as since,
       (select max(r.number) from delivery.release r where r.entity_ref = w.entity_ref and r.commit = w.commit) as number
     from delivery.workload w left join delivery.deployment d on d.id = w.deployment_id
     where w.entity_ref = $1 and w.environment = $2 and w.desired = 'running' and w.served is not null and w.commit is not null`,
    [entityRef, environment],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { name, commit, served, since, number } = row;
  return {
    entityRef,
    environment,
    kind: served.kind,
    name,
    version: served.version,
    digest: served.digest,
    commit,
    ...(number === null ? {} : { release: number }),
    ...(since === null ? {} : { since: since.toISOString() }),
    content: { ...served.content },
  };
}

function notThere(entityRef: string, environment: string): NotFoundError {
  return new NotFoundError(
    "configuration",
    `${entityRef} in ${environment}`,
    "Only a prompt, model or agent that was deployed there has one.",
  );
}
