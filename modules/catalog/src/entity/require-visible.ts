import { NotFoundError } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Viewer, type Visibility } from "../estate/visibility.ts";
import { isShown } from "./get-entity.ts";

/** What the caller may see, after making sure that this entity is among it. Throws `NotFoundError`, as for one that is not there. */
export async function requireVisible(catalogue: Catalogue, viewer: Viewer, ref: string, noun = "entity"): Promise<Visibility> {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, viewer);
  if (catalogue.estate.get(ref) && isShown(catalogue, visible, ref)) return visible;
  throw new NotFoundError(noun, noun === "entity" ? ref : `of ${ref}`, "List the entities to see what there is.");
}
