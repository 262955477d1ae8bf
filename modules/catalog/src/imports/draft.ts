/** An entity as another portal's export describes it, before it is checked. */
export interface Draft {
  /** Line of the upload, from 1; of a list in JSON, the number of the item. */
  readonly line: number;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Something in the upload that becomes no entity. */
export interface Skipped {
  readonly line: number;
  readonly at: string;
  readonly reason: string;
  readonly mend?: string;
}

export interface Drafts {
  readonly drafts: readonly Draft[];
  readonly skipped: readonly Skipped[];
  /** What was decided on the way, for people. */
  readonly notes: readonly string[];
}

/** One record of an export, parsed. */
export interface Parsed {
  readonly line: number;
  readonly value: unknown;
}
