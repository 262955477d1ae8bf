/** A field of an object that its schema never asked about. */
export interface UnreadField {
  readonly path: readonly (string | number)[];
}

/**
 * Which fields of a value a compiled schema does not know. Schemas of Kubernetes let unknown fields pass, as the API server drops them in
 * silence; but a compiled schema reads each field that it knows, whether it is there or not, and reads every field of a map. So what is there
 * and was never read is unknown. Of an object whose schema says nothing of its insides nothing is read at all: it may hold anything.
 */
export function followReads<T>(value: T, look: (followed: T) => void): UnreadField[] {
  const unread: UnreadField[] = [];
  const followed: { readonly path: readonly (string | number)[]; readonly of: object; readonly read: ReadonlySet<string> }[] = [];
  look(follow(value, []) as T);
  for (const { path, of, read } of followed) {
    if (Array.isArray(of) || read.size === 0) continue;
    for (const key of Object.keys(of)) if (!read.has(key)) unread.push({ path: [...path, key] });
  }
  return unread;

  function follow(inner: unknown, path: readonly (string | number)[]): unknown {
    if (typeof inner !== "object" || inner === null) return inner;
    const read = new Set<string>();
    const inside = new Map<string, unknown>();
    followed.push({ path, of: inner, read });
    return new Proxy(inner, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof key !== "string") return found;
        read.add(key);
        if (typeof found !== "object" || found === null) return found;
        if (!inside.has(key)) inside.set(key, follow(found, [...path, Array.isArray(target) ? Number(key) : key]));
        return inside.get(key);
      },
    });
  }
}
