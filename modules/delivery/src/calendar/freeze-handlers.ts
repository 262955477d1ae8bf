import { createFreeze, freezeChanged, liftFreeze, listFreezes } from "@roadbed/contracts/delivery/environments";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  newId,
  readCursor,
  type Ctx,
  type Handler,
  type Problem,
} from "@roadbed/core";
import { z } from "zod";

import { listEnvironmentRecords } from "../environment/environment-store.ts";
import { isTimeZone, parseCron } from "../job/cron.ts";
import {
  insertFreeze,
  listFreezeRecords,
  markLifted,
  nextFrozenTime,
  readFreeze,
  stateOf,
  toFreeze,
  type FreezeRecord,
} from "./freeze-store.ts";

const YEAR_MS = 366 * 24 * 3_600_000;

/** When nothing may be changed: announced beforehand, seen by everybody, lifted with a reason. */
export function makeFreezeHandlers(): Handler[] {
  return [
    handle(listFreezes, async (ctx, { limit, cursor, environment, past }) => {
      const before = readCursor(z.string(), cursor);
      const rows = await listFreezeRecords(ctx.sql, { environment, past, now: ctx.now(), before, limit: limit + 1 });
      const items = rows.slice(0, limit).map((row) => toFreeze(row, ctx.now()));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(createFreeze, async (ctx, { from, until, ...said }) => {
      const freeze = {
        ...said,
        id: newId("freeze", ctx.now().getTime()),
        from: from === undefined ? ctx.now() : new Date(from),
        until: new Date(until),
        repeats: said.repeats,
        madeBy: formatActor(ctx.actor),
        madeAt: ctx.now(),
      };
      await checkFreeze(ctx, freeze);
      await insertFreeze(ctx.sql, freeze);
      tell(ctx, freeze, "announced", freeze.reason);
      return toFreeze({ ...freeze, lifted: undefined }, ctx.now());
    }),
    handle(liftFreeze, async (ctx, { id, reason }) => {
      const freeze = await readFreeze(ctx.sql, id, true);
      const state = stateOf(freeze, ctx.now());
      if (state === "lifted" || state === "over") throw new ConflictError(`The freeze ${freeze.title} is ${state} already.`);
      const lifted = { by: formatActor(ctx.actor), at: ctx.now(), why: reason };
      await markLifted(ctx.sql, id, lifted);
      tell(ctx, freeze, "lifted", reason);
      return toFreeze({ ...freeze, lifted }, ctx.now());
    }),
  ];
}

async function checkFreeze(ctx: Ctx, freeze: Omit<FreezeRecord, "lifted">): Promise<void> {
  const problems: Problem[] = [];
  const { from, until, environments, repeats } = freeze;
  if (until <= from) problems.push({ at: "until", reason: "must be after its beginning" });
  else if (until <= ctx.now()) problems.push({ at: "until", reason: "is over already" });
  if (until.getTime() - from.getTime() > (repeats === undefined ? 1 : 10) * YEAR_MS) {
    problems.push({
      at: "until",
      reason: repeats === undefined ? "is more than a year after its beginning" : "is more than ten years after its beginning",
    });
  }
  const known = new Set((await listEnvironmentRecords(ctx.sql)).map(({ name }) => name));
  for (const [at, name] of environments.entries()) {
    if (!known.has(name)) problems.push({ at: `environments[${at}]`, reason: `there is no environment ${name}` });
  }
  if (repeats !== undefined) problems.push(...checkRepeats({ ...freeze, lifted: undefined }, repeats, problems.length === 0));
  if (problems.length > 0) throw new InvalidError(`${freeze.title} cannot be such a freeze.`, { problems });
}

function checkRepeats(freeze: FreezeRecord, { cron, timeZone }: NonNullable<FreezeRecord["repeats"]>, timesFit: boolean): Problem[] {
  if (!isTimeZone(timeZone)) return [{ at: "repeats.timeZone", reason: "is no time zone that this machine knows, e.g. Europe/Berlin" }];
  try {
    parseCron(cron);
  } catch (error) {
    return [{ at: "repeats.cron", reason: (error as Error).message }];
  }
  return timesFit && nextFrozenTime(freeze, freeze.from) === undefined
    ? [{ at: "repeats.cron", reason: "never comes between its beginning and its end" }]
    : [];
}

function tell(
  ctx: Ctx,
  { id, title, environments, from, until }: Omit<FreezeRecord, "lifted">,
  change: "announced" | "lifted",
  reason: string,
): void {
  ctx.emit(freezeChanged, id, {
    freeze: id,
    title,
    environments: [...environments],
    change,
    from: from.toISOString(),
    until: until.toISOString(),
    reason,
  });
}
