import type { Call, Ctx } from "@roadbed/core";

/** What scorecards ask of the catalogue. Everything that it answers is as of now, in this process. */
export interface Things {
  changesAfter(place: Place, limit: number): Promise<News>;
  /** Entities of which rules see something of these. */
  around(refs: readonly string[]): readonly string[];
  /** Of these kinds (lower case), or of every kind, in the order of references. */
  refsAfter(ref: string, kinds: ReadonlySet<string> | undefined, limit: number): readonly string[];
  /** By thing what rules see of it. `unread` says by name what is not known of it now, and why: `{ repo: "…" }`. */
  read(refs: readonly string[], wanted: Wanted): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  refsOfSource(sourceId: string): Promise<readonly string[]>;
  /** Something was changed in the repositories of these just now, at a host outside. */
  doubtFiles(refs: readonly string[]): Promise<void>;
  /** Things beside which other files were read than before, at a host that nobody waits for. */
  onFilesRead(listener: (refs: readonly string[]) => void): () => void;
  /** Those of them that are there. */
  existing(refs: readonly string[]): readonly string[];
  viewOf(viewer: Pick<Call, "actor" | "scopes"> & Pick<Ctx, "sql">): Promise<ThingView>;
}

export interface Place {
  readonly change: number;
  readonly ref: string;
}

export interface News {
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Whom they named before. */
  readonly namedBefore: readonly string[];
  readonly place: Place;
  /** How many more there are. */
  readonly waiting: number;
  readonly end: Place;
}

/** What rules read besides the entity and its relations. */
export interface Wanted {
  readonly facts?: boolean;
  readonly onCall?: boolean;
  readonly docs?: boolean;
  readonly objectives?: boolean;
  readonly files?: readonly string[];
}

/** What a caller may see. */
export interface ThingView {
  /** The same for all who see the same. */
  readonly key: string;
  get(ref: string): Thing | undefined;
}

export interface Thing {
  readonly ref: string;
  readonly kind: string;
  readonly title: string;
  readonly owner: string | undefined;
  readonly system: string | undefined;
}

/** What is asked of whoever runs things: by entity, what runs of it. */
export interface Runtimes {
  workloadsOf(refs: readonly string[]): Promise<ReadonlyMap<string, readonly object[]>>;
}

/** What is asked of whoever measures: by entity, its objectives with what was counted for them last. */
export interface Measures {
  objectivesOf(refs: readonly string[]): Promise<ReadonlyMap<string, readonly object[]>>;
}
