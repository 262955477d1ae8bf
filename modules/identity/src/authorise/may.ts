import { ForbiddenError, NotFoundError, type Call, type Operation, type ResourceRef } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Groups, Owners } from "../deps.ts";
import { makeIdentitiesOf } from "./identities-of.ts";

/**
 * Who may do what to which thing: the one place where that is decided. The scope has been checked before; here the
 * rule of ownership is: what is hard to take back on an entity is for its owners and for administrators; and folders of the
 * server's machine are read for administrators only.
 */
export function makeMay({ db, groups, owners }: { db: Database; groups: Groups; owners: Owners }) {
  const identitiesOf = makeIdentitiesOf({ db, groups });
  return async function may(call: Call, operation: Operation, resource: ResourceRef | undefined): Promise<void> {
    if (resource?.kind === "folder") return mayReadFolder(call, operation);
    if (resource?.kind !== "entity" || (operation.risk !== "high" && operation.risk !== "destructive")) return;
    if (isAdministrator(call, operation)) return;
    const owning = await owners.ownersOf({ sql: db }, resource.id);
    const own = await identitiesOf(call);
    if (owning.some((ref) => own.has(ref))) return;
    if (owners.sees && !(await owners.sees(call, resource.id))) throw new NotFoundError("entity", resource.id, "It may be gone already.");
    if (owning.length === 0) {
      throw new ForbiddenError(`${resource.id} has no owner, so only an administrator may do this.`, {
        mend: "Give it an owner, or ask an administrator.",
      });
    }
    throw new ForbiddenError(`Only the owners of ${resource.id} (${owning.join(", ")}) may do this.`, {
      mend: "Ask one of them, or an administrator.",
    });
  };
}

function isAdministrator({ scopes }: Call, { name }: Operation): boolean {
  return scopes.has("*") || scopes.has(`${name.split(".")[0]}:admin`);
}

/** The server's machine holds more than the catalogue: keys, other people's files, the platform's own data. */
function mayReadFolder(call: Call, operation: Operation): void {
  if (isAdministrator(call, operation)) return;
  throw new ForbiddenError("Only an administrator may have a folder of the server's machine read.", {
    mend: "Push it to a Git repository and give its https:// or ssh:// address, or ask an administrator.",
  });
}
