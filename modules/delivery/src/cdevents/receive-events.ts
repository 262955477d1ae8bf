import { cdEventReceived, getCdEvent, listCdEvents, receiveCdEvent, type ReceivedCdEvent } from "@roadbed/contracts/delivery/cdevents";
import { encodeCursor, formatActor, handle, newId, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { predicateOf, readCdEvent, unwrap, type CdEvent } from "./cdevent.ts";

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly known: boolean;
  readonly entity_ref: string | null;
  readonly environment: string | null;
  readonly at: Date;
  readonly received_at: Date;
  readonly received_from: string;
  readonly event: CdEvent;
}

type Deps = Pick<DeliveryDeps, "entities">;

/** What others tell: checked, kept as it came, and brought to the entity that it is about. */
export function makeReceivers(deps: Deps): Handler[] {
  const hiddenFrom = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(receiveCdEvent, async (ctx, { event: given }) => {
      const { event, known } = readCdEvent(unwrap(given));
      const { context, subject } = event;
      const entityRef = await entityOf(deps, ctx, event);
      const environment = z.object({ environment: z.object({ id: z.string() }) }).safeParse(subject.content).data?.environment.id;
      const { rows } = await ctx.sql.query<Row>(
        `insert into delivery.cdevent (id, event_id, source, type, subject, known, entity_ref, environment, at, received_at, received_from, event)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (source, event_id) do nothing returning *`,
        [
          newId("cde", ctx.now().getTime()),
          context.id,
          context.source,
          context.type,
          subject.id,
          known,
          entityRef ?? null,
          environment ?? null,
          context.timestamp,
          ctx.now(),
          formatActor(ctx.actor),
          JSON.stringify(event),
        ],
      );
      const [made] = rows;
      if (made === undefined) {
        const { rows: before } = await ctx.sql.query<Row>("select * from delivery.cdevent where source = $1 and event_id = $2", [
          context.source,
          context.id,
        ]);
        return { received: toReceived(before[0]!), again: true };
      }
      ctx.emit(cdEventReceived, made.id, {
        type: context.type,
        subject: subject.id,
        source: context.source,
        ...(entityRef === undefined ? {} : { entityRef }),
        ...(environment === undefined ? {} : { environment }),
      });
      return { received: toReceived(made), again: false };
    }),
    handle(listCdEvents, async (ctx, { limit, cursor, entityRef, type }) => {
      const { rows } = await ctx.sql.query<Row>(
        `select * from delivery.cdevent where ($1::text is null or entity_ref = $1) and ($2::text is null or position($2 in type) > 0)
         and (entity_ref is null or entity_ref <> all($3::text[])) and ($4::text is null or id < $4) order by id desc limit $5`,
        [entityRef?.toLowerCase() ?? null, type ?? null, await hiddenFrom(ctx), readCursor(z.string(), cursor) ?? null, limit + 1],
      );
      const items = rows.slice(0, limit).map(toReceived);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(getCdEvent, async (ctx, { id }) => {
      const { rows } = await ctx.sql.query<Row>("select * from delivery.cdevent where id = $1", [id]);
      const [row] = rows;
      if (row === undefined || (await hiddenFrom(ctx)).includes(row.entity_ref ?? "")) {
        throw new NotFoundError("event", id, "See roadbed cdevent list.");
      }
      return { ...toReceived(row), event: row.event };
    }),
  ];
}

/** The component that its sender names: by reference, by name, or by the name of what was deployed. */
async function entityOf({ entities }: Deps, ctx: Ctx, { context, subject }: CdEvent): Promise<string | undefined> {
  const content = z
    .looseObject({ service: z.object({ id: z.string() }).optional(), artifactId: z.string().optional() })
    .safeParse(subject.content).data;
  const predicate = predicateOf(context.type);
  const names = [
    ...(predicate.startsWith("service.") ? [subject.id] : []),
    ...(content?.service === undefined ? [] : [content.service.id]),
    ...(content?.artifactId === undefined ? [] : [nameInPurl(content.artifactId)]),
  ];
  for (const name of names) {
    const ref = /^[a-z]+:[\w.-]+\/[\w.-]+$/i.test(name) ? name.toLowerCase() : `component:default/${name.toLowerCase()}`;
    if (name !== "" && (await entities.get(ctx, ref)) !== undefined) return ref;
  }
  return undefined;
}

/** `myapp` of `pkg:oci/myapp@sha256%3A…` and of `pkg:golang/mygit.com/myorg/myapp@234fd47e`. */
function nameInPurl(purl: string): string {
  return /^pkg:[^@?#]*\/([^/@?#]+)/.exec(purl)?.[1] ?? "";
}

export function toReceived(row: Row): ReceivedCdEvent {
  return {
    id: row.id,
    eventId: row.event_id,
    source: row.source,
    type: row.type,
    subject: row.subject,
    known: row.known,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    ...(row.environment === null ? {} : { environment: row.environment }),
    at: row.at.toISOString(),
    receivedAt: row.received_at.toISOString(),
    receivedFrom: row.received_from,
  };
}

/** Deployments that others told of, for the calendar: the latest in a time. */
export async function listToldDeployments(
  ctx: Ctx,
  q: {
    readonly from: Date;
    readonly until: Date;
    readonly environment: string | undefined;
    readonly entityRef: string | undefined;
    readonly hidden: readonly string[];
    readonly limit: number;
  },
): Promise<(ReceivedCdEvent & { readonly artifact?: string | undefined })[]> {
  const { rows } = await ctx.sql.query<Row>(
    `select * from delivery.cdevent where at >= $1 and at < $2 and type ~ '^dev[.]cdevents[.]service[.](deployed|upgraded|rolledback|removed)[.]'
     and ($3::text is null or environment = $3) and ($4::text is null or entity_ref = $4) and (entity_ref is null or entity_ref <> all($5::text[]))
     order by at desc limit $6`,
    [q.from, q.until, q.environment ?? null, q.entityRef ?? null, q.hidden, q.limit],
  );
  return rows.map((row) => {
    const artifact = row.event.subject.content["artifactId"];
    return { ...toReceived(row), ...(typeof artifact === "string" ? { artifact } : {}) };
  });
}
