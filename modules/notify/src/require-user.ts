import { ForbiddenError, type Call } from "@roadbed/core";

/** The account that a call is made for. Throws `ForbiddenError` for callers that are no person: they have no inbox. */
export function requireUser({ actor }: Pick<Call, "actor">): string {
  if (actor.kind === "user") return actor.id;
  if (actor.kind === "agent" && actor.onBehalfOf !== undefined) return actor.onBehalfOf;
  throw new ForbiddenError("Only a person has an inbox, follows things and keeps views.", { mend: "Sign in as a person." });
}
