import type { Sql } from "@roadbed/core";

import type { Provisioner, Secrets } from "./provisioner.ts";
import { openSecrets, type ResourceFlowDeps } from "./resource-flow.ts";
import type { ResourceRow } from "./resource-store.ts";

/** Variables of a resource, with the prefix that its request asked for. */
export function variablesOf(
  provisioners: ReadonlyMap<string, Provisioner>,
  { provisioner, facts, prefix }: ResourceRow,
  secrets: Secrets,
): Readonly<Record<string, string>> {
  const own = provisioners.get(provisioner)?.variables(facts, secrets) ?? {};
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [prefix === null ? name : `${prefix}_${name}`, value]));
}

/** Their names, for who may not see their values. */
export function variableNames(provisioners: ReadonlyMap<string, Provisioner>, row: ResourceRow): string[] {
  // Whatever is secret is there, and is nothing.
  const any = new Proxy({}, { get: () => "" }) as Secrets;
  return row.state === "destroyed" ? [] : Object.keys(variablesOf(provisioners, row, any));
}

/** What a component's workload is given in an environment: of every resource that it uses there and that is made. */
export async function variablesFor(
  deps: Pick<ResourceFlowDeps, "sealer" | "provisioners"> & { readonly db: Sql },
  { entityRef, environment }: { readonly entityRef: string; readonly environment: string },
): Promise<Record<string, string>> {
  const { rows } = await deps.db.query<ResourceRow>(
    `select * from paths.resource where consumer = $1 and environment = $2 and sealed is not null and act = 'apply' and facts <> '{}'
     and state in ('ready', 'applying', 'failed') order by created_at, id`,
    [entityRef, environment],
  );
  const variables: Record<string, string> = {};
  for (const row of rows) Object.assign(variables, variablesOf(deps.provisioners, row, await openSecrets(deps, row)));
  return variables;
}
