import { readEntities } from "@roadbed/contracts/catalog/backstage";
import { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { parseInput } from "@roadbed/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "@roadbed/http";
import { z } from "zod";

import type { Ask } from "../face/ask.ts";
import { sendJson } from "../face/errors.ts";
import { decodeCursor, encodeCursor, type Cursor, type Question } from "../request/cursor.ts";
import { integer, invalid, orderFieldsOf, queryOf, text, texts, words, type Query } from "../request/params.ts";

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 10_000;

const Field = z.string().min(1).max(500);
const Body = z.object({
  cursor: z.string().optional(),
  limit: z.number().int().min(0).optional(),
  offset: z.number().int().min(0).optional(),
  query: EntityPredicate.optional(),
  orderBy: z.array(z.object({ field: Field, order: z.enum(["asc", "desc"]).default("asc") })).default([]),
  fullTextFilter: z.object({ term: z.string().default(""), fields: z.array(Field).optional() }).optional(),
  fields: z.array(z.string()).default([]),
  totalItems: z.enum(["include", "exclude"]).default("include"),
});

/** One page of a question: the first by what was asked, the others by their cursor. */
interface PageOf {
  readonly question: Question;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly fields: readonly string[];
  readonly cursor: Cursor | undefined;
}

/** The query of entities, by either verb: a cursor of the one is understood by the other. */
export function addQueryRoutes(app: FastifyInstance, ask: Ask): void {
  app.get("/entities/by-query", async (request, reply) => answer(ask, request, reply, readParams(queryOf(request))));
  app.post("/entities/by-query", async (request, reply) => answer(ask, request, reply, readBody(request.body ?? {})));
}

function readParams(query: Query): PageOf {
  const [given, term] = [text(query, "cursor"), text(query, "fullTextFilterTerm")];
  const page = { limit: integer(query, "limit", 0), offset: integer(query, "offset", 0), fields: words(query, "fields") };
  if (given !== undefined && given !== "") return { ...page, ...byCursor(given) };
  const totalItems = text(query, "totalItems") ?? "include";
  if (totalItems !== "include" && totalItems !== "exclude") throw invalid("totalItems", "Invalid totalItems, must be include or exclude");
  const fields = words(query, "fullTextFilterFields");
  const filter = texts(query, "filter");
  return {
    ...page,
    cursor: undefined,
    question: {
      orderFields: orderFieldsOf(query),
      totalItems,
      ...(filter.length === 0 ? {} : { filter }),
      ...(term === undefined ? {} : { fullTextFilter: fields.length === 0 ? { term } : { term, fields } }),
    },
  };
}

function readBody(body: unknown): PageOf {
  const { cursor, limit, offset, query, orderBy, fullTextFilter, fields, totalItems } = parseInput(Body, body);
  if (cursor !== undefined && cursor !== "") return { limit, offset: undefined, fields, ...byCursor(cursor) };
  // A question by POST has a `query` even where it was empty: by that its client knows that the next page is by POST too.
  return { limit, offset, fields, cursor: undefined, question: { query: query ?? {}, orderFields: orderBy, totalItems, fullTextFilter } };
}

function byCursor(text: string): Pick<PageOf, "question" | "cursor"> {
  const cursor = decodeCursor(text);
  const { isPrevious: _previous, position: _position, ...question } = cursor;
  return { cursor, question };
}

async function answer(ask: Ask, request: FastifyRequest, reply: FastifyReply, page: PageOf): Promise<FastifyReply> {
  const { question, cursor, fields, limit = DEFAULT_LIMIT, offset = 0 } = page;
  // As there: only the first order counts.
  const order = question.orderFields.slice(0, 1);
  const term = question.fullTextFilter?.term.trim() ?? "";
  const found = await ask(readEntities, request, reply, {
    filter: question.filter ?? [],
    ...(question.query === undefined ? {} : { query: question.query }),
    ...(term === "" ? {} : { text: { ...question.fullTextFilter, term } }),
    order,
    lacking: order.length === 0 ? "last" : "out",
    fields: [...fields],
    limit: Math.min(limit, MAX_LIMIT),
    offset: cursor === undefined ? offset : 0,
    count: question.totalItems === "include",
    ...(cursor === undefined ? {} : { from: { position: cursor.position, backwards: cursor.isPrevious } }),
  });
  const pageInfo = {
    ...(found.more && found.last ? { nextCursor: encodeCursor({ ...question, isPrevious: false, position: found.last }) } : {}),
    ...(cursor !== undefined && found.before && found.first
      ? { prevCursor: encodeCursor({ ...question, isPrevious: true, position: found.first }) }
      : {}),
  };
  return sendJson(reply, `{"items":[${found.texts.join(",")}],"totalItems":${found.total},"pageInfo":${JSON.stringify(pageInfo)}}`);
}
