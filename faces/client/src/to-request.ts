import type { Operation } from "@roadbed/core";

export interface ClientRequest {
  readonly method: string;
  /** Path and query, beginning with a slash. */
  readonly path: string;
  /** JSON, for methods that have a body. */
  readonly body?: string;
}

/** How an input travels: path fields in the path, the rest in the query (GET, DELETE) or as a JSON body. */
export function toRequest({ http }: Operation, input: Readonly<Record<string, unknown>>): ClientRequest {
  const rest = { ...input };
  const path = http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(toText(value ?? ""));
  });
  if (http.method === "GET" || http.method === "DELETE") return { method: http.method, path: path + toQuery(rest) };
  return { method: http.method, path, body: JSON.stringify(rest) };
}

/** Arrays repeat their key; undefined is left out; objects are JSON. */
function toQuery(input: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(input)
    .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one: unknown) => [key, one] as const))
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(toText(value))}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
