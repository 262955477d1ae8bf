import { diffApi } from "@roadbed/contracts/catalog/docs";
import { handle, NotFoundError, type Handler, type Sql } from "@roadbed/core";

import { requireVisible } from "../entity/require-visible.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { ApiReader } from "./api-reader.ts";
import { listEarlier, readCurrent, readVersion, type StoredVersion } from "./definition-store.ts";
import type { ApiChange } from "./diff/change.ts";
import { versionView } from "./list-api-versions.ts";
import { partiesOf } from "./parties.ts";

export function makeDiffApi(catalogue: Catalogue, reader: ApiReader): Handler {
  return handle(diffApi, async (ctx, { ref, from, to, definition }) => {
    const visible = await requireVisible(catalogue, ctx, ref);
    const after = definition === undefined ? await readVersion(ctx.sql, ref, to ?? "current") : draft(definition);
    const before = from === undefined ? await predecessor(ctx.sql, ref, after) : await readVersion(ctx.sql, ref, from);
    const changes = await reader.diff(before.definition, after.definition);
    const counts = countOf(changes);
    return {
      ref,
      from: versionView(before),
      to: versionView(after),
      counts,
      changes: [...changes],
      affected: counts.breaking > 0 ? partiesOf(catalogue, visible, ref).consumers : [],
    };
  });
}

/** How many changes of each severity. */
export function countOf(changes: readonly ApiChange[]): { breaking: number; risky: number; safe: number } {
  const counts = { breaking: 0, risky: 0, safe: 0 };
  for (const { severity } of changes) counts[severity]++;
  return counts;
}

function draft(definition: string): StoredVersion {
  return { id: "draft", from: undefined, until: undefined, definition };
}

/** What a draft would replace is the current one; else it is the one before. */
async function predecessor(sql: Sql, ref: string, version: StoredVersion): Promise<StoredVersion> {
  if (version.id === "draft") return readCurrent(sql, ref);
  const [earlier] = await listEarlier(sql, ref, version.id === "current" ? undefined : version.id, 1);
  if (earlier) return earlier;
  throw new NotFoundError(
    "earlier definition",
    `of ${ref}`,
    "It has had only one since it is in the catalogue; give a definition to compare with.",
  );
}
