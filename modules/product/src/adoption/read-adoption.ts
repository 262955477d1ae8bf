import type { Capability } from "@roadbed/contracts/product/adoption";
import type { Sql } from "@roadbed/core";

import type { Thing, Things, ThingsSeen } from "../deps.ts";
import { adoptedOn, driftOf, howAdopted, isActive, isUnder, WINDOW, type DayOfUse, type How } from "./adoption.ts";
import { dayOf, textOfDay, type DayNumber } from "./days.ts";
import {
  readDays,
  readDelivering,
  readFailures,
  readPushes,
  readRegister,
  readTeamChanges,
  sinceOf,
  type Register,
  type StoredPush,
} from "./stores.ts";
import { byHeir, heirsOf, type TeamChange } from "./team-history.ts";

/** A team and a capability, with all that its figures are made of. */
export interface TeamUse {
  readonly team: string;
  readonly title: string;
  readonly days: readonly DayOfUse[];
  readonly eligible: boolean;
  /** Why it is not. */
  readonly because: string;
  readonly active: boolean;
  readonly adopted: DayNumber | undefined;
  readonly how: How | undefined;
  readonly drift: "left" | "drifting" | undefined;
  readonly lastFailed: string | undefined;
  /** Mandates and invitations that reach it, newest last. */
  readonly pushes: readonly StoredPush[];
  /** It must use it today. */
  readonly must: boolean;
}

export interface CapabilityUse {
  readonly capability: Capability;
  readonly teams: readonly TeamUse[];
  /** Components to which it applies. */
  readonly fits: (ref: string) => boolean;
  /** Uses of the window by somebody in no team. */
  readonly unowned: number;
}

/** What all capabilities have in common. */
export interface Adoption {
  readonly today: DayNumber;
  readonly register: Register | undefined;
  readonly owners: ReadonlyMap<string, readonly Thing[]>;
  readonly delivering: ReadonlySet<string>;
  readonly uses: readonly CapabilityUse[];
}

/** Adoption as it is now, of what the reader may see. `components`: those that it is about. */
export async function readAdoption(
  ctx: { readonly sql: Sql; readonly now: () => Date },
  things: Pick<Things, "fitting">,
  seen: ThingsSeen,
  o: { readonly components: readonly Thing[]; readonly capabilities: readonly Capability[]; readonly everybody: boolean },
): Promise<Adoption> {
  const { sql } = ctx;
  const now = ctx.now();
  const today = dayOf(now);
  const [register, pushes, changes, delivered] = await Promise.all([
    readRegister(sql),
    readPushes(sql),
    readTeamChanges(sql),
    readDelivering(sql, new Date(now.getTime() - WINDOW * 86_400_000)),
  ]);
  const owners = Map.groupBy(
    o.components.filter(({ owner }) => owner?.startsWith("group:") === true && seen.get(owner) !== undefined),
    ({ owner }) => owner!,
  );
  const delivering = new Set([...owners].filter(([, owned]) => owned.some(({ ref }) => delivered.has(ref))).map(([team]) => team));
  const common = { today, register, owners, delivering };
  const uses: CapabilityUse[] = [];
  for (const capability of o.capabilities) {
    const [rows, failures, fits] = await Promise.all([
      readDays(sql, capability.actions),
      readFailures(sql, capability.actions, today - 2 * WINDOW),
      capability.appliesTo === "" ? undefined : things.fitting(capability.appliesTo),
    ]);
    const isFit = (ref: string): boolean => fits === undefined || fits.has(ref);
    const used = byHeir(
      rows.filter(({ team }) => team !== ""),
      changes,
    );
    const failed = new Map(failures.flatMap((one) => heirsOf(one.team, one.day, changes).map((team) => [team, one.action] as const)));
    const own = pushes.filter((push) => push.capability === capability.name);
    const known = o.everybody ? [...used.keys()].filter((team) => seen.get(team) !== undefined) : [];
    const teams = [...new Set([...owners.keys(), ...known])].sort().map((team) =>
      teamUse(team, {
        ...common,
        seen,
        isFit,
        days: used.get(team) ?? [],
        failed: failed.get(team),
        pushes: own.filter((push) => reaches(push, team, { seen, changes })),
      }),
    );
    uses.push({
      capability,
      teams,
      fits: isFit,
      unowned: rows.filter(({ team, day }) => team === "" && day > today - WINDOW).reduce((sum, { events }) => sum + events, 0),
    });
  }
  return { ...common, uses };
}

function teamUse(
  team: string,
  o: Pick<Adoption, "today" | "register" | "owners" | "delivering"> & {
    readonly seen: ThingsSeen;
    readonly isFit: (ref: string) => boolean;
    readonly days: readonly DayOfUse[];
    readonly failed: string | undefined;
    readonly pushes: readonly StoredPush[];
  },
): TeamUse {
  const adopted = adoptedOn(o.days);
  const drift = driftOf(o.days, o.today);
  const owned = o.owners.get(team) ?? [];
  const because =
    owned.length === 0
      ? "it owns no component"
      : !owned.some(({ ref }) => o.isFit(ref))
        ? "it owns nothing that this applies to"
        : o.delivering.has(team)
          ? ""
          : "it merged and deployed nothing in 28 days";
  return {
    team,
    title: o.seen.get(team)?.title ?? team,
    days: o.days,
    eligible: because === "",
    because,
    active: isActive(o.days, o.today),
    adopted,
    how: adopted === undefined ? undefined : howAdopted(adopted, o.pushes, sinceOf(o.register)),
    drift,
    lastFailed: drift === undefined ? undefined : o.failed,
    pushes: o.pushes,
    must: o.pushes.some((push) => isUnder(push, o.today)),
  };
}

const MOST_LEVELS = 20;

/** Whether a mandate is for a team: for everybody, for it, for a team above it, or for one that it came of. */
function reaches(
  { scope, at }: StoredPush,
  team: string,
  o: { readonly seen: ThingsSeen; readonly changes: readonly TeamChange[] },
): boolean {
  if (scope === "*") return true;
  const scopes = new Set([scope, ...heirsOf(scope, at, o.changes)]);
  let one: string | undefined = team;
  for (let level = 0; one !== undefined && level < MOST_LEVELS; level++) {
    if (scopes.has(one)) return true;
    one = o.seen.parentOf(one);
  }
  return false;
}

/** Why a team counts as it does, in a sentence. */
export function whyOf(use: TeamUse, register: Register | undefined): string {
  const parts = [use.eligible ? undefined : `not eligible: ${use.because}`, adoptedWords(use, register), driftWords(use)];
  return parts.filter((part) => part !== undefined).join("; ");
}

function adoptedWords({ adopted, how, pushes, active }: TeamUse, register: Register | undefined): string {
  if (adopted === undefined) return "never three uses on two days within 28";
  const day = textOfDay(adopted);
  const state = active ? "active" : "not active";
  const mandate = pushes.findLast((push) => isUnder(push, adopted));
  if (how === "mandated" && mandate !== undefined) return `${state}; adopted ${day}, mandated since ${textOfDay(mandate.at)}`;
  if (how === "voluntary") return `${state}; adopted ${day} under no mandate`;
  return register === undefined
    ? `${state}; adopted ${day}, and nobody keeps a register of mandates`
    : `${state}; adopted ${day}, before the register was complete (${register.completeSince})`;
}

function driftWords({ drift, days, lastFailed }: TeamUse): string | undefined {
  if (drift === undefined) return undefined;
  const last = days.at(-1)!.day;
  const failed = lastFailed === undefined ? "" : `; last failed: ${lastFailed}`;
  return drift === "left"
    ? `was active four weeks ago, last used ${textOfDay(last)}${failed}`
    : `uses it less than half as much as four weeks ago${failed}`;
}
