import { deleteSource } from "@roadbed/contracts/catalog";
import {
  addLocation,
  analyzeLocation,
  LocationSpec,
  previewLocation,
  readLocation,
  readLocations,
  updateLocation,
  type Location,
} from "@roadbed/contracts/catalog/backstage";
import { formatRef } from "@roadbed/contracts/catalog";
import { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { parseInput, type OutputOf } from "@roadbed/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "@roadbed/http";
import { z } from "zod";

import type { Ask } from "../face/ask.ts";
import { sendJson } from "../face/errors.ts";
import { invalid, queryOf, text } from "../request/params.ts";
import { matchesLocation } from "./match-location.ts";

interface Id {
  readonly id: string;
}

const ByQuery = z.object({
  query: EntityPredicate.optional(),
  limit: z.number().int().min(1).optional(),
  cursor: z.string().optional(),
});
const Cursor = z.object({ query: EntityPredicate.optional(), limit: z.number().int().min(1), after: z.string() });
const Analyze = z.strictObject({ location: LocationSpec, catalogFilename: z.string().max(200).optional() });

const PAGE = 1_000;

/** Locations are our sources. */
export function addLocationRoutes(app: FastifyInstance, ask: Ask): void {
  app.get("/locations", async (request, reply) => {
    const all = await readAll(ask, request, reply);
    return sendJson(reply, JSON.stringify(all.map((data) => ({ data }))));
  });

  app.post("/locations/by-query", async (request, reply) => queryLocations(ask, request, reply));

  app.post("/locations", async (request, reply) => {
    const spec = parseInput(LocationSpec, request.body);
    const onConflict = text(queryOf(request), "onConflict") ?? "reject";
    if (onConflict !== "reject" && onConflict !== "refresh") throw invalid("onConflict", "Invalid onConflict, must be reject or refresh");
    const { location, texts, exists } = isTrue(text(queryOf(request), "dryRun"))
      ? await ask(previewLocation, request, reply, spec)
      : await ask(addLocation, request, reply, { ...spec, onConflict });
    return sendJson(reply.code(201), `{"location":${JSON.stringify(location)},"entities":[${texts.join(",")}],"exists":${exists}}`);
  });

  app.get<{ Params: Id }>("/locations/:id", async (request, reply) => {
    const { id } = request.params;
    return sendJson(reply, JSON.stringify(await ask(readLocation, request, reply, { id })));
  });

  app.put<{ Params: Id }>("/locations/:id", async (request, reply) => {
    const spec = parseInput(LocationSpec, request.body);
    return sendJson(reply, JSON.stringify(await ask(updateLocation, request, reply, { ...spec, id: request.params.id })));
  });

  app.delete<{ Params: Id }>("/locations/:id", async (request, reply) => {
    await ask(deleteSource, request, reply, { id: request.params.id });
    return reply.code(204).send();
  });

  app.get<{ Params: { kind: string; namespace: string; name: string } }>(
    "/locations/by-entity/:kind/:namespace/:name",
    async (request, reply) => sendJson(reply, JSON.stringify(await ask(readLocation, request, reply, { ref: formatRef(request.params) }))),
  );

  app.post("/analyze-location", async (request, reply) => {
    const { location, catalogFilename } = parseInput(Analyze, request.body);
    const input = catalogFilename === undefined ? { location } : { location, catalogFilename };
    const { existing, generated } = await ask(analyzeLocation, request, reply, input);
    return sendJson(
      reply,
      JSON.stringify({
        existingEntityFiles: existing.map(({ target, registered, entity }) => ({
          location: { type: "url", target },
          isRegistered: registered,
          entity,
        })),
        generateEntities: generated,
      }),
    );
  });
}

async function readAll(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<Location[]> {
  const all: Location[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: OutputOf<typeof readLocations> = await ask(readLocations, request, reply, { after, limit: PAGE });
    all.push(...page.items);
    after = page.next;
  }
  return all;
}

/** There are few: all are looked at, and a page begins after an id. */
async function queryLocations(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = parseInput(ByQuery, request.body ?? {});
  const cursor = body.cursor === undefined ? undefined : readCursor(body.cursor);
  const query = cursor ? cursor.query : body.query;
  const limit = body.limit ?? cursor?.limit ?? PAGE;
  const matching = (await readAll(ask, request, reply)).filter((location) => query === undefined || matchesLocation(query, location));
  const rest = matching.filter(({ id }) => id > (cursor?.after ?? ""));
  const items = rest.slice(0, limit);
  const next =
    rest.length > limit ? { nextCursor: writeCursor({ ...(query === undefined ? {} : { query }), limit, after: items.at(-1)!.id }) } : {};
  return sendJson(reply, JSON.stringify({ items, totalItems: matching.length, pageInfo: next }));
}

function writeCursor(cursor: z.infer<typeof Cursor>): string {
  return Buffer.from(JSON.stringify(cursor), "utf8").toString("base64");
}

function readCursor(given: string): z.infer<typeof Cursor> {
  try {
    const parsed = Cursor.safeParse(JSON.parse(Buffer.from(given, "base64").toString("utf8")));
    if (parsed.success) return parsed.data;
  } catch {
    // Said below, in the same words.
  }
  throw invalid("cursor", "Malformed cursor, could not be parsed");
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|yes|y|1|on)$/i.test(value);
}
