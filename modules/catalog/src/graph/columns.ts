import type { Estate } from "../estate/estate.ts";
import type { Item } from "../estate/item.ts";

/** Per node, what a blast radius counts and weighs: as numbers in rows, so that a million of them can be gone through. */
export interface Columns {
  /** After the estate has applied the same. */
  apply(arrivals: readonly Item[], departures: readonly string[]): void;
  /** Number of the owner's node; NOBODY where there is none. */
  readonly owner: Int32Array;
  readonly system: Int32Array;
  /** From 0 to 1; 0 where the node is no entity. */
  readonly criticality: Float32Array;
  /** Number of the kind, for `kinds`; 0 where the node is no entity. */
  readonly kind: Uint8Array;
  readonly kinds: readonly string[];
}

export const NOBODY = -1;
/** More kinds than these are counted as one, the last. */
const MOST_KINDS = 255;

export function createColumns(estate: Estate): Columns {
  const kinds: string[] = [""];
  const numbers = new Map<string, number>();
  const columns = { owner: new Int32Array(0), system: new Int32Array(0), criticality: new Float32Array(0), kind: new Uint8Array(0) };
  return {
    apply: (arrivals, departures) => {
      makeRoom(estate.graph.nodes);
      for (const ref of departures) {
        const id = estate.idOf(ref);
        if (id !== undefined && id < columns.kind.length && !estate.at(id)) clear(id);
      }
      for (const item of arrivals) put(item);
    },
    get owner() {
      return columns.owner;
    },
    get system() {
      return columns.system;
    },
    get criticality() {
      return columns.criticality;
    },
    get kind() {
      return columns.kind;
    },
    kinds,
  };

  function put(item: Item): void {
    makeRoom(item.id + 1);
    columns.owner[item.id] = idOf(item.owner);
    columns.system[item.id] = idOf(item.system);
    columns.criticality[item.id] = item.criticality;
    columns.kind[item.id] = numberOf(item.kind);
  }

  function clear(id: number): void {
    columns.owner[id] = NOBODY;
    columns.system[id] = NOBODY;
    columns.criticality[id] = 0;
    columns.kind[id] = 0;
  }

  function idOf(ref: string | undefined): number {
    return ref === undefined ? NOBODY : (estate.idOf(ref) ?? NOBODY);
  }

  function numberOf(kind: string): number {
    const known = numbers.get(kind);
    if (known !== undefined) return known;
    if (kinds.length >= MOST_KINDS) return MOST_KINDS - 1;
    numbers.set(kind, kinds.length);
    kinds.push(kind);
    return kinds.length - 1;
  }

  function makeRoom(nodes: number): void {
    const before = columns.kind.length;
    if (nodes <= before) return;
    const room = Math.ceil(nodes * 1.2) + 64;
    for (const name of ["owner", "system"] as const) {
      const wider = new Int32Array(room).fill(NOBODY, before);
      wider.set(columns[name]);
      columns[name] = wider;
    }
    const criticality = new Float32Array(room);
    criticality.set(columns.criticality);
    const kind = new Uint8Array(room);
    kind.set(columns.kind);
    Object.assign(columns, { criticality, kind });
  }
}
