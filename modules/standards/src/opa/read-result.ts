/** What a compiled policy found: `weak` where it only warns. */
export interface OpaFinding {
  readonly message: string | undefined;
  readonly weak: boolean;
}

/**
 * Reads the results of an entrypoint as such policies are written: `allow` is true or false, `deny`, `violation` and `warn` are sets of
 * texts or of objects with `msg`, and a package is an object of these. Undefined where it says none of that: then it cannot be judged.
 */
export function readResult(results: readonly unknown[], entrypoint: string): readonly OpaFinding[] | undefined {
  const name = entrypoint.split("/").at(-1) ?? "";
  const values = results.map((one) => (one as { readonly result?: unknown } | null)?.result).filter((one) => one !== undefined);
  // Undefined is not allowed; of what would be found nothing is.
  if (values.length === 0) return isAllow(name) ? [{ message: undefined, weak: false }] : [];
  const all = values.map((value) => read(value, name));
  return all.some((one) => one === undefined) ? undefined : (all as OpaFinding[][]).flat();
}

const RULES = /^(?:allow|allowed|deny|denied|violation|violations|warn|warnings)$/;

function read(value: unknown, name: string): OpaFinding[] | undefined {
  const weak = name.startsWith("warn");
  if (typeof value === "boolean") return (isAllow(name) || !RULES.test(name)) === value ? [] : [{ message: undefined, weak }];
  if (Array.isArray(value)) return value.map((one) => ({ message: messageOf(one), weak }));
  if (typeof value !== "object" || value === null) return undefined;
  const rules = Object.entries(value).filter(([key]) => RULES.test(key));
  if (rules.length === 0) return undefined;
  const all = rules.map(([key, one]) => read(one, key));
  return all.some((one) => one === undefined) ? undefined : (all as OpaFinding[][]).flat();
}

function isAllow(name: string): boolean {
  return name === "allow" || name === "allowed";
}

function messageOf(one: unknown): string | undefined {
  if (typeof one === "string") return one;
  const { msg, message, reason } = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
  const said = [msg, message, reason].find((text) => typeof text === "string");
  return (said as string | undefined) ?? JSON.stringify(one);
}
