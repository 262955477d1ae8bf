import { defineEvent, type EventType } from "@roadbed/core";
import { z } from "zod";

import { SyncCounts } from "./source.ts";

const EntityChange = z.object({ ref: z.string(), kind: z.string(), sample: z.boolean() });

export const entityRegistered: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.registered",
  summary: "An entity appeared that was not there.",
  payload: EntityChange,
});
export const entityChanged: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.changed",
  summary: "An entity's document changed.",
  payload: EntityChange,
});
export const entityRemoved: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.removed",
  summary: "An entity is gone.",
  payload: EntityChange,
});
export const sourceSynced = defineEvent({
  name: "catalog.source.synced",
  summary: "A source was read to its end.",
  payload: z.object({ sourceId: z.string(), counts: SyncCounts }),
});
export const sampleRemoved = defineEvent({
  name: "catalog.sample.removed",
  summary: "The sample estate was removed from the catalogue; every module removes what it keeps of it.",
  payload: z.object({}),
});
