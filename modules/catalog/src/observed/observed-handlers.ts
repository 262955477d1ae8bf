import { formatRef } from "@roadbed/contracts/catalog";
import { listObserved, listStrangers, mapName, nameMapped, registerStranger } from "@roadbed/contracts/catalog/graph";
import { encodeCursor, formatActor, handle, InvalidError, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import { registerEntity } from "../entity/register-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { declarationOf } from "./compare.ts";
import { trafficOf } from "./traffic.ts";

const After = z.object({ after: z.string() });

/** What the traces tell: relations, and names that nobody knows. */
export function makeObservedHandlers(catalogue: Catalogue): readonly Handler[] {
  const { estate, feed, observed } = catalogue;
  return [
    handle(listObserved, async (ctx, { ref, limit, cursor }) => {
      await feed.fresh();
      await observed.fresh(ctx.sql);
      const visible = await visibleTo(catalogue, ctx);
      const id = ref === undefined ? undefined : estate.idOf(ref);
      if (ref !== undefined && (id === undefined || !visible.sees(id)))
        throw new NotFoundError("entity", ref, "List the entities to see what there is.");
      const after = readCursor(After, cursor)?.after ?? "";
      const edges = (id === undefined ? observed.edges : observed.of(id))
        .filter(({ from, to }) => visible.sees(from) && visible.sees(to))
        .map((edge) => ({ edge, key: `${estate.refOf(edge.from)} ${estate.refOf(edge.to)} ${edge.type}` }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      const rest = edges.filter(({ key }) => key > after);
      const page = rest.slice(0, limit);
      return {
        items: page.map(({ edge }) => {
          const declaration = declarationOf(catalogue, edge);
          const via = declaration?.via;
          return {
            from: estate.refOf(edge.from),
            to: estate.refOf(edge.to),
            type: edge.type,
            declared: declaration !== undefined,
            ...(via !== undefined && visible.sees(via) ? { via: estate.refOf(via) } : {}),
            traffic: trafficOf([edge], ctx.now())!,
          };
        }),
        total: edges.length,
        ...(rest.length > limit ? { nextCursor: encodeCursor({ after: page.at(-1)!.key }) } : {}),
      };
    }),
    handle(listStrangers, async (ctx, { limit, cursor }) => {
      await feed.fresh();
      await observed.fresh(ctx.sql);
      const after = readCursor(After, cursor)?.after;
      const all = observed.strangers;
      const begin = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1;
      const page = all.slice(begin, begin + limit);
      return {
        items: page.map(({ name, kind, calls, lastSeen, by, type, traceId }) => ({
          name,
          kind,
          calls,
          lastSeen: lastSeen.toISOString(),
          by: [...by],
          guess: type === "uses" && kind === "peer" ? ("resource" as const) : ("component" as const),
          ...(traceId === undefined ? {} : { traceId }),
        })),
        total: all.length,
        ...(begin + page.length < all.length ? { nextCursor: encodeCursor({ after: page.at(-1)!.name }) } : {}),
      };
    }),
    handle(mapName, async (ctx, { name, ref }) => {
      if (ref !== undefined && ref !== null) await assertThere(ctx, ref);
      await writeName(ctx, name, ref);
      return { name, ...(ref === undefined ? {} : { ref }) };
    }),
    handle(registerStranger, async (ctx, { name, kind, type, owner, system, lifecycle }) => {
      const valid = name
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]+/g, "-")
        .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
        .slice(0, 63);
      if (valid === "")
        throw new InvalidError(`No entity can be named after "${name}".`, { mend: "Register it yourself, then map the name to it." });
      const entityKind = kind === "component" ? "Component" : "Resource";
      const ref = formatRef({ kind: entityKind, namespace: "default", name: valid });
      const { rowCount } = await ctx.sql.query("select 1 from catalog.entity where ref = $1", [ref]);
      if (rowCount > 0)
        throw new InvalidError(`${ref} is there already, but its telemetry has another name.`, { mend: `Map ${name} to ${ref} instead.` });
      await registerEntity(catalogue, ctx, {
        source: "observed",
        entity: {
          apiVersion: "backstage.io/v1alpha1",
          kind: entityKind,
          metadata: { name: valid, description: "Registered from what traces tell.", annotations: { "roadbed.dev/service-name": name } },
          spec: { type, owner, ...(kind === "component" ? { lifecycle } : {}), ...(system === undefined ? {} : { system }) },
        },
      });
      return { ref };
    }),
  ];

  async function assertThere(ctx: Ctx, ref: string): Promise<void> {
    await feed.fresh();
    const item = estate.get(ref);
    if (!item || !(await visibleTo(catalogue, ctx)).sees(item.id))
      throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  }

  /** Undefined forgets what was said. */
  async function writeName(ctx: Ctx, name: string, ref: string | null | undefined): Promise<void> {
    if (ref === undefined) await ctx.sql.query("delete from catalog.observed_name where name = $1", [name]);
    else {
      await ctx.sql.query(
        `insert into catalog.observed_name (name, ref, actor, at) values ($1, $2, $3, $4)
         on conflict (name) do update set ref = excluded.ref, actor = excluded.actor, at = excluded.at`,
        [name, ref, formatActor(ctx.actor), ctx.now()],
      );
    }
    await ctx.sql.query("update catalog.observed_clock set version = version + 1");
    observed.wake();
    ctx.emit(nameMapped, name, { name, ref: ref ?? null });
  }
}
