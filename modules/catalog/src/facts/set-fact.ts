import {
  clearFact,
  factLocked,
  factSet,
  lockFact,
  setFact,
  unlockFact,
  type Fact,
  type Witness as WitnessView,
} from "@roadbed/contracts/catalog/facts";
import { ConflictError, formatActor, handle, InvalidError, type Ctx, type EventType, type Handler } from "@roadbed/core";

import { lockCatalog, nextChange } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { readFact, requireEntity, requireProperty } from "./fact-access.ts";
import { remerge } from "./merge-entities.ts";
import { formatProperty } from "./property.ts";
import { readOverlays, type OverlayRow } from "./said.ts";

/** Largest value that a person may set, as JSON text. */
const MAX_VALUE_CHARACTERS = 20_000;

/** What a person does to a field: the handlers of setting, locking, unlocking and clearing. */
export function makeSetFactHandlers(catalogue: Catalogue): readonly Handler[] {
  return [
    handle(setFact, (ctx, { value, ...target }) => overlay(catalogue, ctx, target, { value, locked: false })),
    handle(lockFact, (ctx, { value, ...target }) => overlay(catalogue, ctx, target, { value, locked: true })),
    handle(unlockFact, (ctx, target) => change(catalogue, ctx, target, "unlocked", unlock)),
    handle(clearFact, (ctx, target) => change(catalogue, ctx, target, "cleared", clear)),
  ];
}

interface Target {
  readonly ref: string;
  readonly property: string;
  readonly reason?: string | undefined;
}

interface Changed {
  readonly fact: Fact;
  readonly believed: boolean;
  readonly note?: string;
}

/** Sets or locks a field, in the transaction of `ctx`. Without a value, a lock is at the value that there is. */
export async function overlay(
  catalogue: Catalogue,
  given: Ctx,
  target: Target,
  { value, locked }: { readonly value: unknown; readonly locked: boolean },
): Promise<Changed> {
  return change(catalogue, given, target, locked ? "locked" : "set", async (ctx, { ref, property }, { now }) => {
    const wanted = value === undefined && locked ? now.value : value;
    if (wanted === undefined) {
      const mend = "Give a value, or null to hold it empty.";
      throw new InvalidError(`${property} has no value to be ${locked ? "locked at" : "set to"}.`, {
        problems: [{ at: "value", reason: "is missing", mend }],
        mend,
      });
    }
    const json = JSON.stringify(wanted);
    if (json.length > MAX_VALUE_CHARACTERS) {
      throw new InvalidError(`The value has ${json.length} characters; ${MAX_VALUE_CHARACTERS} is the most.`, {
        problems: [{ at: "value", reason: "is too long" }],
        mend: "What is long belongs into the descriptor.",
      });
    }
    await ctx.sql.query(
      `insert into catalog.overlay (ref, property, value, locked, reason, actor, at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (ref, property) do update set value = excluded.value, locked = excluded.locked, reason = excluded.reason,
         actor = excluded.actor, at = excluded.at`,
      [ref, property, wanted === null ? null : json, locked, ctx.reason ?? null, formatActor(ctx.actor), ctx.now()],
    );
  });
}

async function unlock(ctx: Ctx, { ref, property }: Target, { overlay: known }: Before): Promise<void> {
  if (!known?.locked) throw new ConflictError(`${property} of ${ref} is not locked.`, { mend: "There is nothing to unlock." });
  await ctx.sql.query("update catalog.overlay set locked = false where ref = $1 and property = $2", [ref, property]);
}

async function clear(ctx: Ctx, { ref, property }: Target, { overlay: known }: Before): Promise<void> {
  if (!known) throw new ConflictError(`Nobody set ${property} of ${ref} by hand.`, { mend: "There is nothing to clear." });
  await ctx.sql.query("delete from catalog.overlay where ref = $1 and property = $2", [ref, property]);
}

interface Before {
  readonly overlay: OverlayRow | undefined;
  readonly now: Fact;
}

/** Who did what, in the words of events and history. */
type Did = "set" | "locked" | "unlocked" | "cleared";

async function change(
  catalogue: Catalogue,
  given: Ctx,
  target: Target,
  did: Did,
  work: (ctx: Ctx, target: Target, before: Before) => Promise<void>,
): Promise<Changed> {
  const ctx = target.reason === undefined ? given : { ...given, reason: target.reason };
  const property = formatProperty(requireProperty(target.property));
  const { ref } = target;
  const visible = await requireEntity(catalogue, ctx, ref);
  await lockCatalog(ctx.sql);
  const known = (await readOverlays(ctx.sql, [ref])).find((row) => row.property === property);
  await work(ctx, { ref, property }, { overlay: known, now: await readFact(catalogue, ctx, visible, ref, property) });
  let number: number | undefined;
  const takeNumber = async (): Promise<number> => (number ??= await nextChange(ctx.sql));
  const { merges } = await remerge(ctx, [ref], { reason: `${property} was ${did} by hand`, kinds: catalogue.kinds, takeNumber });
  const wrong = merges.get(ref)?.refused.find(({ voice }) => voice.id === `person ${property}`);
  if (wrong && (did === "set" || did === "locked")) {
    throw new InvalidError(wrong.problems.map(({ at, reason }) => `${at} ${reason}`).join("; "), {
      problems: wrong.problems,
      mend: wrong.problems[0]?.mend ?? "Give a value that the kind allows.",
    });
  }
  if (number !== undefined) catalogue.feed.expect(number);
  const event: EventType<{ ref: string; property: string; actor: string }> = did === "locked" ? factLocked : factSet;
  ctx.emit(event, ref, { ref, property, actor: formatActor(ctx.actor) });
  return answerOf(await readFact(catalogue, ctx, visible, ref, property), did);
}

/** Says plainly when what was set is not what is believed. */
function answerOf(fact: Fact, did: Did): Changed {
  const { winner } = fact;
  const believed = winner?.standing === "lock" || winner?.standing === "person";
  if (believed || did === "cleared" || did === "unlocked") return { fact, believed };
  return { fact, believed, note: `${nameOf(winner)} is believed about ${fact.property}. Lock it to hold your value, or change it there.` };
}

function nameOf(winner: WitnessView | undefined): string {
  if (!winner) return "Nobody";
  return winner.standing === "definition" ? `Its descriptor (${winner.source})` : winner.source;
}
