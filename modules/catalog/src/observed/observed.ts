import type { Sql } from "@roadbed/core";

import type { Estate } from "../estate/estate.ts";
import { codeOfObserved } from "../graph/ways.ts";
import { createNames, type Names } from "./names.ts";
import type { ObservedType } from "./observations.ts";

/** An observed relation between two things of the catalogue, by their numbers. */
export interface ObservedEdge {
  readonly from: number;
  readonly to: number;
  readonly type: ObservedType;
  /** Over the last 24 hours. */
  readonly calls: number;
  readonly errors: number;
  readonly p95Ms: number | undefined;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly traceId: string;
  /** What telemetry calls the two ends. */
  readonly names: readonly [from: string, to: string];
}

/** A name in the telemetry that no entity of the catalogue has. */
export interface Stranger {
  readonly name: string;
  /** `service`: it sends spans itself; `peer`: others say that they call it. */
  readonly kind: "service" | "peer";
  readonly lastSeen: Date;
  readonly calls: number;
  /** Names of what works with it. */
  readonly by: readonly string[];
  readonly type: ObservedType | undefined;
  readonly traceId: string | undefined;
}

/** What the traces tell, as this process knows it, in the numbers of the estate. */
export interface Observed {
  /** Reads again what has changed. To be called before the others, at most a few seconds earlier. */
  fresh(sql: Sql): Promise<void>;
  /** The next `fresh` looks, however short ago the last one was. */
  wake(): void;
  readonly edges: readonly ObservedEdge[];
  /** How much of what a node does at its busiest goes over an edge, from 0 to 1: its calls by all calls that come in, or by the most that go out. */
  shareOf(id: number, edge: ObservedEdge): number;
  /** Edges of a node, both ways. */
  of(id: number): readonly ObservedEdge[];
  between(from: number, to: number): readonly ObservedEdge[];
  readonly strangers: readonly Stranger[];
  /** Since when and until when something sent spans of its own; undefined when it never did. */
  sender(id: number): { readonly firstSeen: Date; readonly lastSeen: Date } | undefined;
  senderIds(): Iterable<number>;
  /** The oldest hour that was ever counted; undefined while nobody watches. */
  readonly watchedFrom: Date | undefined;
  readonly foldedAt: Date | undefined;
  /** Whose name this is; undefined for strangers. */
  idOfName(name: string): number | undefined;
}

/** A change made by another process is seen after at most this. */
const LOOK_MS = 3_000;
const MOST_RELATIONS = 200_000;
const MOST_CALLERS_NAMED = 5;

export function createObserved(estate: Estate, o: { readonly changeOf: () => number }): Observed {
  let lookedAt = -Infinity;
  let version = -1;
  let appliedChange = -1;
  let stored: Stored = { relations: [], services: [], mapped: new Map() };
  let names: Names = createNames(estate, new Map());
  let edges: readonly ObservedEdge[] = [];
  let byNode = new Map<number, ObservedEdge[]>();
  let busy = new Map<number, { into: number; out: number }>();
  let strangers: readonly Stranger[] = [];
  let senders = new Map<number, { firstSeen: Date; lastSeen: Date }>();
  let watchedFrom: Date | undefined;
  let foldedAt: Date | undefined;

  return {
    fresh,
    wake: () => void (lookedAt = -Infinity),
    get edges() {
      return edges;
    },
    shareOf: (id, { calls }) => (calls === 0 ? 0 : Math.min(1, calls / busiest(id))),
    of: (id) => byNode.get(id) ?? [],
    between: (from, to) => (byNode.get(from) ?? []).filter((edge) => edge.from === from && edge.to === to),
    get strangers() {
      return strangers;
    },
    sender: (id) => senders.get(id),
    senderIds: () => senders.keys(),
    get watchedFrom() {
      return watchedFrom;
    },
    get foldedAt() {
      return foldedAt;
    },
    idOfName: (name) => names.idOf(name),
  };

  /** All calls that come in, or the most that go out over one edge; those from and to strangers count as well. */
  function busiest(id: number): number {
    const { into = 0, out = 0 } = busy.get(id) ?? {};
    return Math.max(into, out, 1);
  }

  function noteBusy(from: number | undefined, to: number | undefined, calls: number): void {
    for (const id of [from, to]) if (id !== undefined && !busy.has(id)) busy.set(id, { into: 0, out: 0 });
    if (from !== undefined) busy.get(from)!.out = Math.max(busy.get(from)!.out, calls);
    if (to !== undefined) busy.get(to)!.into += calls;
  }

  async function fresh(sql: Sql): Promise<void> {
    if (performance.now() - lookedAt >= LOOK_MS) {
      lookedAt = performance.now();
      const { rows } = await sql.query<{ version: string; watched_from: Date | null; folded_at: Date | null }>(
        "select version, watched_from, folded_at from catalog.observed_clock",
      );
      watchedFrom = rows[0]?.watched_from ?? undefined;
      foldedAt = rows[0]?.folded_at ?? undefined;
      const now = Number(rows[0]?.version ?? 0);
      if (now !== version) {
        stored = await readStored(sql);
        version = now;
        appliedChange = -1;
      }
    }
    if (appliedChange !== o.changeOf()) resolve();
  }

  /** Puts numbers to the names: after news of the traces, and after news of the entities. */
  function resolve(): void {
    appliedChange = o.changeOf();
    names = createNames(estate, stored.mapped);
    const found: ObservedEdge[] = [];
    const lost = new Map<string, { calls: number; lastSeen: Date; by: Set<string>; type: ObservedType; traceId: string }>();
    busy = new Map();
    for (const row of stored.relations) {
      const from = names.idOf(row.from_name);
      const to = names.idOfFirst(row.to_names, row.type === "uses");
      noteBusy(from, to, Number(row.calls));
      if (from !== undefined && to !== undefined && from !== to) found.push(edgeOf(row, from, to));
      if (to === undefined && !row.to_names.some((name) => names.isDisowned(name))) note(lost, row);
    }
    edges = found;
    byNode = new Map();
    for (const edge of found) {
      for (const id of [edge.from, edge.to]) {
        const list = byNode.get(id);
        if (list) list.push(edge);
        else byNode.set(id, [edge]);
      }
    }
    senders = new Map();
    const unknown: Stranger[] = [];
    for (const { name, first_seen, last_seen } of stored.services) {
      const id = names.idOf(name);
      if (id !== undefined) senders.set(id, widen(senders.get(id), first_seen, last_seen));
      else if (!names.isDisowned(name)) unknown.push(strangerOf(name, "service", last_seen, lost.get(name)));
      lost.delete(name);
    }
    for (const [name, one] of lost) unknown.push(strangerOf(name, "peer", one.lastSeen, one));
    strangers = unknown.sort((a, b) => b.calls - a.calls || (a.name < b.name ? -1 : 1));
    estate.observe(found.map(({ from, to, type }) => ({ from, to, code: codeOfObserved(type) })));
  }
}

interface RelationRow {
  readonly from_name: string;
  readonly to_names: readonly string[];
  readonly type: ObservedType;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly trace_id: string;
  readonly calls: string;
  readonly errors: string;
  readonly p95_ms: number | null;
}

interface Stored {
  readonly relations: readonly RelationRow[];
  readonly services: readonly { readonly name: string; readonly first_seen: Date; readonly last_seen: Date }[];
  readonly mapped: ReadonlyMap<string, string | null>;
}

async function readStored(sql: Sql): Promise<Stored> {
  const { rows: relations } = await sql.query(
    `select from_name, to_names, type, first_seen, last_seen, trace_id, calls, errors, p95_ms
     from catalog.observed_relation order by from_name, to_name, type limit ${MOST_RELATIONS}`,
  );
  const { rows: services } = await sql.query("select name, first_seen, last_seen from catalog.observed_service order by name");
  const { rows: mapped } = await sql.query<{ name: string; ref: string | null }>("select name, ref from catalog.observed_name");
  return {
    relations: relations as unknown as RelationRow[],
    services: services as unknown as Stored["services"],
    mapped: new Map(mapped.map(({ name, ref }) => [name, ref])),
  };
}

function edgeOf(row: RelationRow, from: number, to: number): ObservedEdge {
  return {
    from,
    to,
    type: row.type,
    calls: Number(row.calls),
    errors: Number(row.errors),
    p95Ms: row.p95_ms ?? undefined,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    traceId: row.trace_id,
    names: [row.from_name, row.to_names[0]!],
  };
}

function note(
  lost: Map<string, { calls: number; lastSeen: Date; by: Set<string>; type: ObservedType; traceId: string }>,
  row: RelationRow,
): void {
  const name = row.to_names[0]!;
  const known = lost.get(name) ?? { calls: 0, lastSeen: row.last_seen, by: new Set<string>(), type: row.type, traceId: row.trace_id };
  known.calls += Number(row.calls);
  if (row.last_seen > known.lastSeen) known.lastSeen = row.last_seen;
  if (known.by.size < MOST_CALLERS_NAMED) known.by.add(row.from_name);
  lost.set(name, known);
}

function strangerOf(
  name: string,
  kind: Stranger["kind"],
  lastSeen: Date,
  one: { readonly calls: number; readonly by: ReadonlySet<string>; readonly type: ObservedType; readonly traceId: string } | undefined,
): Stranger {
  return { name, kind, lastSeen, calls: one?.calls ?? 0, by: [...(one?.by ?? [])], type: one?.type, traceId: one?.traceId };
}

function widen(known: { firstSeen: Date; lastSeen: Date } | undefined, first: Date, last: Date): { firstSeen: Date; lastSeen: Date } {
  if (!known) return { firstSeen: first, lastSeen: last };
  return { firstSeen: first < known.firstSeen ? first : known.firstSeen, lastSeen: last > known.lastSeen ? last : known.lastSeen };
}
