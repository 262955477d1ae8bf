import {
  capabilitySaved,
  getCapability,
  listCapabilities,
  listCapabilityTeams,
  saveCapability,
  type Capability,
  type ListedCapability,
  type TeamOfCapability,
} from "@roadbed/contracts/product/adoption";
import { ADOPTION_MEASURES, type AdoptionMeasure, type MeasureValue } from "@roadbed/contracts/product/measures";
import {
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
  type Sql,
} from "@roadbed/core";
import { z } from "zod";

import type { Records } from "../delivery/records.ts";
import type { ProductDeps, ThingsSeen } from "../deps.ts";
import { versionsOf } from "../measure/definition-store.ts";
import { readAdoptionMeasure } from "../measure/open-reader.ts";
import { recordsFor, type Reading } from "../measure/read-measure.ts";
import { usedIn, WINDOW } from "./adoption.ts";
import { curveOf, daysToShares } from "./curve.ts";
import { textOfDay } from "./days.ts";
import { readAdoption, whyOf, type Adoption, type CapabilityUse, type TeamUse } from "./read-adoption.ts";
import { readCapabilities, readFaces, type Register } from "./stores.ts";

const MEASURE_OF = {
  breadth: "adoption-breadth",
  voluntary: "voluntary-adoption",
  free: "free-adoption",
  depth: "adoption-depth",
  bypass: "bypass-rate",
  retention: "adoption-retention",
  pull: "pull-index",
} as const satisfies Readonly<Record<string, AdoptionMeasure>>;
/** Fewer than this share after so many days is a sign. */
const UNDERUSED = { share: 0.15, days: 180 };
const DAYS_READ = 91;

/** What the platform offers, and who uses it. */
export function makeCapabilityHandlers({ things }: Pick<ProductDeps, "things">): Handler[] {
  const read = async (ctx: Ctx, capabilities: readonly Capability[], seen: ThingsSeen): Promise<Look> => {
    const about = { ref: undefined, title: "", components: seen.components };
    const [adoption, records] = await Promise.all([
      readAdoption(ctx, things, seen, { components: seen.components, capabilities, everybody: true }),
      recordsFor(ctx.sql, about, { now: ctx.now(), windowDays: DAYS_READ }),
    ]);
    return { adoption, records, figure: await figuresOf(ctx, adoption, records) };
  };
  return [
    handle(listCapabilities, async (ctx, { limit, cursor }) => {
      const after = readCursor(z.string(), cursor) ?? "";
      const offered = (await readCapabilities(ctx.sql)).filter(({ capability }) => !capability.retired);
      const rest = offered.filter(({ capability }) => capability.name > after);
      const page = rest.slice(0, limit);
      const seen = await things.seenBy(ctx);
      const { adoption, figure } = await read(
        ctx,
        page.map(({ capability }) => capability),
        seen,
      );
      const items = page.map(({ capability: { name, title, about, owner }, builtIn }, at): ListedCapability => {
        const use = adoption.uses[at]!;
        const breadth = figure("breadth", use).value;
        const first = Math.min(...use.teams.map(({ days }) => days[0]?.day ?? Number.POSITIVE_INFINITY));
        return {
          name,
          title,
          about,
          ...(owner === undefined ? {} : { owner }),
          builtIn,
          counts: countsOf(use),
          breadth,
          voluntary: figure("voluntary", use).value,
          depth: figure("depth", use).value,
          underused: (breadth.value ?? 1) < UNDERUSED.share && adoption.today - first >= UNDERUSED.days,
          drifting: use.teams.filter(({ drift }) => drift !== undefined).length,
        };
      });
      return {
        items,
        total: offered.length,
        ...(rest.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.name) } : {}),
        ...registerOf(adoption.register),
        teams: adoption.owners.size,
        delivering: adoption.delivering.size,
        unowned: adoption.uses.reduce((sum, { unowned }) => sum + unowned, 0),
      };
    }),
    handle(getCapability, async (ctx, { name }) => {
      const { capability, builtIn } = await find(ctx.sql, name);
      const seen = await things.seenBy(ctx);
      const { adoption, figure } = await read(ctx, [capability], seen);
      const use = adoption.uses[0]!;
      const reading = (one: keyof typeof MEASURE_OF): MeasureValue => figure(one, use).value;
      const faces = await readFaces(ctx.sql, {
        actions: capability.actions,
        since: adoption.today - WINDOW,
        teams: use.teams.map(({ team }) => team),
      });
      const done = faces.filter(({ outcome }) => outcome === "done");
      return {
        capability,
        builtIn,
        counts: countsOf(use),
        figures: Object.fromEntries(Object.keys(MEASURE_OF).map((one) => [one, reading(one as keyof typeof MEASURE_OF)])) as never,
        curve: curveOf(use.teams, adoption.today, capability.promised),
        daysTo: daysToShares(use.teams),
        past: pastOf(figure("bypass", use), seen),
        usage: {
          events: sum(done),
          failed: sum(faces) - sum(done),
          automated: sum(done.filter(({ automated }) => automated)),
          faces: [...Map.groupBy(done, ({ face }) => face)]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([face, rows]) => ({ face, events: sum(rows) })),
        },
      };
    }),
    handle(listCapabilityTeams, async (ctx, { name, only, limit, cursor }) => {
      const { capability } = await find(ctx.sql, name);
      const seen = await things.seenBy(ctx);
      const after = readCursor(z.string(), cursor) ?? "";
      const adoption = await readAdoption(ctx, things, seen, {
        components: seen.components,
        capabilities: [capability],
        everybody: true,
      });
      const all = adoption.uses[0]!.teams.filter((team) => isOnly(team, only));
      const rest = all.filter(({ team }) => team > after);
      const items = rest.slice(0, limit).map((team) => toRow(team, adoption));
      return { items, total: all.length, ...(rest.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.team) } : {}) };
    }),
    handle(saveCapability, async (ctx, capability) => {
      if (capability.appliesTo !== "") await things.fitting(capability.appliesTo);
      const days = capability.promised.map(({ by }) => by);
      if (new Set(days).size < days.length || days.join() !== days.toSorted().join()) {
        throw new InvalidError("The promised curve is out of order.", {
          problems: [{ at: "promised", reason: "days must grow, each once" }],
          mend: "Sort it by day.",
        });
      }
      await ctx.sql.query(
        `insert into product.capability (name, definition, saved_by, saved_at) values ($1, $2, $3, $4)
         on conflict (name) do update set definition = excluded.definition, saved_by = excluded.saved_by, saved_at = excluded.saved_at`,
        [capability.name, JSON.stringify(capability), formatActor(ctx.actor), ctx.now()],
      );
      ctx.emit(capabilitySaved, capability.name, { name: capability.name, title: capability.title, retired: capability.retired });
      return capability;
    }),
  ];
}

interface Look {
  readonly adoption: Adoption;
  readonly records: Records;
  readonly figure: (name: keyof typeof MEASURE_OF, use: CapabilityUse) => Reading;
}

/** Figures of single capabilities, by the newest definition of each measure. */
async function figuresOf(ctx: Ctx, adoption: Adoption, records: Records): Promise<Look["figure"]> {
  const definitions = new Map(
    await Promise.all(ADOPTION_MEASURES.map(async (measure) => [measure, (await versionsOf(ctx.sql, measure))[0]] as const)),
  );
  return (name, use) =>
    readAdoptionMeasure(definitions.get(MEASURE_OF[name])!, { ...adoption, uses: [use] }, records, {
      about: use.capability.name,
      now: ctx.now(),
    });
}

async function find(sql: Sql, name: string): Promise<{ readonly capability: Capability; readonly builtIn: boolean }> {
  const found = (await readCapabilities(sql)).find(({ capability }) => capability.name === name);
  if (found === undefined) throw new NotFoundError("capability", name, "See roadbed capability list.");
  return found;
}

function countsOf({ teams }: CapabilityUse): ListedCapability["counts"] {
  const eligible = teams.filter((team) => team.eligible);
  const active = eligible.filter((team) => team.active);
  const came = (how: string): number => active.filter((team) => team.how === how).length;
  return {
    eligible: eligible.length,
    active: active.length,
    voluntary: came("voluntary"),
    mandated: came("mandated"),
    unknown: came("unknown"),
  };
}

function registerOf(register: Register | undefined): { register?: { completeSince: string; why: string } } {
  return register === undefined ? {} : { register: { completeSince: register.completeSince, why: register.why } };
}

/** Where work went past the capability: what is used instead. */
function pastOf({ rows, window }: Reading, seen: ThingsSeen): { source: string; n: number; teams: number }[] {
  const past = rows.filter(({ counts, value, at }) => counts === "yes" && value === 1 && at >= window.from && at < window.to);
  return [...Map.groupBy(past, ({ source }) => source)]
    .map(([source, own]) => ({
      source,
      n: own.length,
      teams: new Set(own.map(({ entityRef }) => (entityRef === undefined ? undefined : seen.get(entityRef)?.owner))).size,
    }))
    .sort((a, b) => b.n - a.n || (a.source < b.source ? -1 : 1));
}

function isOnly(team: TeamUse, only: "eligible" | "active" | "drifting" | "not-yet" | undefined): boolean {
  switch (only) {
    case undefined:
      return true;
    case "eligible":
      return team.eligible;
    case "active":
      return team.active;
    case "drifting":
      return team.drift !== undefined;
    case "not-yet":
      return team.eligible && team.adopted === undefined;
  }
}

function toRow(use: TeamUse, { today, register }: Adoption): TeamOfCapability {
  const { team, title, eligible, active, how, adopted, drift, lastFailed, days } = use;
  const used = usedIn(days, today);
  const last = days.at(-1)?.day;
  return {
    team,
    title,
    eligible,
    active,
    ...(how === undefined ? {} : { how }),
    ...(adopted === undefined ? {} : { adoptedOn: textOfDay(adopted) }),
    ...(last === undefined ? {} : { lastUsedOn: textOfDay(last) }),
    events: used.events,
    before: usedIn(days, today - WINDOW).events,
    days: used.days,
    ...(drift === undefined ? {} : { drift }),
    ...(lastFailed === undefined ? {} : { lastFailed }),
    why: whyOf(use, register),
  };
}

function sum(rows: readonly { readonly events: number }[]): number {
  return rows.reduce((total, { events }) => total + events, 0);
}
