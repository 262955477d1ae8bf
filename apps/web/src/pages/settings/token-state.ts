import type { Token } from "@roadbed/contracts/identity";
import type { z } from "@roadbed/core";

export type TokenState = "works" | "ends soon" | "ended" | "revoked";

const SOON_MS = 7 * 86_400_000;

/** Whether a token is still let in, and whether one should think of the next. */
export function stateOfToken(
  { revokedAt, expiresAt }: Pick<z.infer<typeof Token>, "revokedAt" | "expiresAt">,
  now = Date.now(),
): TokenState {
  if (revokedAt !== undefined) return "revoked";
  if (expiresAt === undefined) return "works";
  const left = Date.parse(expiresAt) - now;
  return left <= 0 ? "ended" : left < SOON_MS ? "ends soon" : "works";
}
