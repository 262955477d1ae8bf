import type { Sql } from "@roadbed/core";

import { SOURCE_COLUMNS, type SourceRow } from "../source/source-store.ts";
import type { Connectors } from "./connectors.ts";

/** Whole settings of the sources of a connector that say `goldenPaths: true`, oldest first. One that cannot be opened here is passed over. */
export async function connectionsFor(
  { db, connectors }: { readonly db: Sql; readonly connectors: Pick<Connectors, "settingsOf"> },
  connector: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await db.query<SourceRow & Record<string, unknown>>(
    `select ${SOURCE_COLUMNS} from catalog.source where connector = $1 and settings ->> 'goldenPaths' = 'true' order by id limit 100`,
    [connector],
  );
  const found = await Promise.all(rows.map((row) => connectors.settingsOf(row).catch(() => undefined)));
  return found.filter((settings) => settings !== undefined) as Readonly<Record<string, unknown>>[];
}
