import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { UnavailableError, type Sql } from "@roadbed/core";
import { createSealer, type Sealer } from "@roadbed/postgres";

import type { CatalogDeps } from "../deps.ts";
import { changeSource, type SourceRow } from "./source-store.ts";

/** Keeps what is secret of a source: sealed in the database, opened only to read the source or to check a message. */
export interface SourceSecrets {
  read(source: Pick<SourceRow, "id" | "secrets">): Promise<Readonly<Record<string, unknown>>>;
  seal(sourceId: string, secrets: Readonly<Record<string, unknown>>): Promise<Buffer>;
  /** Undefined while none was made. */
  readHook(source: Pick<SourceRow, "id" | "hook_secret">): Promise<string | undefined>;
  /** Makes a new one; the old one is good no more. */
  rotateHook(sql: Sql, sourceId: string): Promise<string>;
}

export function createSourceSecrets(sealer: Sealer | undefined): SourceSecrets {
  return {
    read: async ({ id, secrets }) => (secrets === null ? {} : needed().open(secrets, id)),
    seal: (sourceId, secrets) => needed().seal(secrets, sourceId),
    readHook: async ({ id, hook_secret }) =>
      hook_secret === null ? undefined : (await needed().open<{ secret: string }>(hook_secret, `${id}:hook`)).secret,
    rotateHook: async (sql, sourceId) => {
      const secret = `rbh_${randomBytes(24).toString("base64url")}`;
      await changeSource(sql, sourceId, { hook_secret: await needed().seal({ secret }, `${sourceId}:hook`) });
      return secret;
    },
  };

  function needed(): Sealer {
    if (sealer) return sealer;
    throw new UnavailableError("This server keeps no secrets.", { mend: "Start it with a data folder or with ROADBED_SECRET_KEY." });
  }
}

/** What opens the secrets of sources here; undefined where there is neither a key nor a place for one. */
export function sealerOf({ dataDir, secretKey }: Pick<CatalogDeps, "dataDir" | "secretKey">): Sealer | undefined {
  if (dataDir === undefined && secretKey === undefined) return undefined;
  return createSealer({
    file: join(dataDir ?? "", "catalog", "source-secrets.key"),
    key: secretKey,
    said: {
      what: "What is secret of this source",
      mend: "Fill it in again. Servers that share a database need the same ROADBED_SECRET_KEY; a restored one its catalog/source-secrets.key.",
    },
  });
}
