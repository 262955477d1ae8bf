import { getDiscovery, listDiscoveries, runDiscovery } from "@roadbed/contracts/catalog/proposals";
import { encodeCursor, handle, InvalidError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { getSource } from "../../source/source-store.ts";
import type { Discoverer } from "./discoverer.ts";
import { discoveryView, getDiscoveryRow, listDiscoveryRows, requestDiscovery } from "./discovery-store.ts";

export function makeDiscoveryHandlers(discoverer: Pick<Discoverer, "wake">): readonly Handler[] {
  return [
    handle(runDiscovery, async (ctx, { target, source }) => {
      if (target !== undefined && source !== undefined) {
        throw new InvalidError("Both a folder and a source are named.", {
          mend: "Name one of them.",
          problems: [{ at: "source", reason: "is named beside a folder" }],
        });
      }
      const found = source === undefined ? undefined : await getSource(ctx.sql, source);
      if (found?.kind === "inline") {
        throw new InvalidError(`The source ${found.name} has no files to read.`, {
          mend: "Name a folder, or a source that has files.",
          problems: [{ at: "source", reason: "has no files" }],
        });
      }
      const folder = target === undefined ? undefined : target.length > 1 ? target.replace(/\/+$/, "") : target;
      if (folder !== undefined && !folder.startsWith("/") && !/^[a-z]:[\\/]/i.test(folder)) {
        throw new InvalidError(`"${folder}" is not an absolute path.`, {
          mend: "Name the folder from the root: /srv/clones.",
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
