import {
  checkEntity,
  findEntityByUid,
  readAncestry,
  readEntities,
  readEntitiesByRef,
  readFacets,
} from "@roadbed/contracts/catalog/backstage";
import type { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { intersect } from "../estate/sets.ts";
import { asTemplate, goldenPathRef, withGoldenPaths } from "./as-template.ts";
import { orderBy, type QueryEngine } from "./engine.ts";
import { parseGroups } from "./filter-groups.ts";
import { makeProjection } from "./project.ts";
import { countFacets } from "./count-facets.ts";
import { takePage } from "./run-query.ts";

interface Deps {
  readonly catalogue: Catalogue;
  readonly engine: QueryEngine;
}

/** What the Backstage face asks to read. */
export function makeBackstageReaders(deps: Deps): readonly Handler[] {
  return [
    makeReadEntities(deps),
    makeReadByRef(deps),
    makeFindByUid(deps),
    makeReadAncestry(deps),
    makeReadFacets(deps),
    makeCheckEntity(deps),
  ];
}

function makeReadEntities({ catalogue, engine }: Deps): Handler {
  return handle(readEntities, async (ctx, input) => {
    await catalogue.feed.fresh();
    const order = orderBy(input.order.map((one) => ({ field: one.field, descending: one.order === "desc" })));
    const visible = await visibleTo(catalogue, ctx);
    const choice = choiceOf(input);
    const shown = choice.templates ? asTemplate : (text: string): string => text;
    const chosen = await engine.choose(ctx.sql, visible, {
      ...choice,
      text: input.text && { ...input.text, fields: textFieldsOf(input) },
    });
    const page = takePage(engine.orders, { ...input, ids: chosen, size: catalogue.estate.size, order });
    const { ids } = page;
    return {
      texts: (await projected(engine, input.fields, ctx.sql, ids, visible)).filter((text) => text !== null).map(shown),
      total: input.count ? page.total : 0,
      ...(ids.length === 0 ? {} : { first: engine.orders.positionOf(order, ids[0]!), last: engine.orders.positionOf(order, ids.at(-1)!) }),
      more: page.more,
      before: page.before,
    };
  });
}

/** As there: the fields that were named, else the one that is sorted by, else the uid. */
function textFieldsOf({
  text,
  order,
}: {
  text?: { fields?: string[] | undefined } | undefined;
  order: readonly { field: string }[];
}): readonly string[] {
  return text?.fields && text.fields.length > 0 ? text.fields : [order[0]?.field ?? "metadata.uid"];
}

function makeReadByRef({ catalogue, engine }: Deps): Handler {
  return handle(readEntitiesByRef, async (ctx, { refs, fields, filter, query }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const choice = choiceOf({ filter, query });
    const numbers = refs.map((ref) => numberOf(catalogue, ref) ?? numberOf(catalogue, goldenPathRef(ref) ?? ref));
    const asked = [...new Set(numbers.filter((id) => id !== undefined))].sort((a, b) => a - b);
    const ids = choice.groups || choice.predicate ? intersect(asked, await engine.choose(ctx.sql, visible, choice)) : visible.only(asked);
    const texts = await projected(engine, fields, ctx.sql, ids, visible);
    const byId = new Map(ids.map((id, at) => [id, texts[at]!]));
    return {
      texts: numbers.map((id, at) => {
        const text = id === undefined ? null : (byId.get(id) ?? null);
        return text === null || goldenPathRef(refs[at] ?? "") === undefined ? text : asTemplate(text);
      }),
    };
  });
}

function numberOf({ estate }: Catalogue, ref: string): number | undefined {
  const id = estate.idOf(ref);
  return id !== undefined && estate.at(id) ? id : undefined;
}

async function projected(
  { texts }: QueryEngine,
  fields: readonly string[],
  sql: Parameters<QueryEngine["choose"]>[0],
  ids: readonly number[],
  visible: Visibility,
): Promise<(string | null)[]> {
  const project = makeProjection(fields);
  if (!project) return (await texts.texts(sql, ids, visible)).map((text) => text ?? null);
  const documents = await texts.documents(sql, ids, visible);
  return documents.map((document) => (document ? JSON.stringify(project(document)) : null));
}

function choiceOf({ filter, query }: { readonly filter: readonly string[]; readonly query?: EntityPredicate | undefined }) {
  return { ...withGoldenPaths(parseGroups(filter)), predicate: query };
}

function makeFindByUid({ catalogue }: Deps): Handler {
  return handle(findEntityByUid, async (ctx, { uid }) => {
    await catalogue.feed.fresh();
    const { rows } = /^[0-9a-f-]{36}$/i.test(uid)
      ? await ctx.sql.query<{ ref: string }>("select ref from catalog.entity where uid = $1::uuid", [uid])
      : { rows: [] };
    const visible = await visibleTo(catalogue, ctx);
    const id = rows[0] && numberOf(catalogue, rows[0].ref);
    if (id === undefined || !visible.sees(id)) throw new NotFoundError("entity with uid", uid);
    return { ref: rows[0]!.ref };
  });
}

/** An entity of ours was read from a file: what led to it is its source, which is no entity. */
function makeReadAncestry({ catalogue, engine }: Deps): Handler {
  return handle(readAncestry, async (ctx, { ref }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const id = numberOf(catalogue, ref);
    const [text] = id !== undefined && visible.sees(id) ? await engine.texts.texts(ctx.sql, [id], visible) : [];
    if (text === undefined) throw new NotFoundError("entity", ref);
    return { root: ref, items: [{ text, parents: [] }] };
  });
}

function makeReadFacets({ catalogue, engine }: Deps): Handler {
  return handle(readFacets, async (ctx, { facets, filter, query }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const choose = () => engine.choose(ctx.sql, visible, choiceOf({ filter, query }));
    return { facets: await countFacets(catalogue, visible, { facets, question: ["theirs", filter, query], choose }) };
  });
}

function makeCheckEntity({ catalogue }: Deps): Handler {
  return handle(checkEntity, async (_, { entity }) => ({
    problems: validateEntity(entity, catalogue.kinds).faults.map(({ path, reason, mend }) => ({
      at: formatPath(path),
      reason,
      ...(mend === undefined ? {} : { mend }),
    })),
  }));
}
