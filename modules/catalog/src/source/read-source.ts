import { DomainError, TooManyError, UnavailableError, type Sql } from "@roadbed/core";

import type { Connectors } from "../connector/connectors.ts";
import { readConnector, type Gleaned } from "../connector/read-connector.ts";
import { kindsIn } from "../kinds/kinds-in.ts";
import type { Kinds } from "../kinds/registry.ts";
import { openTree, type OpenTree, type TreeDeps } from "./open-tree.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SourceSecrets } from "./source-secrets.ts";
import type { SourceRow } from "./source-store.ts";

export interface ReadDeps extends TreeDeps {
  readonly secrets: SourceSecrets;
  readonly connectors: Connectors;
  readonly kinds: Kinds;
}

export type Readable = Pick<SourceRow, "id" | "kind" | "target" | "branch" | "connector" | "settings" | "secrets" | "memory">;

/** Lists what a source of files holds now, with the credentials that were given for it. */
export async function openSource(deps: ReadDeps, source: Readable, signal: AbortSignal): Promise<OpenTree> {
  const { address } = await deps.secrets.read(source);
  return openTree(deps, source, { signal, ...(typeof address === "string" ? { address } : {}) });
}

export async function readFiles(deps: Pick<ReadDeps, "kinds">, sql: Sql, { tree, only }: OpenTree): Promise<Snapshot> {
  const kinds = await kindsIn(sql, deps.kinds);
  return readSnapshot(tree, { kinds, ...(only === undefined ? {} : { only }) });
}

/**
 * Reads a connector's source to its end. `fresh`: as if nothing were remembered but what the connector knows only by itself. Throws `DomainError`: what is not one is told as a
 * system that does not answer, because whatever it answered, the catalogue is not at fault.
 */
export async function readConnected(
  { connectors, kinds }: Pick<ReadDeps, "connectors" | "kinds">,
  sql: Sql,
  source: Readable,
  o: { readonly signal: AbortSignal; readonly now: () => Date; readonly fresh?: boolean; readonly gleaned?: Gleaned },
): Promise<Snapshot> {
  const connector = connectors.get(source.connector ?? "");
  const settings = await connectors.settingsOf(source);
  const call = connectors.call({
    signal: o.signal,
    now: o.now,
    state: o.fresh === true ? kept(source.memory, connector.keeps ?? []) : source.memory,
  });
  const gleaned = o.gleaned ?? { samples: [] };
  try {
    return await readConnector(connector, settings, call, { kinds: await kindsIn(sql, kinds), gleaned });
  } catch (error) {
    if (error instanceof TooManyError) {
      const resetAt = new Date(o.now().getTime() + error.retryAfterSeconds * 1_000).toISOString();
      gleaned.budget = { limit: gleaned.budget?.limit ?? 0, remaining: 0, resetAt };
      throw new UnavailableError(`${connector.title} allows no more calls until ${resetAt}.`, {
        mend: "It is read again then.",
        cause: error,
      });
    }
    if (error instanceof DomainError) throw error;
    throw new UnavailableError(`${connector.title} could not be read: ${(error as Error).message}`, { cause: error });
  }
}

function kept(memory: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(memory).filter(([name]) => names.includes(name)));
}
