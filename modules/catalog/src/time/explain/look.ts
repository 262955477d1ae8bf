import { parseRef } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";

/** One place where a thing may have got stuck. */
export interface Look {
  /** What is said of the place where it did not. */
  readonly nothing: Step;
  /** Adds what it saw to the steps; answers when that explains why the thing is not here. */
  look(ctx: Ctx, now: Standpoint, ref: string, steps: Step[]): Promise<Explanation | undefined>;
}

/** Pages of the web app that show the place. */
export const pages = {
  source: (id: string): string => `/sources/${encodeURIComponent(id)}`,
  removed: "/changes?tab=removed",
  proposal: (id: string, state: string): string => `/discover?state=${state}&select=${encodeURIComponent(id)}`,
  facts: (ref: string): string => {
    const { kind, namespace, name } = parseRef(ref);
    return `/entities/${kind}/${namespace}/${name}?tab=facts`;
  },
};

export function optional<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return (value === null || value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
