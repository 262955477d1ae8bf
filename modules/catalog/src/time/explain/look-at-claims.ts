import type { Entity } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import { seesDocument } from "../../estate/visibility.ts";
import { seesRef } from "../../source/show-source.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { optional, pages, type Look } from "./look.ts";

/** What a source says of an entity that it does not define. */
interface Said {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly standing: "standby" | "connector";
  readonly ref: string | null;
  readonly annotation: string | null;
  readonly value: string | null;
  readonly location: string;
  readonly line: number | null;
  readonly since: Date;
  readonly document: Entity;
}

const MOST = 20;

/** What sources add to a thing that none of them describes. */
export const claims: Look = {
  nothing: { looked: "what sources add to others' entities", outcome: "nothing", detail: "none of it is about it" },
  look: async (ctx, now, ref, steps) => {
    const name = ref.slice(ref.indexOf("/") + 1);
    const found = await listSaid(ctx, now, "(c.ref = $1 or (c.ref is null and split_part(lower(c.annotation_value), '/', -1) = $2))", [
      ref,
      name,
    ]);
    const waiting = found.filter((one) => one.ref === ref || !isTaken(now, one));
    const [first] = waiting;
    for (const one of waiting)
      steps.push(stepOf(one, one.ref === null ? `it waits for an entity with ${one.annotation}: ${one.value}` : ADDS));
    if (!first) return undefined;
    const wants = first.ref === null ? ` with the annotation ${first.annotation}: ${first.value}` : "";
    return {
      verdict: "undescribed",
      says: `"${first.sourceName}" says something of it, but only adds to what others describe, and nobody describes it.`,
      steps,
      mend: `Describe it in a source${wants}, e.g. in a catalog-info.yaml: roadbed import <folder or address>`,
      link: pages.source(first.sourceId),
      refs: [],
    };
  },
};

const ADDS = "it adds to it, and does not describe it";
const LOSES = "it describes it too, but another source defines it: this is heard only where an order of sources names it";

/** Of what is here: who describes it too, and is not believed. */
export async function sayLosers(ctx: Ctx, now: Standpoint, ref: string, steps: Step[]): Promise<string | undefined> {
  const found = await listSaid(ctx, now, "c.ref = $1 and c.standing = 'standby'", [ref]);
  for (const one of found) steps.push({ ...stepOf(one, LOSES), link: pages.facts(ref) });
  if (found.length === 0) return undefined;
  return `${found.map(({ sourceName }) => `"${sourceName}"`).join(", ")} ${found.length === 1 ? "describes" : "describe"} it too, and another source is believed.`;
}

/** What stands at a place and describes something that another source defines. */
export async function explainLosersAt(
  ctx: Ctx,
  now: Standpoint,
  place: { readonly location: string; readonly sourceId: string },
  steps: Step[],
): Promise<Explanation | undefined> {
  const found = await listSaid(ctx, now, "c.standing = 'standby' and c.location = $1 and c.source_id = $2", [
    place.location,
    place.sourceId,
  ]);
  const [first] = found;
  if (!first?.ref) return undefined;
  for (const one of found) steps.push({ ...stepOf(one, LOSES), ...optional("link", one.ref === null ? undefined : pages.facts(one.ref)) });
  const item = now.catalogue.estate.get(first.ref);
  const owner = item === undefined ? undefined : await nameOfSource(ctx, now, item.sourceId);
  return {
    verdict: "conflict",
    says: `It describes ${first.ref}, which belongs to the source ${owner === undefined ? "that named it first" : `"${owner}"`}: what stands here is seen, but not believed.`,
    steps,
    mend: "Remove one of the two descriptions, or say whom to believe about which field: roadbed precedence set",
    link: pages.facts(first.ref),
    refs: item === undefined ? [] : [first.ref],
  };
}

async function nameOfSource(ctx: Ctx, { visible }: Standpoint, id: string): Promise<string | undefined> {
  if (!visible.seesSource(id)) return undefined;
  const { rows } = await ctx.sql.query<{ name: string }>("select name from catalog.source where id = $1", [id]);
  return rows[0]?.name;
}

/** Whether somebody bears the annotation that a claim asks for: then it is about them. */
function isTaken({ catalogue: { estate } }: Standpoint, { annotation, value }: Said): boolean {
  if (annotation === null || value === null) return false;
  return estate.select([{ key: `metadata.annotations.${annotation.toLowerCase()}`, values: [value.toLowerCase()] }]).length > 0;
}

function stepOf({ sourceId, sourceName, location, line, since }: Said, detail: string): Step {
  return {
    looked: `the source "${sourceName}"`,
    outcome: "stopped",
    detail,
    at: since.toISOString(),
    sourceId,
    file: location,
    link: pages.source(sourceId),
    ...optional("line", line),
  };
}

async function listSaid(ctx: Ctx, { catalogue, visible }: Standpoint, condition: string, values: readonly unknown[]): Promise<Said[]> {
  const { rows } = await ctx.sql.query<Record<string, unknown>>(
    `select c.source_id as "sourceId", s.name as "sourceName", c.standing, c.ref, c.annotation, c.annotation_value as value, c.location, c.line,
       c.since, c.document
     from catalog.claim c join catalog.source s on s.id = c.source_id where ${condition} order by c.since, c.source_id, c.key limit ${MOST}`,
    [...values],
  );
  const shown: Said[] = [];
  for (const one of rows as unknown as Said[]) {
    if (!visible.seesSource(one.sourceId) || (one.ref !== null && !seesRef(catalogue, visible, one.ref))) continue;
    if (await seesDocument(catalogue, ctx, { entity: one.document, sourceId: one.sourceId })) shown.push(one);
  }
  return shown;
}
