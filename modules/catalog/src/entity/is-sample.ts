import type { Entity } from "@roadbed/contracts/catalog";

/** Whether an entity says of itself that it belongs to the sample estate. */
export function isLabelledSample(entity: Entity): boolean {
  return entity.metadata.annotations?.["roadbed.dev/sample"] === "true";
}
