import { hash, verify } from "@node-rs/argon2";

/** OWASP's argon2id parameters: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Verified in place of a hash that is not there, so that an unknown name takes as long as a known one. */
let decoy: Promise<string> | undefined;

export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Takes the same time whether or not there is a hash to compare with. */
export async function isPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  decoy ??= hash("nobody's password", COST);
  const stored = await decoy;
  const matches = await verify(passwordHash ?? stored, password);
  return matches && passwordHash !== undefined;
}
