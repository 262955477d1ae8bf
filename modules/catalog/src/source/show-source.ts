import type { Source } from "@roadbed/contracts/catalog";
import { NotFoundError } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Viewer, type Visibility } from "../estate/visibility.ts";
import type { Hold } from "./hold-store.ts";
import type { Problem } from "./snapshot.ts";

/** What somebody may see of the estate when they ask for sources. Throws `NotFoundError` when the source is not for them. */
export async function visibleSource(catalogue: Catalogue, viewer: Viewer, id: string): Promise<Visibility> {
  const visible = await visibleTo(catalogue, viewer);
  if (!visible.seesSource(id)) throw new NotFoundError("source", id, "List the sources to see their ids.");
  return visible;
}

/** A source as it is shown to somebody: it counts only what they see. Who else sees it is told to them too. */
export function showSource({ estate }: Catalogue, visible: Visibility, source: Source): Source {
  const viewers = estate.restrictions.viewersOfSource(source.id);
  const hidden = visible.all ? 0 : visible.hidden().filter((id) => estate.at(id)?.sourceId === source.id).length;
  return { ...source, entities: source.entities - hidden, ...(viewers === undefined ? {} : { visibleTo: [...viewers] }) };
}

/** Problems without those of what is hidden. That a name is taken must be said; by whom, and where it is described, is not. */
export function showProblems({ estate }: Catalogue, visible: Visibility, sourceId: string, problems: readonly Problem[]): Problem[] {
  if (visible.all) return [...problems];
  return problems.flatMap((problem): Problem[] => {
    const item = problem.ref === undefined ? undefined : estate.get(problem.ref);
    if (!item || visible.sees(item.id)) return [problem];
    if (item.sourceId === sourceId) return [];
    return [{ ...problem, reason: `the name ${item.ref} is taken`, mend: "Choose another name." }];
  });
}

/** A question without the names of what is hidden. */
export function showHold(catalogue: Catalogue, visible: Visibility, hold: Hold): Hold {
  if (visible.all) return hold;
  const only = (refs: readonly string[]): string[] => refs.filter((ref) => seesRef(catalogue, visible, ref));
  const { added, changed, removed } = hold.samples;
  return { ...hold, samples: { added: only(added), changed: only(changed), removed: only(removed) } };
}

/** Whether the entity of this name may be shown; a name that nothing has, may. */
export function seesRef({ estate }: Catalogue, visible: Visibility, ref: string): boolean {
  const item = estate.get(ref);
  return item === undefined || visible.sees(item.id);
}

/** Whether an object that stands in quarantine may be shown. */
export function seesObject(
  catalogue: Catalogue,
  visible: Visibility,
  o: { readonly sourceId: string; readonly ref: string | null },
): boolean {
  if (!visible.seesSource(o.sourceId)) return false;
  return o.ref === null || seesRef(catalogue, visible, o.ref);
}
