import type { Sql } from "@roadbed/core";

import { SOURCE_COLUMNS, type SourceRow } from "../source/source-store.ts";
import type { Connectors } from "./connectors.ts";

/** A source's settings, whole. */
export interface OpenConnection {
  readonly sourceId: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Whole settings of the sources of a connector that say this of themselves (`goldenPaths: true`), oldest first. One that cannot be opened here is passed over. */
export async function connectionsFor(
  { db, connectors }: { readonly db: Sql; readonly connectors: Pick<Connectors, "settingsOf"> },
  connector: string,
  opened: "goldenPaths" | "delivery" = "goldenPaths",
): Promise<readonly OpenConnection[]> {
  const { rows } = await db.query<SourceRow & Record<string, unknown>>(
    `select ${SOURCE_COLUMNS} from catalog.source where connector = $1 and settings ->> $2 = 'true' order by id limit 100`,
    [connector, opened],
  );
  const found = await Promise.all(
    rows.map(async (row) => {
      const settings = await connectors.settingsOf(row).catch(() => undefined);
      return settings === undefined ? [] : [{ sourceId: row.id, settings: settings as OpenConnection["settings"] }];
    }),
  );
  return found.flat();
}
