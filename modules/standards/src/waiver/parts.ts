import type { Policy } from "@roadbed/contracts/standards";
import type { Ctx, Sql } from "@roadbed/core";

import type { Expressions } from "../deps.ts";

/** What the verbs of waivers share. */
export interface WaiverParts {
  readonly cel: Expressions;
  readonly policies: readonly Pick<Policy, "name" | "pack" | "severity" | "title">[];
  /** What else can be waived by its name: a rule of a scorecard, as `scorecard/rule`. */
  readonly others?: (sql: Sql, name: string) => Promise<Pick<Policy, "name" | "pack" | "severity" | "title"> | undefined>;
  /** What is asked of the catalogue. Absent: whatever is named is there, and everybody sees it. */
  readonly entities?: Entities | undefined;
}

export interface Entities {
  /** Throws `NotFoundError` for what is not there or not seen. */
  get(ctx: Ctx, ref: string): Promise<unknown>;
  /** Whether the caller may see it, or might have before it was removed. */
  sees(ctx: Ctx, ref: string): Promise<boolean>;
}
