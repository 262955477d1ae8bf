import type { Database, Sealer } from "@roadbed/postgres";

import { once, readNote } from "../../run/once.ts";
import type { Wanted } from "../provisioner.ts";
import type { ResourceNotes } from "./webhook-provisioner.ts";

/** Notes by resource and generation: each thing that is asked of it has its own. */
export function createResourceNotes({ db, sealer }: { readonly db: Database; readonly sealer: Sealer }): ResourceNotes {
  const keyOf = ({ id, generation }: Wanted): string => `${id}.${generation}`;
  return {
    once: (wanted, name, work) => once(db, { resourceId: wanted.id, key: keyOf(wanted), name }, work),
    async noted<T>(wanted: Wanted, name: string) {
      return (await readNote<T>(db, keyOf(wanted), name, "paths.resource_note"))?.value;
    },
    sealerOf: (resource) => ({
      seal: async (secrets) => (await sealer.seal(secrets, `answer:${resource}`)).toString("base64"),
      open: (sealed) => sealer.open(Buffer.from(sealed, "base64"), `answer:${resource}`),
    }),
  };
}
