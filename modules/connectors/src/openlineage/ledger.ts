import type { Entity } from "@roadbed/contracts/catalog";

/**
 * Adds up what events say of one job or data set, in whichever order they come and however often. Of each part the newest event's
 * word counts; of equally new ones always the same. The instants stand in an annotation of the entity, so that nothing else has
 * to be remembered.
 */
export interface Ledger {
  /** `value` undefined: the event says nothing of it. */
  tell(part: Part, value: unknown, at: string): void;
  /** Depends on it, as seen then. */
  depend(ref: string, at: string): void;
  /** Undefined parts are given the usual words. */
  entity(usual: { readonly owner: string; readonly lifecycle?: string }): Entity;
}

const PARTS = {
  description: ["metadata", "description"],
  sourceLocation: ["metadata", "annotations", "backstage.io/source-location"],
  integration: ["metadata", "annotations", "openlineage.io/integration"],
  jobType: ["metadata", "annotations", "openlineage.io/job-type"],
  dataSource: ["metadata", "annotations", "openlineage.io/data-source"],
  owner: ["spec", "owner"],
  subcomponentOf: ["spec", "subcomponentOf"],
  schema: ["spec", "schema"],
  columnLineage: ["spec", "columnLineage"],
  lastOutcome: ["spec", "lastOutcome"],
  lastSuccessAt: ["spec", "lastSuccessAt"],
  lastFailureAt: ["spec", "lastFailureAt"],
  lastWrittenAt: ["spec", "lastWrittenAt"],
} as const;
export type Part = keyof typeof PARTS;

const AS_OF = "openlineage.io/as-of";
const DAY_MS = 86_400_000;
const MAX_EDGES = 2_000;

interface Memory {
  /** When each part was said. */
  readonly parts: Record<string, string>;
  /** When each dependency was last seen. */
  readonly edges: Record<string, string>;
}

type Draft = Record<string, Record<string, unknown>>;

/** `known`: the entity as it was added up so far. A dependency that no event shows for `keepDays` is over. */
export function openLedger(
  head: {
    readonly kind: string;
    readonly type: string;
    readonly name: string;
    readonly namespace: string;
    readonly title: string;
    readonly annotations: Record<string, string>;
  },
  known: Entity | undefined,
  keepDays: number,
): Ledger {
  const { parts, edges } = memoryOf(known);
  const values = new Map<Part, unknown>();
  for (const part of Object.keys(PARTS) as Part[]) if (part in parts) values.set(part, valueAt(known, PARTS[part]));

  return { tell, depend, entity };

  function tell(part: Part, value: unknown, at: string): void {
    if (value === undefined) return;
    const before = parts[part];
    const isNewer = before === undefined || at > before || (at === before && JSON.stringify(value) > JSON.stringify(values.get(part)));
    if (!isNewer) return;
    parts[part] = at;
    values.set(part, value);
  }

  function depend(ref: string, at: string): void {
    if (edges[ref] === undefined || at > edges[ref]) edges[ref] = at;
  }

  function entity({ owner, lifecycle }: { readonly owner: string; readonly lifecycle?: string }): Entity {
    const kept = recent(edges, parts, keepDays);
    const dependsOn = kept.map(([ref]) => ref);
    const draft: Draft = {
      metadata: {
        name: head.name,
        namespace: head.namespace,
        title: head.title,
        annotations: { ...head.annotations, [AS_OF]: JSON.stringify({ parts: sorted(parts), edges: Object.fromEntries(kept) }) },
      },
      spec: {
        type: head.type,
        ...(lifecycle === undefined ? {} : { lifecycle }),
        owner,
        ...(dependsOn.length === 0 ? {} : { dependsOn }),
      },
    };
    for (const part of Object.keys(PARTS) as Part[]) if (values.has(part)) put(draft, PARTS[part], values.get(part));
    return { apiVersion: "backstage.io/v1alpha1", kind: head.kind, ...draft } as unknown as Entity;
  }
}

function memoryOf(known: Entity | undefined): Memory {
  try {
    const { parts = {}, edges = {} } = JSON.parse(known?.metadata.annotations?.[AS_OF] ?? "{}") as Partial<Memory>;
    return { parts: { ...parts }, edges: { ...edges } };
  } catch {
    return { parts: {}, edges: {} };
  }
}

/** What was seen within the time before the newest news: not before now, or a pipeline that rests would lose its lineage. */
function recent(edges: Record<string, string>, parts: Record<string, string>, keepDays: number): [string, string][] {
  const newest = Math.max(...[...Object.values(edges), ...Object.values(parts)].map((at) => Date.parse(at)), 0);
  return Object.entries(edges)
    .filter(([, at]) => Date.parse(at) >= newest - keepDays * DAY_MS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_EDGES);
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function valueAt(entity: Entity | undefined, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], entity);
}

function put(draft: Draft, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  const last = rest.pop()!;
  const place = rest.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, draft[first!]!);
  place[last] = value;
}
