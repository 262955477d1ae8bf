import type { Sql } from "@roadbed/core";

/** Annotations that Backstage's own engine sets and its clients rely on: answered on entities, never stored with them. */
export const SERVER_ANNOTATIONS = [
  "backstage.io/managed-by-location",
  "backstage.io/managed-by-origin-location",
  "backstage.io/source-location",
  "backstage.io/view-url",
  "backstage.io/edit-url",
  "backstage.io/orphan",
] as const;

/** A source as annotations name it. */
export interface Origin {
  readonly kind: string;
  readonly target: string;
}

/** The sources, at most two seconds old. */
export interface Origins {
  all(sql: Sql): Promise<ReadonlyMap<string, Origin>>;
}

const MAX_AGE_MS = 2_000;

export function createOrigins(): Origins {
  let known: ReadonlyMap<string, Origin> = new Map();
  let readAt = -Infinity;
  return {
    all: async (sql) => {
      if (performance.now() - readAt < MAX_AGE_MS) return known;
      const { rows } = await sql.query<{ id: string; kind: string; target: string }>("select id, kind, target from catalog.source");
      // The same map as long as it says the same: what was made of it is not made again.
      const isSame =
        rows.length === known.size &&
        rows.every(({ id, kind, target }) => known.get(id)?.kind === kind && known.get(id)?.target === target);
      if (!isSame) known = new Map(rows.map(({ id, kind, target }) => [id, { kind, target }]));
      readAt = performance.now();
      return known;
    },
  };
}

/** What is answered on an entity that a source read at a location. */
export function annotationsOf(
  { location, orphan }: { readonly location: string; readonly orphan: boolean },
  origin: Origin | undefined,
): Readonly<Record<string, string>> {
  return {
    "backstage.io/managed-by-location": locationRef(location),
    "backstage.io/managed-by-origin-location": origin === undefined ? locationRef(location) : originRef(origin),
    ...pagesOf(location),
    ...(orphan ? { "backstage.io/orphan": "true" } : {}),
  };
}

/** A location as Backstage writes it: `type:target`. */
export function locationRef(location: string): string {
  if (/^(?:https?|ssh|file):\/\//i.test(location) || /^[\w.-]+@[\w.-]+:/.test(location)) return `url:${location}`;
  if (location.startsWith("/") || /^[a-z]:\\/i.test(location)) return `file:${location}`;
  return /^[a-z][a-z0-9-]*:/i.test(location) ? location : `url:${location}`;
}

function originRef({ kind, target }: Origin): string {
  const type = kind === "git" ? "url" : kind === "folder" ? "file" : kind;
  return `${type}:${target}`;
}

/** The pages of a file and of its folder, where the host has such pages. */
function pagesOf(location: string): Record<string, string> {
  const [, base, rest] = /^(https?:\/\/[^?#]+?)\/blob\/([^?#]+)$/i.exec(location) ?? [];
  if (base === undefined || rest === undefined) return {};
  return {
    "backstage.io/source-location": `url:${base}/tree/${rest.slice(0, rest.lastIndexOf("/") + 1)}`,
    "backstage.io/view-url": location,
    "backstage.io/edit-url": `${base}/edit/${rest}`,
  };
}
