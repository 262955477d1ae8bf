import type { Estate } from "../estate/estate.ts";

/** Says whose name in the telemetry this is. Answers are remembered as long as the object lives: make a new one after a change. */
export interface Names {
  /** The number of the entity that sends its telemetry under this name; undefined when none, or more than one, does. */
  idOf(name: string): number | undefined;
  /** The first of some names that somebody has; a store is looked for among resources first. */
  idOfFirst(names: readonly string[], store: boolean): number | undefined;
  /** Somebody said that it is none of ours. */
  isDisowned(name: string): boolean;
}

const ANNOTATION = "metadata.annotations.roadbed.dev/service-name";

/**
 * A name belongs, in this order: to whom a person gave it; to the one entity whose annotation `roadbed.dev/service-name` it is; to
 * the component (or resource, or API) of that name in the namespace `default`; to the only one of that name in any namespace.
 */
export function createNames(estate: Estate, mapped: ReadonlyMap<string, string | null>): Names {
  const known = new Map<string, number | undefined>();
  let annotatedIds: ReadonlySet<number> | undefined;
  return {
    idOf: (name) => remember(name, SERVICES),
    idOfFirst: (names, store) => {
      for (const name of names) {
        const id = remember(name, store ? STORES : SERVICES);
        if (id !== undefined) return id;
      }
      return undefined;
    },
    isDisowned: (name) => mapped.get(name) === null,
  };

  function remember(name: string, kinds: readonly string[]): number | undefined {
    const key = `${kinds[0]} ${name}`;
    if (!known.has(key)) known.set(key, find(name, kinds));
    return known.get(key);
  }

  function find(name: string, kinds: readonly string[]): number | undefined {
    const given = mapped.get(name);
    if (given !== undefined) return given === null ? undefined : estate.get(given)?.id;
    const annotated = estate.select([{ key: ANNOTATION, values: [name.toLowerCase()] }]);
    if (annotated.length > 0) return annotated.length === 1 ? annotated[0] : undefined;
    for (const kind of kinds) {
      const item = estate.get(`${kind}:default/${name.toLowerCase()}`);
      // Who sends its telemetry under another name does not have this one.
      if (item && !hasAnnotation(item.id)) return item.id;
    }
    for (const kind of kinds) {
      const named = estate
        .select([
          { key: "kind", values: [kind] },
          { key: "metadata.name", values: [name.toLowerCase()] },
        ])
        .filter((id) => !hasAnnotation(id));
      if (named.length > 0) return named.length === 1 ? named[0] : undefined;
    }
    return undefined;
  }

  function hasAnnotation(id: number): boolean {
    annotatedIds ??= new Set(estate.select([{ key: ANNOTATION, values: undefined }]));
    return annotatedIds.has(id);
  }
}

const SERVICES = ["component", "api", "resource"] as const;
const STORES = ["resource", "component", "api"] as const;
