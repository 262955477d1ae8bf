import { Readable } from "node:stream";

import { deleteEntity, formatRef } from "@roadbed/contracts/catalog";
import {
  checkEntity,
  findEntityByUid,
  readAncestry,
  readEntities,
  readEntitiesByRef,
  refreshEntity,
} from "@roadbed/contracts/catalog/backstage";
import { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { NotFoundError, parseInput, type InputOf } from "@roadbed/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "@roadbed/http";
import { z } from "zod";

import type { Ask } from "../face/ask.ts";
import { sendJson } from "../face/errors.ts";
import { decodeAfter, encodeAfter } from "../request/cursor.ts";
import { integer, invalid, ordersOf, queryOf, text, texts, words } from "../request/params.ts";

interface Name {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const ByRefs = z.object({
  entityRefs: z.array(z.string()),
  fields: z.array(z.string()).optional(),
  query: EntityPredicate.optional(),
});
const Refresh = z.object({ entityRef: z.string() });
const Validate = z.object({ entity: z.unknown(), location: z.string() });

export function addEntityRoutes(app: FastifyInstance, ask: Ask): void {
  app.get("/entities", async (request, reply) => listEntities(ask, request, reply));

  app.post("/entities/by-refs", async (request, reply) => {
    const { entityRefs, fields, query } = parseInput(ByRefs, request.body);
    const filter = texts(queryOf(request), "filter");
    const asked = { refs: entityRefs, filter, fields: fields ?? words(queryOf(request), "fields") };
    const { texts: items } = await ask(readEntitiesByRef, request, reply, query === undefined ? asked : { ...asked, query });
    return sendJson(reply, `{"items":[${items.map((item) => item ?? "null").join(",")}]}`);
  });

  app.get<{ Params: Name }>("/entities/by-name/:kind/:namespace/:name", async (request, reply) => {
    const { kind, namespace, name } = request.params;
    const { texts: items } = await ask(readEntitiesByRef, request, reply, { refs: [formatRef(request.params)] });
    if (items[0] === null || items[0] === undefined) {
      throw new MissingError(`No entity named '${name}' found, with kind '${kind}' in namespace '${namespace}'`);
    }
    return sendJson(reply, items[0]);
  });

  app.get<{ Params: Name }>("/entities/by-name/:kind/:namespace/:name/ancestry", async (request, reply) => {
    const { root, items } = await ask(readAncestry, request, reply, { ref: formatRef(request.params) });
    const list = items.map((item) => `{"entity":${item.text},"parentEntityRefs":${JSON.stringify(item.parents)}}`);
    return sendJson(reply, `{"rootEntityRef":${JSON.stringify(root)},"items":[${list.join(",")}]}`);
  });

  app.get<{ Params: { uid: string } }>("/entities/by-uid/:uid", async (request, reply) => {
    const { ref } = await ask(findEntityByUid, request, reply, request.params);
    const { texts: items } = await ask(readEntitiesByRef, request, reply, { refs: [ref] });
    if (items[0] === null || items[0] === undefined) throw new MissingError(`No entity with uid ${request.params.uid}`);
    return sendJson(reply, items[0]);
  });

  app.delete<{ Params: { uid: string } }>("/entities/by-uid/:uid", async (request, reply) => {
    const { ref } = await ask(findEntityByUid, request, reply, request.params);
    await ask(deleteEntity, request, reply, { ref });
    return reply.code(204).send();
  });

  app.post("/refresh", async (request, reply) => {
    const { entityRef } = parseInput(Refresh, request.body);
    await ask(refreshEntity, request, reply, { ref: entityRef });
    return reply.code(200).send();
  });

  app.post("/validate-entity", async (request, reply) => validate(ask, request, reply));
}

/** A plain list: bare, all of it unless a limit is given, then with a link to the next page. */
async function listEntities(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request);
  const given = text(query, "after");
  if (given === "") throw invalid("after", "Invalid after, must not be empty");
  const after = given === undefined ? undefined : decodeAfter(given);
  const limit = after?.limit ?? integer(query, "limit", 1);
  const offset = integer(query, "offset", 0);
  const input: InputOf<typeof readEntities> = {
    filter: texts(query, "filter"),
    fields: words(query, "fields"),
    order: ordersOf(query),
    lacking: "last",
    limit: Math.min(limit ?? STREAM_PAGE, MAX_PAGE),
    offset: after === undefined ? (offset ?? 0) : 0,
    count: false,
    ...(after === undefined ? {} : { from: { position: after.position, backwards: false } }),
  };
  const first = await ask(readEntities, request, reply, input);
  if (limit === undefined) return streamAll(ask, request, reply, input, first);
  if (first.more && first.last) {
    const url = new URL(request.url, "http://ignored");
    url.searchParams.delete("offset");
    url.searchParams.set("after", encodeAfter({ limit, position: first.last }));
    reply.header("link", `<${url.pathname}${url.search}>; rel="next"`);
  }
  return sendJson(reply, `[${first.texts.join(",")}]`);
}

const MAX_PAGE = 10_000;
const STREAM_PAGE = 1_000;

type Read = Awaited<ReturnType<typeof readPage>>;

function readPage(ask: Ask, request: FastifyRequest, reply: FastifyReply, input: InputOf<typeof readEntities>) {
  return ask(readEntities, request, reply, input);
}

/** Page by page, so that neither side holds all of it; the first is there already, and its errors were answered. */
async function streamAll(
  ask: Ask,
  request: FastifyRequest,
  reply: FastifyReply,
  input: InputOf<typeof readEntities>,
  first: Read,
): Promise<FastifyReply> {
  if (!first.more) return sendJson(reply, `[${first.texts.join(",")}]`);
  reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-store");
  return reply.send(Readable.from(pages()));

  async function* pages(): AsyncGenerator<string> {
    let page = first;
    yield `[${page.texts.join(",")}`;
    while (page.more && page.last) {
      page = await readPage(ask, request, reply, { ...input, offset: 0, from: { position: page.last, backwards: false } });
      if (page.texts.length > 0) yield `,${page.texts.join(",")}`;
    }
    yield "]";
  }
}

/** What is wrong is answered in a shape of its own, as there. */
async function validate(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { entity, location } = parseInput(Validate, request.body);
  const { problems } = await ask(checkEntity, request, reply, { entity });
  const errors = problems.map(({ at, reason, mend }) => ({
    name: "InputError",
    message: `${at === "" ? "" : `${at} `}${reason}${mend === undefined ? "" : `. ${mend}`}`,
  }));
  if (!/^url:.+/.test(location)) {
    errors.push({
      name: "TypeError",
      message: `Invalid location ref ${location}, only 'url:<target>' is supported, e.g. url:https://host/path`,
    });
  }
  if (errors.length === 0) return reply.code(200).send();
  return sendJson(reply.code(400), JSON.stringify({ errors }));
}

/** A not-found in Backstage's own words. */
class MissingError extends NotFoundError {
  constructor(message: string) {
    super("", "");
    this.message = message;
  }
}
