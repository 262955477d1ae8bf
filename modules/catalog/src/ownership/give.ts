import { handedOver, MAX_GIVEN, type NotGiven } from "@roadbed/contracts/catalog/ownership";
import { formatActor, InvalidError, newId, NotFoundError, type Ctx } from "@roadbed/core";

import { lockCatalog, nextChange } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { remerge } from "../facts/merge-entities.ts";
import { dropItems, putBack, writeAct } from "./hand-over-store.ts";
import type { OwnershipView } from "./ownership-view.ts";
import { planGifts } from "./plan-gifts.ts";
import { countOf, titleOf } from "./words.ts";

/** Answers of acts name so many things that were not given; the sentence counts all. */
export const MOST_NAMED = 200;

export interface Task {
  readonly from?: string;
  readonly to: string;
  readonly refs: readonly string[];
  readonly reason: string | undefined;
  readonly refuse?: (ref: string) => Pick<NotGiven, "why" | "mend"> | undefined;
}

/**
 * Gives things to another owner in the transaction of `given`: one act, one event. Whatever is asked of others (who may see what, who
 * may give) is settled before: here the catalogue is locked.
 */
export async function give(catalogue: Catalogue, given: Ctx, task: Task) {
  const ctx = task.reason === undefined ? given : { ...given, reason: task.reason };
  const { estate } = catalogue;
  requireFew(task.refs.length);
  await lockCatalog(ctx.sql);
  const plan = await planGifts(catalogue, ctx.sql, task);
  const notGiven = [...plan.notGiven];
  const name = titleOf(estate, task.to);
  if (plan.gifts.length === 0)
    return { given: 0, notGiven: notGiven.slice(0, MOST_NAMED), said: `Nothing was given to ${name}.${alsoNot(notGiven)}` };
  const id = newId("give");
  const actor = formatActor(ctx.actor);
  const at = ctx.now();
  const reason = ctx.reason ?? null;
  await writeAct(ctx.sql, { id, from_ref: task.from ?? null, to_ref: task.to, at, actor, reason }, plan.gifts);
  const refs = [...new Set(plan.gifts.map(({ ref }) => ref))];
  let number: number | undefined;
  const takeNumber = async (): Promise<number> => (number ??= await nextChange(ctx.sql));
  const why = task.from === undefined ? `it was assigned to ${task.to}` : `${task.from} handed it over to ${task.to}`;
  const { merges } = await remerge(ctx, refs, { reason: why, kinds: catalogue.kinds, takeNumber });
  const wrong = plan.gifts.flatMap(({ ref, property, title }) => {
    const refused = merges.get(ref)?.refused.find(({ voice }) => voice.id === `person ${property}`);
    return refused ? [{ ref, title, problem: refused.problems[0] }] : [];
  });
  if (wrong.length > 0) {
    const back = wrong.map(({ ref }) => ref);
    await putBack(ctx.sql, id, back);
    await dropItems(ctx.sql, id, back);
    await remerge(ctx, back, { reason: why, kinds: catalogue.kinds, takeNumber });
    for (const { ref, title, problem } of wrong) {
      notGiven.push({
        ref,
        title,
        why: `Its kind does not allow it: ${problem?.reason ?? "the owner does not fit"}.`,
        mend: problem?.mend ?? "Give it to another.",
      });
    }
  }
  const count = refs.length - new Set(wrong.map(({ ref }) => ref)).size;
  if (number !== undefined) catalogue.feed.expect(number);
  if (count === 0) {
    await ctx.sql.query("delete from catalog.hand_over where id = $1", [id]);
    return { given: 0, notGiven: notGiven.slice(0, MOST_NAMED), said: `Nothing was given to ${name}.${alsoNot(notGiven)}` };
  }
  ctx.emit(handedOver, task.to, {
    id,
    to: task.to,
    things: count,
    actor,
    ...(task.from === undefined ? {} : { from: task.from }),
    ...(reason === null ? {} : { reason }),
  });
  const said = `${countOf(count, "thing")} ${count === 1 ? "is" : "are"} ${name}'s now.${alsoNot(notGiven)}`;
  return { id, given: count, notGiven: notGiven.slice(0, MOST_NAMED), said };
}

/** Throws unless somebody who is there can be given things: a group or a person whom the caller may see. */
export function requireReceiver({ estate }: Catalogue, visible: Visibility, view: OwnershipView, ref: string): void {
  const id = estate.idOf(ref);
  const item = id !== undefined && visible.sees(id) ? estate.at(id) : undefined;
  if (!item) throw new NotFoundError("entity", ref, "List the teams to see who there is.");
  if (item.kind !== "Group" && item.kind !== "User") {
    throw new InvalidError(`${ref} is neither a group nor a person.`, {
      problems: [{ at: "owner", reason: "is neither a group nor a person" }],
      mend: "Name a group, e.g. group:default/platform.",
    });
  }
  if (view.stateOf(item.id) === "left") {
    throw new InvalidError(`${item.title ?? item.name} has left.`, {
      problems: [{ at: "owner", reason: "has left" }],
      mend: "Give it to somebody who is there, best to a team.",
    });
  }
}

function requireFew(count: number): void {
  if (count <= MAX_GIVEN) return;
  throw new InvalidError(`${count} things are more than ${MAX_GIVEN}, the most of one act.`, {
    problems: [{ at: "refs", reason: `are more than ${MAX_GIVEN}` }],
    mend: "Hand over in parts: name the things in refs.",
  });
}

export function alsoNot(notGiven: readonly NotGiven[]): string {
  return notGiven.length === 0 ? "" : ` ${countOf(notGiven.length, "thing")} could not be given: ${notGiven[0]!.why}`;
}
