import {
  createEnvironment,
  endEnvironment,
  environmentChanged,
  extendEnvironment,
  getEnvironment,
  listEnvironments,
  updateEnvironment,
  type Environment,
} from "@roadbed/contracts/delivery/environments";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import { z } from "zod";

import { freezesAt } from "../calendar/freeze-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { NEXT } from "../gitops/gitops-repository.ts";
import { checkEnvironmentText } from "./check-environment.ts";
import { endNow } from "./end-environments.ts";
import {
  findEnvironment,
  listEnvironmentRecords,
  lockEnvironments,
  NOTHING_ASKED,
  putEnvironment,
  type EnvironmentRecord,
  type EnvironmentText,
} from "./environment-store.ts";

const HOUR_MS = 3_600_000;
/** A throw-away environment that a developer makes lives no longer than this, extensions included. */
const DEVELOPERS_HOURS = 14 * 24;

/** Where workloads run: made, described, extended, ended. */
export function makeEnvironmentHandlers(deps: Pick<DeliveryDeps, "entities" | "clusters">): Handler[] {
  return [
    handle(listEnvironments, async (ctx, { limit, cursor, ended }) => {
      const all = await listEnvironmentRecords(ctx.sql, { ended });
      const after = readCursor(z.string(), cursor);
      const start = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1;
      const shown = all.slice(start, start + limit);
      const items: Environment[] = [];
      for (const record of shown) items.push(await toEnvironment(ctx, record, all));
      return { items, ...(start + limit < all.length ? { nextCursor: encodeCursor(shown.at(-1)!.name) } : {}) };
    }),
    handle(getEnvironment, async (ctx, { name }) => {
      const all = await listEnvironmentRecords(ctx.sql, { ended: true });
      const found = all.find((one) => one.name === name);
      if (found === undefined) throw new NotFoundError("environment", name, "See roadbed environment list.");
      return toEnvironment(ctx, found, all);
    }),
    handle(createEnvironment, async (ctx, { name, hours, ...said }) => {
      requireMaker(ctx, hours);
      await lockEnvironments(ctx);
      if ((await findEnvironment(ctx.sql, name)) !== undefined) {
        throw new ConflictError(`There is an environment ${name} already.`, {
          mend: "Choose another name, or change it: roadbed environment update.",
        });
      }
      if (name.endsWith(NEXT)) {
        throw new InvalidError(`An environment cannot be called ${name}.`, {
          problems: [{ at: "name", reason: `must not end with ${NEXT}: below such a branch stands what waits to be merged` }],
          mend: "Choose another name.",
        });
      }
      const text: EnvironmentText = {
        ...NOTHING_ASKED,
        ...named(said),
        name,
        title: said.title ?? capitalise(name),
        madeBy: formatActor(ctx.actor),
        expiresAt: hours === undefined ? undefined : new Date(ctx.now().getTime() + hours * HOUR_MS),
      };
      return save(ctx, text, "made");
    }),
    handle(updateEnvironment, async (ctx, { name, clear = [], ...said }) => {
      await lockEnvironments(ctx);
      const before = await readEnvironment(ctx, name);
      const cleared = Object.fromEntries(clear.map((field) => [field === "expiry" ? "expiresAt" : field, undefined]));
      const runtime = said.runtime ?? before.runtime;
      return save(
        ctx,
        { ...before, ...cleared, ...named(said), ...(runtime === "local" ? { kubernetes: said.kubernetes } : {}) },
        "changed",
      );
    }),
    handle(extendEnvironment, async (ctx, { name, hours, reason }) => {
      const before = await readEnvironment(ctx, name);
      requireHand(ctx, before);
      if (before.expiresAt === undefined) throw new ConflictError(`${name} does not end by itself: there is nothing to extend.`);
      const expiresAt = new Date(before.expiresAt.getTime() + hours * HOUR_MS);
      if (!isAdministrator(ctx) && expiresAt.getTime() > ctx.now().getTime() + DEVELOPERS_HOURS * HOUR_MS) {
        throw new InvalidError(`It may live for ${DEVELOPERS_HOURS / 24} more days at most.`, {
          problems: [{ at: "hours", reason: `leads past ${DEVELOPERS_HOURS / 24} days from now` }],
          mend: "Extend it by less, or ask an administrator.",
        });
      }
      return save(ctx, { ...before, expiresAt }, "extended", reason);
    }),
    handle(endEnvironment, async (ctx, { name, reason, force }) => {
      const before = await readEnvironment(ctx, name);
      requireHand(ctx, before);
      const { rows } = await ctx.sql.query<{ entity_ref: string }>(
        "select entity_ref from delivery.workload where environment = $1 and desired = 'running' order by 1 limit 6",
        [name],
      );
      if (rows.length > 0 && !force) {
        const some = rows.slice(0, 5).map(({ entity_ref }) => entity_ref);
        throw new ConflictError(`${some.join(", ")}${rows.length > 5 ? " and more" : ""} run in ${name}.`, {
          mend: "Stop them first, or say --force: they are stopped then.",
        });
      }
      const follows = (await listEnvironmentRecords(ctx.sql)).filter(({ upstream }) => upstream.includes(name)).map((one) => one.name);
      if (follows.length > 0) {
        throw new ConflictError(`Releases go from ${name} to ${follows.join(", ")}.`, { mend: "Give them another upstream first." });
      }
      await endNow(ctx, before, reason);
      return toEnvironment(ctx, { ...before, endedAt: ctx.now() }, []);
    }),
  ];

  async function save(ctx: Ctx, text: EnvironmentText, change: "made" | "changed" | "extended", reason?: string): Promise<Environment> {
    await checkEnvironmentText(deps, ctx, text);
    await putEnvironment(ctx.sql, text);
    const { name, title, owner, expiresAt } = text;
    ctx.emit(environmentChanged, name, {
      environment: name,
      title,
      change,
      ...(owner === undefined ? {} : { owner }),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
      ...(reason === undefined ? {} : { reason }),
    });
    return toEnvironment(ctx, await readEnvironment(ctx, name), await listEnvironmentRecords(ctx.sql));
  }
}

async function readEnvironment(ctx: Ctx, name: string): Promise<EnvironmentRecord> {
  const found = await findEnvironment(ctx.sql, name);
  if (found === undefined) throw new NotFoundError("environment", name, "See roadbed environment list.");
  return found;
}

function isAdministrator({ scopes }: Ctx): boolean {
  return scopes.has("*") || scopes.has("delivery:admin");
}

/** Developers make what ends by itself; what stays is the platform's to make. */
function requireMaker(ctx: Ctx, hours: number | undefined): void {
  if (isAdministrator(ctx) || (hours !== undefined && hours <= DEVELOPERS_HOURS)) return;
  throw new ForbiddenError("Only an administrator may make an environment that stays.", {
    mend: `Make one that ends by itself, within ${DEVELOPERS_HOURS} hours: --hours 48. Or ask an administrator.`,
  });
}

function requireHand(ctx: Ctx, { name, madeBy, expiresAt }: EnvironmentRecord): void {
  if (isAdministrator(ctx) || (expiresAt !== undefined && madeBy === formatActor(ctx.actor))) return;
  throw new ForbiddenError(`Only an administrator, or whoever made a throw-away environment, may do this to ${name}.`, {
    mend: "Ask one of them.",
  });
}

async function toEnvironment(ctx: Ctx, record: EnvironmentRecord, all: readonly EnvironmentRecord[]): Promise<Environment> {
  const { description, kubernetes, owner, region, residency, evaluation, budget, errorBudget, madeBy, expiresAt, endedAt, ...rest } =
    record;
  const [frozen] = endedAt === undefined ? await freezesAt(ctx.sql, record.name, ctx.now()) : [];
  const optional = {
    description,
    kubernetes,
    owner,
    region,
    residency,
    evaluation,
    budget,
    errorBudget,
    madeBy,
    expiresAt: expiresAt?.toISOString(),
    endedAt: endedAt?.toISOString(),
  };
  return {
    ...rest,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Environment>),
    upstream: [...record.upstream],
    downstream: all.filter(({ upstream, endedAt: gone }) => gone === undefined && upstream.includes(record.name)).map(({ name }) => name),
    approvals: [...record.approvals],
    gates: [...record.gates],
    policies: [...record.policies],
    ...(frozen === undefined
      ? {}
      : {
          frozen: {
            freeze: frozen.freeze.id,
            title: frozen.freeze.title,
            until: frozen.until.toISOString(),
            hotfixes: frozen.freeze.hotfixes,
          },
        }),
  };
}

/** What somebody said; what they did not say stays as it is. */
function named<T extends object>(said: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as never;
}

function capitalise(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
