import type { Catalogue } from "../estate/catalogue.ts";

/** Who is called for a thing follows from its owner, its system, the system's owner, its domain and the domain's owner: so far. */
const MOST_STEPS = 3;

/**
 * Entities whose subject shows something of these: their neighbours; of whoever is called for things, also what stands below the
 * systems and domains beside them; of people, what their teams own.
 */
export function around({ estate }: Catalogue, refs: readonly string[]): readonly string[] {
  const found = new Set<number>();
  for (const ref of refs) {
    const id = estate.idOf(ref);
    if (id === undefined) continue;
    const kind = ref.slice(0, ref.indexOf(":"));
    visit(id, passableFrom(kind), MOST_STEPS);
  }
  return [...found].map((id) => estate.refOf(id));

  function visit(id: number, passable: ReadonlySet<string>, steps: number): void {
    estate.forEachNeighbour(id, (other) => {
      const isNew = !found.has(other);
      found.add(other);
      const ref = estate.refOf(other);
      if (isNew && steps > 1 && passable.has(ref.slice(0, ref.indexOf(":")))) visit(other, passable, steps - 1);
    });
  }
}

const NONE: ReadonlySet<string> = new Set();
const PLACES: ReadonlySet<string> = new Set(["system", "domain"]);
const TEAMS: ReadonlySet<string> = new Set(["group", "system", "domain"]);

/** Kinds beyond which something changes when an entity of this kind does. */
function passableFrom(kind: string): ReadonlySet<string> {
  if (kind === "user") return TEAMS;
  return kind === "group" || PLACES.has(kind) ? PLACES : NONE;
}
