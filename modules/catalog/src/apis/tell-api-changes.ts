import { entityChanged } from "@roadbed/contracts/catalog";
import { apiChanged } from "@roadbed/contracts/catalog/docs";
import { InvalidError, NotFoundError, type Ctx, type Subscription } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import type { ApiReader } from "./api-reader.ts";
import { listEarlier, readCurrent } from "./definition-store.ts";
import { countOf } from "./diff-api.ts";
import { partiesOf } from "./parties.ts";

/** Compares a definition that changed with the one before, and tells those who follow it what breaks. */
export function tellApiChanges(catalogue: Catalogue, reader: ApiReader): Subscription {
  return {
    name: "catalog.tell-api-changes",
    events: [entityChanged.name],
    async receive(ctx, event) {
      const { ref, kind } = entityChanged.payload.parse(event.payload);
      if (kind !== "API") return;
      const versions = await lastTwo(ctx, ref, event.time);
      if (!versions) return;
      await catalogue.feed.fresh();
      const changes = await reader.diff(...versions).catch((error: unknown) => {
        // Nobody can say what changed between texts that cannot be read; the reading of the source says so.
        if (error instanceof InvalidError) return [];
        throw error;
      });
      if (changes.length === 0) return;
      const { breaking, risky } = countOf(changes);
      const consumers = partiesOf(catalogue, await visibleTo(catalogue, ctx), ref).consumers.map((consumer) => consumer.ref);
      ctx.emit(apiChanged, ref, { ref, breaking, risky, consumers });
    },
  };
}

/** Undefined when this change was about something else: events about one entity come one by one. */
async function lastTwo({ sql }: Ctx, ref: string, at: Date): Promise<[before: string, after: string] | undefined> {
  const current = await readCurrent(sql, ref).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  // The row of history has the time of the change itself, a moment before the event's.
  if (current?.from === undefined || Math.abs(current.from.getTime() - at.getTime()) > 60_000) return undefined;
  const [earlier] = await listEarlier(sql, ref, undefined, 1);
  return earlier && [earlier.definition, current.definition];
}
