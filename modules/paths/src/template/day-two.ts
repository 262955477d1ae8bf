import { formatRef, parseRef, type Entity } from "@roadbed/contracts/catalog";
import { DomainError, InvalidError, type Ctx } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import { valueAt } from "./form.ts";
import type { Path } from "./template.ts";

type Deps = Pick<PathsDeps, "catalog" | "conditions">;

/** The paths that change or end something that is there, as far as they are offered on this entity; none on one that may not be seen. */
export async function offeredOn(deps: Deps, ctx: Ctx, paths: readonly Path[], entityRef: string): Promise<readonly Path[]> {
  const entity = await deps.catalog.get(ctx, formatRef(parseRef(entityRef)));
  if (entity === undefined) return [];
  const about = paths.filter(({ promises }) => promises.operation !== "create");
  const fits = await Promise.all(about.map((path) => isOffered(deps, path, entity)));
  return about.filter((_, index) => fits[index]);
}

/**
 * The entity that a run of such a path is about: named by an answer, in the catalogue, and fit for it. Throws `InvalidError` at the
 * answer's field. Nothing is asked of a path that makes something new.
 */
export async function checkBound(deps: Deps, ctx: Ctx, path: Path, values: Readonly<Record<string, unknown>>): Promise<void> {
  const { operation, appliesTo } = path.promises;
  if (operation === "create") return;
  const given = valueAt(values, appliesTo.parameter);
  if (typeof given !== "string" || given === "") throw wrong(appliesTo.parameter, "must name the entity that this is about");
  const ref = formatRef(parseRef(given, { kind: appliesTo.kinds[0] ?? "component" }));
  const entity = await deps.catalog.get(ctx, ref);
  if (entity === undefined) throw wrong(appliesTo.parameter, `there is no ${ref} in the catalogue`);
  if (await isOffered(deps, path, entity)) return;
  const kinds = appliesTo.kinds.length === 0 ? "" : ` It is for ${appliesTo.kinds.join(", ")}.`;
  const condition = appliesTo.condition === undefined ? "" : ` Its condition: ${appliesTo.condition}`;
  throw wrong(appliesTo.parameter, `${path.title} is not offered on ${ref}.${kinds}${condition}`);
}

/** A condition that fails on an entity does not hold for it. */
async function isOffered({ conditions }: Deps, { promises: { appliesTo } }: Path, entity: Entity): Promise<boolean> {
  const { kinds, condition } = appliesTo;
  if (kinds.length > 0 && !kinds.includes(entity.kind.toLowerCase())) return false;
  if (condition === undefined) return true;
  if (conditions === undefined) return false;
  return conditions.holds(condition, entity).catch((error: unknown) => {
    if (error instanceof DomainError) return false;
    throw error;
  });
}

function wrong(field: string, reason: string): InvalidError {
  return new InvalidError(`${field} ${reason}`, { problems: [{ at: field, reason }] });
}
