import type { Entity } from "@roadbed/contracts/catalog";
import { ConflictError, InvalidError, type Ctx } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import type { ResourceRow } from "./resource-store.ts";

/** Where the catalogue says these entities come from. */
export const SOURCE = "provisioned resources";

/** Tells the catalogue of a resource as it stands in all environments; takes it out when it is gone from every one. */
export async function sayEntity({ catalog }: Pick<PathsDeps, "catalog">, ctx: Ctx, entityRef: string): Promise<void> {
  const { rows } = await ctx.sql.query<ResourceRow>(
    "select * from paths.resource where entity_ref = $1 and state not in ('requested', 'destroyed') order by created_at, id",
    [entityRef],
  );
  if (rows.length === 0) return catalog.removeEntity?.(ctx, entityRef);
  try {
    await catalog.registerEntity?.(ctx, { entity: entityOf(rows), source: SOURCE });
  } catch (error) {
    // A descriptor in a repository describes it: that counts.
    if (!(error instanceof ConflictError) && !(error instanceof InvalidError)) throw error;
    ctx.log.info("a provisioned resource is described elsewhere", { entityRef, reason: error.message });
  }
}

function entityOf(rows: readonly ResourceRow[]): Entity {
  const [first] = rows;
  const consumers = [...new Set(rows.flatMap(({ consumer }) => (consumer === null ? [] : [consumer])))];
  const places = rows.map(({ environment, class: name }) => `${environment}: ${name}`).join(", ");
  return {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Resource",
    metadata: {
      name: first!.name,
      description: `${WORDS[first!.type] ?? first!.type} (${places}), provisioned by Roadbed`,
      annotations: Object.fromEntries(rows.map(({ environment, id }) => [`roadbed.dev/resource-${environment}`, id])),
    },
    spec: {
      type: TYPES[first!.type] ?? first!.type,
      owner: first!.owner,
      ...(consumers.length === 0 ? {} : { dependencyOf: consumers }),
      environments: Object.fromEntries(rows.map(({ environment, class: name }) => [environment, { class: name }])),
    },
  };
}

/** As catalogues call them. */
const TYPES: Readonly<Record<string, string>> = { postgres: "database", bucket: "bucket", queue: "queue" };
const WORDS: Readonly<Record<string, string>> = { postgres: "A PostgreSQL database", bucket: "A bucket", queue: "A queue" };
