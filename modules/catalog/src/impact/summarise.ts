import type { getImpact } from "@roadbed/contracts/catalog/graph";
import type { OutputOf } from "@roadbed/core";

type Facts = Pick<
  OutputOf<typeof getImpact>,
  "start" | "items" | "total" | "byDistance" | "ownersTotal" | "owners" | "systemsTotal" | "withoutOwner"
>;

/** A blast radius in one sentence. `nameOf` gives a thing its title. */
export function summarise(facts: Facts, direction: "up" | "down" | "both", nameOf: (ref: string) => string): string {
  const { start, total, byDistance, owners, ownersTotal, systemsTotal, items } = facts;
  const what = start.length === 1 ? nameOf(start[0]!) : `the ${start.length} entities of this change`;
  if (total === 0)
    return direction === "down" ? `${capital(what)} stands on nothing that is known.` : `Nothing that is known stands on ${what}.`;
  const direct = byDistance.find(({ distance }) => distance === 1)?.count ?? 0;
  const parts = [
    direction === "down"
      ? `${capital(what)} stands on ${many(total, "entity", "entities")}`
      : `${many(total, "entity", "entities")} ${total === 1 ? "is" : "are"} affected if ${what} ${start.length === 1 ? "fails" : "fail"}`,
    `${direct} directly`,
    ...(systemsTotal > 0 ? [`in ${many(systemsTotal, "system", "systems")}`] : []),
  ];
  const tell =
    ownersTotal === 0
      ? "; no owner of them is known"
      : `; ${many(ownersTotal, "owner", "owners")} to tell${ownersTotal > 1 ? ", first" : ":"} ${nameOf(owners[0]!.ref)}`;
  const [first] = items;
  const most = first ? `; most at stake is ${nameOf(first.ref)}` : "";
  return `${parts[0]}, ${parts.slice(1).join(", ")}${tell}${most}.`;
}

function many(count: number, one: string, more: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
