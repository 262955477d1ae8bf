import { parseRef } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";

import { workloadNameOf } from "../component.ts";
import type { WorkloadKey } from "../runtime/local-runtime.ts";
import type { CredentialRow } from "./credential-store.ts";

/** By this variable what is called knows its callers: digests, which are no secret. */
export const CALLERS = "SERVICE_CALLERS";

/** How the variables of a callee begin: `component:default/order-book` is `ORDER_BOOK`. */
export function prefixOf(callee: string): string {
  const { namespace, name } = parseRef(callee);
  const text = (namespace === "default" ? name : `${namespace}-${name}`).toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return /^\d/.test(text) ? `_${text}` : text;
}

/** Who may call, and by what: SHA-256 of the token in hex; one with `until` counts until then. */
type Callers = Record<string, { readonly sha256: string; readonly until?: string }[]>;

/** What a workload is given of the credentials in which it is the caller or the called. The tokens are secret. */
export async function credentialVariables(
  deps: { readonly db: Sql; readonly sealer: Sealer; readonly routerUrl: string },
  { entityRef, environment }: Pick<WorkloadKey, "entityRef" | "environment">,
): Promise<{ readonly env: Record<string, string>; readonly secrets: readonly string[] }> {
  const { rows } = await deps.db.query<CredentialRow>(
    "select * from delivery.credential where environment = $1 and (caller = $2 or callee = $2) and state = 'active' order by id",
    [environment, entityRef],
  );
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  const callers: Callers = {};
  for (const row of rows) {
    if (row.callee === entityRef) callers[row.caller] = digestsOf(row);
    if (row.caller !== entityRef || row.sealed === null) continue;
    const { token } = await deps.sealer.open<{ token: string }>(row.sealed, row.id);
    secrets.push(token);
    env[`${prefixOf(row.callee)}_TOKEN`] = token;
    env[`${prefixOf(row.callee)}_URL`] = `${deps.routerUrl}/${environment}/${workloadNameOf(row.callee)}`;
  }
  if (Object.keys(callers).length > 0) env[CALLERS] = JSON.stringify(callers);
  return { env, secrets };
}

function digestsOf({ digest, previous_digest: previous, previous_until: until }: CredentialRow): Callers[string] {
  return [
    ...(digest === null ? [] : [{ sha256: digest }]),
    ...(previous === null || until === null || until < new Date() ? [] : [{ sha256: previous, until: until.toISOString() }]),
  ];
}
