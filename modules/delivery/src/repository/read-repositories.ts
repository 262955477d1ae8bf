import { getRepository, listRepositories } from "@roadbed/contracts/delivery";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { findRepository, listRepositoryRecords, toRepository } from "./repository-store.ts";

const NEWEST_COMMITS = 20;

export function makeRepositoryReaders({ repositories, publicUrl }: DeliveryDeps): Handler[] {
  return [
    handle(listRepositories, async (ctx, { limit, cursor }) => {
      const after = readCursor(z.string(), cursor) ?? "";
      const records = await listRepositoryRecords(ctx.sql, after, limit + 1);
      const items = records.slice(0, limit).map((record) => toRepository(record, publicUrl));
      return { items, ...(records.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.name) } : {}) };
    }),
    handle(getRepository, async (ctx, { name }) => {
      const record = await findRepository(ctx.sql, name);
      if (record === undefined) throw new NotFoundError("repository", name);
      const commits = await repositories.log(name, { ref: record.defaultBranch, limit: NEWEST_COMMITS });
      return {
        ...toRepository(record, publicUrl),
        commits: commits.map(({ hash, message, author, at }) => ({ hash, message, author: author.name, at: at.toISOString() })),
      };
    }),
  ];
}
