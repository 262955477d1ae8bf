/** The way to a property of a document, key by key, e.g. `["spec", "owner"]`. */
export type Path = readonly string[];

/** Maps of text whose keys are dotted names: all that comes behind them is one key. */
const FLAT = ["metadata.annotations", "metadata.labels"];

/** The path as people write it: `spec.owner`, `metadata.annotations.backstage.io/techdocs-ref`; a dot inside any other key is `\.`. */
export function formatProperty(path: Path): string {
  if (path.length === 3 && FLAT.includes(`${path[0]}.${path[1]}`)) return `${path[0]}.${path[1]}.${path[2]}`;
  return path.map((key) => key.replaceAll("\\", "\\\\").replaceAll(".", "\\.")).join(".");
}

/** The other way round; undefined for text that names no property (an empty key, a `\` at the end). */
export function parseProperty(text: string): Path | undefined {
  for (const map of FLAT) {
    if (text.startsWith(`${map}.`) && text.length > map.length + 1) return [...map.split("."), text.slice(map.length + 1)];
  }
  const path: string[] = [];
  let key = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === "\\") {
      if (++at === text.length) return undefined;
      key += text[at]!;
    } else if (letter === ".") {
      if (key === "") return undefined;
      path.push(key);
      key = "";
    } else key += letter;
  }
  return key === "" ? undefined : [...path, key];
}

/** Why nobody but the server and the defining descriptor may say this; undefined when anybody may. */
export function reservedReason(path: Path): string | undefined {
  const [root, key] = path;
  if (root === "relations" || root === "status") return "is derived from the documents, never set";
  if (root === "metadata" && (key === "uid" || key === "etag")) return "is the server's";
  if (root === "apiVersion" || root === "kind" || (root === "metadata" && (key === "name" || key === "namespace"))) {
    return "is part of what the entity is called";
  }
  if (root !== "metadata" && root !== "spec") return "is no part of an entity";
  return path.length === 1 ? "is the whole of it; name one property below" : undefined;
}

/** The value at a path; undefined when there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
