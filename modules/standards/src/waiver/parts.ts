import type { Policy } from "@roadbed/contracts/standards";
import { NotFoundError, type Ctx, type Sql } from "@roadbed/core";

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
  /** Its document; undefined for what is not there or not seen. */
  get(ctx: Ctx, ref: string): Promise<object | undefined>;
  /** Whether the caller may see it, or might have before it was removed. */
  sees(ctx: Ctx, ref: string): Promise<boolean>;
}

/** The document of an entity; undefined where nothing is asked of the catalogue. Throws `NotFoundError` for what is not there or not seen. */
export async function requireEntity(ctx: Ctx, entities: Entities | undefined, ref: string): Promise<object | undefined> {
  if (entities === undefined) return undefined;
  const document = await entities.get(ctx, ref);
  if (document === undefined) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  return document;
}
