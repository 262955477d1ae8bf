import type { ObjectiveStanding } from "../deps.ts";
import type { Tripwire } from "./tripwires.ts";

/** Objectives are counted each minute: what is older than this, nobody knows to be so. */
const FRESH_MS = 10 * 60_000;

/**
 * An objective of the component that began to burn its error budget, since the rollout began, at a rate for which somebody is called. What burnt
 * before is not the release's doing, and what cannot be told trips nothing: it is said instead.
 */
export function burnTripwire(standings: readonly ObjectiveStanding[] | undefined, began: Date, now: Date): Tripwire {
  const about = { name: "error budget", limit: "an objective that began to burn at the rate of a page during the rollout" };
  if (standings === undefined) return { ...about, now: "nobody here knows of objectives", tripped: false };
  if (standings.length === 0) return { ...about, now: "there is no objective", tripped: false };
  const burning = standings.find((one) => one.burning !== undefined && one.burning.since >= began);
  if (burning !== undefined) return { ...about, now: `${burning.title}: ${burning.burning!.why.replace(/\.$/, "")}`, tripped: true };
  const before = standings.filter((one) => one.burning !== undefined).map(({ title }) => `${title} burnt before it began`);
  const dark = standings.filter(({ countedAt }) => countedAt === undefined || Math.abs(now.getTime() - countedAt.getTime()) > FRESH_MS);
  const said = [...before, ...dark.map(({ title }) => `${title} was not counted lately`)];
  return {
    ...about,
    now: said.length > 0 ? said.join("; ") : `${standings.length} ${standings.length === 1 ? "objective does" : "objectives do"} not`,
    tripped: false,
  };
}
