import { InvalidError } from "@roadbed/core";
import sodium from "libsodium-wrappers";

import type { Place } from "../outside/connect.ts";

/** A secret as GitHub takes it: sealed with a public key of the repository, so that nobody on the way can read it. */
interface Sealed {
  readonly encrypted_value: string;
  readonly key_id: string;
}

/**
 * Sets secrets below `at`, the path of a repository's Actions or of an environment. The same again is the same: GitHub cannot be asked what
 * a secret says, so each is set anew whenever the step begins.
 */
export async function setSecrets({ ask }: Pick<Place, "ask">, at: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(secrets);
  if (entries.length === 0) return;
  const { body: key } = await ask("GET", `${at}/secrets/public-key`);
  for (const [name, value] of entries) await ask("PUT", secretAt(at, name), { body: await seal(value, key), repeatable: true });
}

/** Takes secrets away again; one that is gone already is gone. */
export async function removeSecrets({ ask }: Pick<Place, "ask">, at: string, names: readonly string[]): Promise<void> {
  for (const name of names) await ask("DELETE", secretAt(at, name), { accept: [404], repeatable: true });
}

/** Names that GitHub refuses, told before anything is made. */
export function problemsOfSecrets(secrets: Readonly<Record<string, string>>): { about: string; reason: string; mend: string }[] {
  return Object.keys(secrets)
    .filter((name) => !/^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/i.test(name))
    .map((name) => ({
      about: name,
      reason: `GitHub takes no secret of the name "${name}"`,
      mend: "Name it with letters, digits and _, no digit first, and not beginning with GITHUB_.",
    }));
}

async function seal(value: string, key: unknown): Promise<Sealed> {
  const { key: given, key_id } = (key ?? {}) as { key?: unknown; key_id?: unknown };
  if (typeof given !== "string" || typeof key_id !== "string") throw new InvalidError("The host gave no public key to seal secrets with.");
  await sodium.ready;
  const sealed = sodium.crypto_box_seal(value, sodium.from_base64(given, sodium.base64_variants.ORIGINAL));
  return { encrypted_value: sodium.to_base64(sealed, sodium.base64_variants.ORIGINAL), key_id };
}

function secretAt(at: string, name: string): string {
  return `${at}/secrets/${encodeURIComponent(name)}`;
}
