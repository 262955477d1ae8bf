import { getDiscovery, listDiscoveries, runDiscovery } from "@roadbed/contracts/catalog/proposals";
import { encodeCursor, handle, InvalidError, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Connectors } from "../../connector/connectors.ts";
import type { Catalogue } from "../../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../../estate/visibility.ts";
import { getSource } from "../../source/source-store.ts";
import type { Discoverer } from "./discoverer.ts";
import { discoveryView, getDiscoveryRow, listDiscoveryRows, requestDiscovery } from "./discovery-store.ts";

interface Deps {
  readonly discoverer: Pick<Discoverer, "wake">;
  readonly connectors: Connectors;
  readonly catalogue: Catalogue;
}

export function makeDiscoveryHandlers({ discoverer, connectors, catalogue }: Deps): readonly Handler[] {
  return [
    handle(runDiscovery, async (ctx, { target, source }) => {
      if (target !== undefined && source !== undefined) {
        throw new InvalidError("Both a folder and a source are named.", {
          mend: "Name one of them.",
          problems: [{ at: "source", reason: "is named beside a folder" }],
        });
      }
      const address = target === undefined ? undefined : addressOf(target);
      const visible = await visibleTo(catalogue, ctx);
      const id = source ?? (address === undefined ? undefined : await sourceOf(ctx.sql, address, visible));
      if (id !== undefined && !visible.seesSource(id)) throw new NotFoundError("source", id, "List the sources to see their ids.");
      const found = id === undefined ? undefined : await getSource(ctx.sql, id);
      const isMute = found?.kind === "connector" && connectors.get(found.connector ?? "").repositories === undefined;
      if (found?.kind === "inline" || found?.kind === "upload" || isMute) {
        throw new InvalidError(`The source ${found.name} has no files to read.`, {
          mend: "Name a folder, or a source that has files.",
          problems: [{ at: "source", reason: "has no files" }],
        });
      }
      const folder = target === undefined || address !== undefined ? undefined : target.length > 1 ? target.replace(/\/+$/, "") : target;
      if (folder !== undefined && !folder.startsWith("/") && !/^[a-z]:[\\/]/i.test(folder)) {
        throw new InvalidError(`"${folder}" is not an absolute path.`, {
          mend: "Name the folder from the root: /srv/clones. An organisation is named by its address: https://github.com/ORGANISATION.",
          problems: [{ at: "target", reason: "is not an absolute path" }],
        });
      }
      const row = await requestDiscovery(ctx, folder !== undefined ? "folder" : found ? "source" : "all", folder ?? found?.id ?? "");
      discoverer.wake();
      return discoveryView(row);
    }),
    handle(getDiscovery, async ({ sql }, { id }) => discoveryView(await getDiscoveryRow(sql, id))),
    handle(listDiscoveries, async ({ sql }, { limit, cursor }) => {
      const rows = await listDiscoveryRows(sql, readCursor(z.string(), cursor), limit + 1);
      const page = rows.slice(0, limit);
      return { items: page.map(discoveryView), ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}) };
    }),
  ];
}

/** `https://github.com/Acme/` as the target of its source: `github.com/acme`. Undefined for what is no address. */
function addressOf(target: string): string | undefined {
  const [, address] = /^https?:\/\/([^/\s?#]+\/[^\s?#]+?)\/*$/i.exec(target) ?? [];
  return address?.toLowerCase();
}

/** The source that reads this organisation, group or repository. Throws `InvalidError`. */
async function sourceOf(sql: Sql, address: string, visible: Visibility): Promise<string> {
  const { rows } = await sql.query<{ id: string }>(
    `select id from catalog.source where (kind = 'connector' and target = $1)
       or (kind = 'git' and rtrim(regexp_replace(lower(target), '^https?://|[.]git/*$', '', 'g'), '/') = $2) order by kind, id`,
    [address, address.replace(/\.git$/, "")],
  );
  const found = rows.find(({ id }) => visible.seesSource(id));
  if (found) return found.id;
  throw new InvalidError(`No source reads ${address}.`, {
    mend: "Connect it first, with a token that may only read: the page Sources, or roadbed source create; then name it again.",
    problems: [{ at: "target", reason: "is no address that a source reads" }],
  });
}
