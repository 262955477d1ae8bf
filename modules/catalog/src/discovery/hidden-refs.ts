import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Viewer } from "../estate/visibility.ts";

/** References of entities that are not there for the caller: neither as proposals nor as ends of relations. */
export async function hiddenRefs(catalogue: Catalogue, viewer: Viewer): Promise<ReadonlySet<string>> {
  await catalogue.feed.fresh();
  const visibility = await visibleTo(catalogue, viewer);
  return visibility.all ? NONE : new Set(visibility.hidden().map((id) => catalogue.estate.refOf(id)));
}

const NONE: ReadonlySet<string> = new Set();
