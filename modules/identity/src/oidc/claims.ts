import type { Role } from "@roadbed/contracts/identity";
import { z } from "zod";

/** What we read of a person's claims; everything else a provider sends is left alone. */
const Claims = z.object({
  iss: z.string().min(1),
  sub: z.string().min(1).max(255),
  preferred_username: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  email: z.email().optional().catch(undefined),
});

/** A person as the provider describes them. */
export interface Person {
  /** Issuer and subject: the only lasting name that a provider gives. */
  readonly subject: string;
  /** A wish: it may be taken. */
  readonly username: string;
  readonly displayName: string;
  readonly email: string | undefined;
  /** As the provider writes them. */
  readonly groups: readonly string[];
}

/** Throws a `ZodError` when the provider left out what OpenID Connect demands. */
export function toPerson(claims: Record<string, unknown>, groupsClaim: string): Person {
  const { iss, sub, preferred_username, name, email } = Claims.parse(claims);
  const groups = claims[groupsClaim];
  const username = toUsername(preferred_username ?? email ?? sub);
  return {
    subject: `${iss} ${sub}`,
    username,
    displayName: (name?.trim() || username).slice(0, 100),
    email,
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : typeof groups === "string" ? [groups] : [],
  };
}

/** Names that a local account could have: what stands before an `@`, in small letters, other signs as dashes. */
export function toUsername(wish: string): string {
  const plain = (wish.split("@")[0] ?? "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 50);
  return plain === "" ? "user" : plain;
}

/**
 * The role after a sign-in. Where administrators' groups are configured, the provider decides who is one, both ways;
 * where none are, a role given here stays.
 */
export function roleAfter(current: Role | undefined, groups: readonly string[], adminGroups: readonly string[]): Role {
  if (adminGroups.length === 0) return current ?? "developer";
  if (groups.some((group) => adminGroups.includes(group))) return "admin";
  return current === undefined || current === "admin" ? "developer" : current;
}

/** The catalogue's references for the provider's groups: the last part of a path, where it could be an entity's name. */
export function toGroupRefs(groups: readonly string[]): string[] {
  const names = groups.map((group) => group.split("/").at(-1)?.toLowerCase() ?? "");
  return [...new Set(names.filter((name) => /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/.test(name)))].map((name) => `group:default/${name}`);
}
