import type { GroupBy } from "@roadbed/contracts/catalog/graph";

import { builtInCode } from "../entity/relations.ts";
import type { Estate } from "../estate/estate.ts";

const PART_OF = builtInCode("partOf") >> 1;
/** Domains within domains, and systems within systems: so far up is looked, also where they contain each other. */
const MOST_LEVELS = 20;

/** Says in which group a node stands: a reference, or words where it names none. Undefined without grouping. */
export function createGrouper(estate: Estate, by: GroupBy): (id: number) => string | undefined {
  const domains = new Map<number, string | undefined>();
  if (by === "none") return () => undefined;
  return (id) => {
    const item = estate.at(id);
    const ref = estate.refOf(id);
    const kind = ref.slice(0, ref.indexOf(":"));
    if (by === "kind") return item?.kind ?? kind;
    // The thing that is a group is in its own.
    if (kind === by) return ref;
    if (by === "owner") return kind === "group" || kind === "user" ? ref : (item?.owner ?? "without owner");
    if (by === "system") return item?.system ?? (kind === "domain" ? ref : "without system");
    return domainAbove(id, 0) ?? "without domain";
  };

  function domainAbove(id: number, level: number): string | undefined {
    if (domains.has(id) || level > MOST_LEVELS) return domains.get(id);
    // Whoever comes back here in a ring finds nothing.
    domains.set(id, undefined);
    let found: string | undefined;
    const above: number[] = [];
    estate.graph.forEach(id, "out", (other, type) => type === PART_OF && above.push(other));
    for (const other of above.sort((a, b) => (estate.refOf(a) < estate.refOf(b) ? -1 : 1))) {
      found ??= estate.refOf(other).startsWith("domain:") ? estate.refOf(other) : domainAbove(other, level + 1);
    }
    domains.set(id, found);
    return found;
  }
}
