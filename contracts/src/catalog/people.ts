import type { Entity } from "../catalog.ts";

/** Set to `"false"` on a user who has left. Such users stay: what they own must be handed over, and what they wrote stays theirs. */
export const ACTIVE_ANNOTATION = "roadbed.dev/active";

/** Whether a user is marked as one who has left. */
export function hasLeft(user: { readonly metadata: Pick<Entity["metadata"], "annotations"> }): boolean {
  return user.metadata.annotations?.[ACTIVE_ANNOTATION] === "false";
}
