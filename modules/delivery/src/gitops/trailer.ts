import { z } from "zod";

import type { PromotionRow } from "../promotion/promotion-store.ts";
import { RENDERER } from "./render.ts";

/** What a commit on an environment's branch says of each promotion in it. */
export const PromotionTrailer = z.object({
  id: z.string(),
  entity: z.string(),
  release: z.string(),
  number: z.number().int(),
  kind: z.enum(["promote", "rollback"]),
  /** What policies said: their decision, and which policies at which versions were asked. */
  verdict: z.string(),
  decision: z.string().optional(),
  policies: z.string().optional(),
});
export type PromotionTrailer = z.infer<typeof PromotionTrailer>;

const LINE = /^Roadbed-Promotion: (\{.*\})$/gm;

/** Who took what runs of a component into Git, and why. */
export interface AcceptedBy {
  readonly entity_ref: string;
  readonly by: string;
  readonly why: string;
  /** It is to be there no more: its first release there failed. */
  readonly remove?: boolean;
}

/** One line for people, then one trailer per promotion. `replaced` is the commit of somebody else that this one puts right. */
export function messageOf(
  environment: string,
  rows: readonly PromotionRow[],
  { replaced, accepted = [] }: { readonly replaced?: string | undefined; readonly accepted?: readonly AcceptedBy[] } = {},
): string {
  const lines = rows.map((row) => `Roadbed-Promotion: ${JSON.stringify(trailerOf(row))}`);
  const again = replaced === undefined ? [] : [`Roadbed-Restored: ${replaced}`];
  const taken = accepted.map(
    (one) =>
      `Roadbed-${one.remove === true ? "Removed" : "Accepted"}: ${JSON.stringify({ entity: one.entity_ref, by: one.by, why: one.why })}`,
  );
  return [titleOf(environment, rows, accepted), "", ...lines, ...taken, ...again, `Roadbed-Renderer: ${RENDERER}`, ""].join("\n");
}

/** The promotions that a commit names; what cannot be read is left out. */
export function promotionsIn(message: string): PromotionTrailer[] {
  return [...message.matchAll(LINE)].flatMap(([, text = ""]) => {
    try {
      const parsed = PromotionTrailer.safeParse(JSON.parse(text));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

function trailerOf({ id, entity_ref, release_id, number, kind, gates }: PromotionRow): PromotionTrailer {
  const gate = gates.find(({ name }) => name === "policies");
  const decision = gate?.evidence.find(({ label }) => label === "Decision")?.value;
  const policies = gate?.evidence.find(({ label }) => label === "Policies")?.value;
  return {
    id,
    entity: entity_ref,
    release: release_id,
    number,
    kind,
    verdict: gate === undefined ? "not asked" : gate.overridden === undefined ? gate.verdict : "overridden",
    ...(decision === undefined ? {} : { decision }),
    ...(policies === undefined ? {} : { policies }),
  };
}

/** One line of what a commit does, for people. */
export function titleOf(environment: string, rows: readonly PromotionRow[], accepted: readonly AcceptedBy[] = []): string {
  const [first] = rows;
  const nameIn = (ref: string): string => ref.slice(ref.indexOf("/") + 1);
  if (first === undefined && accepted.length > 0 && accepted.every(({ remove }) => remove === true))
    return `Take ${accepted.map(({ entity_ref }) => nameIn(entity_ref)).join(", ")} out of ${environment} again`;
  if (first === undefined && accepted.length > 0)
    return `Accept what runs of ${accepted.map(({ entity_ref }) => entity_ref.slice(entity_ref.indexOf("/") + 1)).join(", ")} in ${environment}`;
  if (first === undefined) return `Restore what ${environment} is to have`;
  const name = first.entity_ref.slice(first.entity_ref.indexOf("/") + 1);
  if (rows.length > 1) return `Promote ${rows.length} components to ${environment}`;
  return first.kind === "rollback"
    ? `Bring ${name} in ${environment} back to release ${first.number}`
    : `Promote ${name} ${first.number} to ${environment}`;
}
