import type { Deployment } from "@roadbed/contracts/delivery";
import { CALENDAR_DAYS, showCalendar, type CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { handle, InvalidError, type Ctx, type Handler } from "@roadbed/core";

import { listToldDeployments } from "../cdevents/receive-events.ts";
import type { DeliveryDeps } from "../deps.ts";
import { listDeploymentsBetween } from "../deployment/deployment-store.ts";
import { listEnvironmentRecords } from "../environment/environment-store.ts";
import { readPromotions } from "../promotion/promotion-store.ts";
import { listFrozenTimes, stateOf } from "./freeze-store.ts";

const DAY_MS = 24 * 3_600_000;

interface Question {
  readonly from: Date;
  readonly until: Date;
  readonly environment: string | undefined;
  readonly entityRef: string | undefined;
  readonly limit: number;
  readonly now: Date;
}

/** What changed, what may not change and what went wrong, on one time line. What the reader may not see is not on it. */
export function makeShowCalendar(deps: Pick<DeliveryDeps, "entities" | "incidents">): Handler {
  return handle(showCalendar, async (ctx, { from, until, environment, entityRef, limit }) => {
    const now = ctx.now();
    const question: Question = {
      from: from === undefined ? new Date(now.getTime() - CALENDAR_DAYS.before * DAY_MS) : new Date(from),
      until: until === undefined ? new Date(now.getTime() + CALENDAR_DAYS.after * DAY_MS) : new Date(until),
      environment,
      entityRef,
      limit,
      now,
    };
    checkSpan(question);
    const all = [
      await deployments(deps, ctx, question),
      await told(deps, ctx, question),
      await waiting(deps, ctx, question),
      await freezes(ctx, question),
      await incidents(deps, ctx, question),
      await ends(ctx, question),
    ];
    return {
      from: question.from.toISOString(),
      until: question.until.toISOString(),
      items: all.flatMap(({ items }) => items).toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.id < b.id ? -1 : 1)),
      cut: [...new Set(all.flatMap(({ kind, more }) => (more ? [kind] : [])))],
    };
  });
}

interface Found {
  readonly kind: string;
  readonly items: readonly CalendarItem[];
  readonly more: boolean;
}

async function deployments({ entities }: Pick<DeliveryDeps, "entities">, ctx: Ctx, q: Question): Promise<Found> {
  const hidden = (await entities.hiddenFrom?.(ctx)) ?? [];
  const rows = await listDeploymentsBetween(ctx.sql, { ...q, hidden, limit: q.limit + 1 });
  const items = rows.slice(0, q.limit).map((row): CalendarItem => {
    return {
      id: row.id,
      kind: "deployment",
      title: `${nameOf(row.entityRef)} ${row.commit.slice(0, 8)}`,
      detail: row.error ?? row.message,
      environments: [row.environment],
      entityRef: row.entityRef,
      from: row.createdAt,
      ...(row.endedAt === undefined ? {} : { until: row.endedAt }),
      state: row.status,
      planned: false,
      link: pageOf(row),
    };
  });
  return { kind: "deployment", items, more: rows.length > q.limit };
}

/** Promotions that wait: from when their gates let them through by themselves, as far as that can be told, else since they were asked for. */
async function waiting({ entities }: Pick<DeliveryDeps, "entities">, ctx: Ctx, q: Question): Promise<Found> {
  const hidden = (await entities.hiddenFrom?.(ctx)) ?? [];
  const rows = await readPromotions(
    ctx.sql,
    `p.state = 'waiting' and ($1::text is null or p.environment = $1) and ($2::text is null or p.entity_ref = $2) and p.entity_ref <> all($3::text[])
     order by p.id desc limit $4`,
    [q.environment ?? null, q.entityRef ?? null, hidden, q.limit + 1],
  );
  const items = rows.slice(0, q.limit).flatMap(({ id, entity_ref, environment, number, created_at, gates }): CalendarItem[] => {
    const open = gates.filter(({ verdict, overridden }) => verdict !== "passed" && overridden === undefined);
    const known = open.length > 0 && open.every(({ until }) => until !== undefined);
    const from = known
      ? open
          .map(({ until }) => until!)
          .toSorted()
          .at(-1)!
      : created_at.toISOString();
    if (from >= q.until.toISOString()) return [];
    const title = `${nameOf(entity_ref)} ${number} to ${environment}`;
    const detail = open.map(({ title: gate, why }) => `${gate}: ${why}`).join(" ");
    return [
      {
        id,
        kind: "deployment",
        title,
        ...(detail === "" ? {} : { detail }),
        environments: [environment],
        entityRef: entity_ref,
        from,
        state: "waiting",
        planned: from > q.now.toISOString(),
        link: `/promotions/${id}`,
      },
    ];
  });
  return { kind: "deployment", items, more: rows.length > q.limit };
}

/** What others deployed, as they told in CDEvents' words. */
async function told({ entities }: Pick<DeliveryDeps, "entities">, ctx: Ctx, q: Question): Promise<Found> {
  const hidden = (await entities.hiddenFrom?.(ctx)) ?? [];
  const rows = await listToldDeployments(ctx, { ...q, hidden, limit: q.limit + 1 });
  const items = rows.slice(0, q.limit).map(({ id, type, subject, source, environment, entityRef, artifact, at }): CalendarItem => {
    const predicate = type.split(".")[3] ?? "deployed";
    return {
      id,
      kind: "deployment",
      title: subject,
      detail: `Told by ${source}${artifact === undefined ? "" : `: ${artifact}`}`,
      environments: environment === undefined ? [] : [environment],
      ...(entityRef === undefined ? {} : { entityRef }),
      from: at,
      until: at,
      state: `${predicate === "rolledback" ? "rolled back" : predicate} elsewhere`,
      planned: false,
      link: "/cdevents",
    };
  });
  return { kind: "deployment", items, more: rows.length > q.limit };
}

async function freezes(ctx: Ctx, q: Question): Promise<Found> {
  const times = await listFrozenTimes(ctx.sql, { ...q, most: q.limit + 1 });
  const items = times.slice(0, q.limit).map(({ freeze, from, until }): CalendarItem => {
    return {
      id: `${freeze.id}/${from.toISOString()}`,
      kind: "freeze",
      title: freeze.title,
      detail: freeze.reason,
      environments: [...freeze.environments],
      from: from.toISOString(),
      until: until.toISOString(),
      state: from > q.now ? "planned" : until > q.now ? stateOf(freeze, q.now) : "over",
      planned: from > q.now,
      link: "/environments",
    };
  });
  return { kind: "freeze", items, more: times.length > q.limit };
}

async function incidents({ incidents: ask }: Pick<DeliveryDeps, "incidents">, ctx: Ctx, q: Question): Promise<Found> {
  const found = (await ask?.(ctx, { from: q.from, until: q.until, entityRef: q.entityRef, limit: q.limit + 1 })) ?? [];
  const items = found.slice(0, q.limit).map(({ id, title, service, entityRef, severity, from, until }): CalendarItem => {
    return {
      id,
      kind: "incident",
      title,
      detail: `${service}, ${severity}`,
      environments: [],
      ...(entityRef === undefined ? {} : { entityRef }),
      from: from.toISOString(),
      ...(until === undefined ? {} : { until: until.toISOString() }),
      state: until === undefined ? "open" : "closed",
      planned: false,
      link: "/incidents",
    };
  });
  return { kind: "incident", items, more: found.length > q.limit };
}

/** Throw-away environments that end in that time. */
async function ends(ctx: Ctx, q: Question): Promise<Found> {
  if (q.entityRef !== undefined) return { kind: "end", items: [], more: false };
  const all = await listEnvironmentRecords(ctx.sql, { ended: true });
  const ending = all.flatMap(({ name, title, expiresAt, endedAt }) => {
    const at = endedAt ?? expiresAt;
    if (at === undefined || at < q.from || at >= q.until || (q.environment !== undefined && q.environment !== name)) return [];
    return [{ name, title, at, ended: endedAt !== undefined }];
  });
  const items = ending.slice(0, q.limit).map(({ name, title, at, ended }): CalendarItem => {
    return {
      id: `${name}/${at.toISOString()}`,
      kind: "end",
      title: `${title} ${ended ? "ended" : "ends"}`,
      environments: [name],
      from: at.toISOString(),
      state: ended ? "ended" : "planned",
      planned: !ended,
      link: ended ? "/environments" : `/environments?select=${name}`,
    };
  });
  return { kind: "end", items, more: ending.length > q.limit };
}

function checkSpan({ from, until }: Question): void {
  const days = (until.getTime() - from.getTime()) / DAY_MS;
  if (days > 0 && days <= CALENDAR_DAYS.most) return;
  throw new InvalidError(days > 0 ? `A calendar shows ${CALENDAR_DAYS.most} days at most.` : "The end must be after the beginning.", {
    problems: [{ at: "until", reason: days > 0 ? `is ${Math.ceil(days)} days after the beginning` : "is not after the beginning" }],
  });
}

function nameOf(entityRef: string): string {
  return parseRef(entityRef).name;
}

function pageOf({ entityRef }: Deployment): string {
  const { kind, namespace, name } = parseRef(formatRef(parseRef(entityRef)));
  return `/entities/${kind}/${namespace}/${name}?tab=deploys`;
}
