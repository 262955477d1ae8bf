import type { AdoptionMeasure } from "@roadbed/contracts/product/measures";

import type { Change, Deployment, Records } from "../delivery/records.ts";
import type { MeasureRow } from "../measure/rows.ts";
import type { Window } from "../measure/value.ts";
import { cameByItself, isActive, WINDOW } from "./adoption.ts";
import { isCountedHere, patternOf } from "./capability.ts";
import { textOfDay, type DayNumber } from "./days.ts";
import { whyOf, type Adoption, type CapabilityUse, type TeamUse } from "./read-adoption.ts";

const DAY = 86_400_000;
/** Who was active so long ago: whether they still are. */
export const RETENTION_DAYS = 84;

type Counted = Pick<MeasureRow, "counts" | "value" | "why">;
const no = (why: string): Counted => ({ counts: "no", value: undefined, why });
const yes = (value: boolean, why: string): Counted => ({ counts: "yes", value: value ? 1 : 0, why });

interface Asked {
  readonly window: Window;
  readonly isProduction: (environment: string) => boolean;
}

/** The rows of a measure of adoption: a team and a capability each, or a piece of work. */
export function adoptionRows(measure: AdoptionMeasure, adoption: Adoption, records: Records, o: Asked): MeasureRow[] {
  return adoption.uses.flatMap((use) => {
    if (measure === "adoption-depth" || measure === "bypass-rate") return workRows(measure, use, records, o);
    return use.teams.map((team) => ({
      id: `${use.capability.name} ${team.team}`,
      kind: "team" as const,
      key: use.capability.title,
      source: "roadbed",
      entityRef: team.team,
      at: clip((measure === "pull-index" ? team.adopted : team.days.at(-1)?.day) ?? 0, o.window),
      ...countTeam(measure, team, adoption, o.window),
    }));
  });
}

function countTeam(measure: AdoptionMeasure, team: TeamUse, { today, register }: Adoption, window: Window): Counted {
  const why = whyOf(team, register);
  switch (measure) {
    case "voluntary-adoption":
      return team.eligible ? yes(team.active && team.how === "voluntary", why) : no(why);
    case "free-adoption":
      if (!team.eligible) return no(why);
      return team.must ? no(`under a mandate; ${why}`) : yes(team.active && team.how === "voluntary", why);
    case "adoption-retention":
      if (!isActive(team.days, today - RETENTION_DAYS)) return no(`not active on ${textOfDay(today - RETENTION_DAYS)}`);
      return yes(team.active, why);
    case "pull-index": {
      if (team.adopted === undefined) return no("never adopted it");
      if (team.adopted * DAY < window.from) return no(`adopted ${textOfDay(team.adopted)}, before the window`);
      return cameByItself(team.adopted, team.pushes) ? yes(true, `${why}; nobody asked them`) : yes(false, `${why}; mandated, or invited`);
    }
    default:
      return team.eligible ? yes(team.active, why) : no(why);
  }
}

/** Work that should go through the capability, piece by piece. */
function workRows(
  measure: "adoption-depth" | "bypass-rate",
  { capability, fits }: CapabilityUse,
  records: Records,
  o: Asked,
): MeasureRow[] {
  const { work, through } = capability;
  if (work === undefined) return [];
  const passes = new RegExp(patternOf(through.length === 0 ? ["roadbed"] : through));
  const items: readonly (Deployment | Change)[] = work === "deployments" ? records.deployments : records.changes;
  return items
    .filter(({ entityRef }) => fits(entityRef))
    .map((item) => {
      const through = passes.test(item.source);
      const isHit = measure === "adoption-depth" ? through : !through;
      const at = "finishedAt" in item ? item.finishedAt : item.mergedAt;
      const about = { id: `${capability.name} ${item.id}`, key: item.key, source: item.source, entityRef: item.entityRef, at };
      const counted =
        refuse(item, o) ??
        yes(isHit, through ? `went through ${capability.title}` : `went past ${capability.title}: told by ${item.source}`);
      return { ...about, kind: work === "deployments" ? ("deployment" as const) : ("change" as const), ...counted };
    });
}

function refuse(item: Deployment | Change, o: Asked): Counted | undefined {
  if ("environment" in item) return o.isProduction(item.environment) ? undefined : no(`${item.environment} is not production`);
  return item.bot ? no("a machine proposed it") : undefined;
}

/** What nobody tells, so that the measure has no value; undefined where all of it is told. */
export function lackOfAdoption(measure: AdoptionMeasure, adoption: Adoption, rows: readonly MeasureRow[]): string | undefined {
  const { uses, delivering, register } = adoption;
  if (measure === "adoption-depth" || measure === "bypass-rate") {
    if (uses.every(({ capability }) => capability.work === undefined)) return "It is not said which work should go through it.";
    return rows.length === 0 ? "Nobody tells of deployments or changes." : undefined;
  }
  const untold = uses.every((use) => !isCountedHere(use.capability) && use.teams.every(({ days }) => days.length === 0));
  if (untold) return "Nobody tells of its use.";
  const needsEligible = measure !== "adoption-retention" && measure !== "pull-index";
  if (needsEligible && delivering.size === 0) return "Nobody tells of merges or deployments: no team can be called eligible.";
  const needsRegister = measure === "voluntary-adoption" || measure === "free-adoption" || measure === "pull-index";
  return needsRegister && register === undefined ? "Nobody keeps a register of mandates, so nothing can be called voluntary." : undefined;
}

/** How a measure of teams went: what it would have been on the last day of each week. */
export function adoptionHistory(
  measure: AdoptionMeasure,
  adoption: Adoption,
  weeks: number,
): readonly { readonly day: DayNumber; readonly hits: number; readonly n: number }[] {
  return Array.from({ length: weeks }, (_, at) => {
    const day = adoption.today - 7 * (weeks - 1 - at);
    const counted = adoption.uses.flatMap(({ teams }) => teams.flatMap((team) => hitOn(measure, team, day) ?? []));
    return { day, hits: counted.filter(Boolean).length, n: counted.length };
  });
}

function hitOn(measure: AdoptionMeasure, team: TeamUse, day: DayNumber): boolean | undefined {
  const active = isActive(team.days, day);
  if (measure === "adoption-retention") return isActive(team.days, day - RETENTION_DAYS) ? active : undefined;
  if (measure === "pull-index") {
    const within = team.adopted !== undefined && team.adopted <= day && team.adopted > day - WINDOW;
    return within ? cameByItself(team.adopted, team.pushes) : undefined;
  }
  if (!team.eligible || (measure === "free-adoption" && team.must)) return undefined;
  return measure === "adoption-breadth" ? active : active && team.how === "voluntary";
}

function clip(day: DayNumber, { from, to }: Window): number {
  return Math.min(to - 1, Math.max(from, day * DAY));
}
