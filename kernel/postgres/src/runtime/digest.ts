import { createHash } from "node:crypto";

/** SHA-256 (hex) of a value's JSON with sorted keys, so that equal values have equal digests; fields named in `secrets` are left out. */
export function digest(value: unknown, secrets: readonly string[] = []): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(withoutSecrets(value, secrets))) ?? "null")
    .digest("hex");
}

function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0 || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !secrets.includes(key)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
