import { join } from "node:path";

import { DomainError, type Sql } from "@roadbed/core";

import { isInside, readInside } from "../../source/folder-tree.ts";
import { decodeText } from "../../source/tree.ts";
import type { Draft } from "../combine/draft.ts";

/** A longer one stays in its file. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of the file that describes an API, as it is now in the clone that was read; undefined when it cannot be had: then the entity
 * only says where it stands. Nothing outside the folder that somebody had read is opened.
 */
export async function readDefinition(sql: Sql, draft: Draft): Promise<string | undefined> {
  const file = draft.evidence.find(({ group }) => group === "description")?.file;
  const { rows } = await sql.query<{ root: string; path: string }>("select root, path from catalog.discovery_repository where key = $1", [
    draft.repository,
  ]);
  const [row] = rows;
  if (file === undefined || !row || !row.root.startsWith("/")) return undefined;
  const clone = join(row.root, row.path);
  if (!isInside(row.root, clone)) return undefined;
  const bytes = await readInside(clone, file, MAX_BYTES).catch((error: unknown) => {
    if (error instanceof DomainError) return undefined;
    throw error;
  });
  const text = bytes === undefined ? undefined : decodeText(bytes);
  // Postgres keeps no NUL in a text, and a definition is never empty.
  return text === undefined || text.trim() === "" || text.includes("\0") ? undefined : text;
}
