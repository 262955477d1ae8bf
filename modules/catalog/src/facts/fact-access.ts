import type { Fact } from "@roadbed/contracts/catalog/facts";
import { InvalidError, NotFoundError, type Ctx } from "@roadbed/core";

import { isShown } from "../entity/get-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { parseProperty, reservedReason, type Path } from "./property.ts";
import { readFacts } from "./read-facts.ts";

/** Throws `NotFoundError` for an entity that is not there, or not there for the caller. Answers what the caller may see. */
export async function requireEntity(catalogue: Catalogue, ctx: Pick<Ctx, "sql" | "actor" | "scopes">, ref: string): Promise<Visibility> {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, ctx);
  const { rowCount } = await ctx.sql.query("select 1 from catalog.entity where ref = $1", [ref]);
  if (rowCount === 0 || !isShown(catalogue, visible, ref))
    throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  return visible;
}

/** The way to a property that people may say something of. Throws `InvalidError`. */
export function requireProperty(text: string): Path {
  const path = parseProperty(text);
  const reason = path ? reservedReason(path) : "names no field";
  if (path && reason === undefined) return path;
  throw new InvalidError(`${text} ${reason}.`, {
    problems: [{ at: "property", reason: reason! }],
    mend: "Name a field below spec or metadata, e.g. spec.owner, spec.lifecycle or metadata.description.",
  });
}

/** The way to a property, or to one that holds others, such as `spec`. Throws `InvalidError`. */
export function requireDeclarable(text: string): Path {
  const path = parseProperty(text);
  if (path && (path.length === 1 ? ["spec", "metadata"].includes(path[0]!) : reservedReason(path) === undefined)) return path;
  return requireProperty(text);
}

/** One fact as it is now; of a property that nobody says anything of, an empty one. */
export async function readFact(
  { kinds }: Pick<Catalogue, "kinds">,
  ctx: Pick<Ctx, "sql" | "now">,
  visible: Visibility,
  ref: string,
  property: string,
): Promise<Fact> {
  const facts = (await readFacts(ctx.sql, [ref], { now: ctx.now(), kinds, seesSource: visible.seesSource })).get(ref)?.facts ?? [];
  return facts.find((fact) => fact.property === property) ?? { property, trust: 0, locked: false, stale: false, losing: [] };
}
