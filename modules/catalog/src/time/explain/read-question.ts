import { formatRef, parseRef } from "@roadbed/contracts/catalog";

/** What somebody asks about, as it was understood. */
export type Question =
  | { readonly kind: "reference"; readonly ref: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "path"; readonly path: string };

/** Tells a reference from a name, an address and a path. What could be two of them is the first in that order. */
export function readQuestion(text: string): Question {
  const what = text.trim();
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(what) || /^[\w.-]+@[\w.-]+:/.test(what)) return { kind: "address", address: what };
  const isFile = /\.(?:ya?ml|json|ndjson|jsonl|md|txt|toml|xml|csv)$/i.test(what);
  if (/^(?:\/|\.{1,2}\/|[a-z]:\\)/i.test(what) || isFile || what.split("/").length > 2) {
    return { kind: "path", path: what.replaceAll("\\", "/").replace(/^\.\//, "") };
  }
  if (!what.includes(":")) return what.includes("/") ? { kind: "path", path: what } : { kind: "name", name: what.toLowerCase() };
  try {
    return { kind: "reference", ref: formatRef(parseRef(what)) };
  } catch {
    return { kind: "name", name: what.toLowerCase() };
  }
}
