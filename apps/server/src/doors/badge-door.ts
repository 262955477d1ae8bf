import { EntityRef } from "@roadbed/contracts/catalog";
import { ScorecardName } from "@roadbed/contracts/standards/scorecard-document";
import { NotFoundError, parseInput, type Call, type Sql } from "@roadbed/core";
import type { FastifyInstance, FastifyRequest } from "@roadbed/http";
import type { Scorecards } from "@roadbed/standards";
import { z } from "zod";

const Query = z.object({
  scorecard: ScorecardName.optional(),
  category: z.string().max(63).optional(),
  theme: z.enum(["light", "dark"]).default("light"),
  sign: z.string().max(100).optional(),
});

/**
 * `GET /badges/{ref}.svg`: the level of an entity as a picture, for READMEs. Whoever is signed in sees what they may see; others need an
 * address that somebody signed. What somebody may not see is not found, as if there were no such entity.
 */
export function openBadgeDoor(
  app: FastifyInstance,
  o: {
    readonly scorecards: Scorecards;
    readonly db: Sql;
    readonly authenticate: (request: FastifyRequest) => Promise<Pick<Call, "actor" | "scopes"> | undefined>;
  },
): void {
  app.get<{ Params: { file: string } }>("/badges/:file", async (request, reply) => {
    const { sign: signature, ...query } = parseInput(Query, request.query);
    const ref = parseInput(z.object({ ref: EntityRef }), { ref: request.params.file.replace(/\.svg$/, "") }).ref;
    const caller = await o.authenticate(request);
    const mayRead = caller !== undefined && (caller.scopes.has("standards:read") || caller.scopes.has("*"));
    const view = mayRead ? await o.scorecards.things.viewOf({ ...caller, sql: o.db }) : undefined;
    const svg = await o.scorecards.badge({ ref, ...query }, { ...(view ? { view } : {}), signature });
    if (svg === undefined) throw new NotFoundError("badge of", ref, "Sign in, or ask its owner for a signed address.");
    return reply
      .header("content-type", "image/svg+xml; charset=utf-8")
      .header("cache-control", signature === undefined ? "private, max-age=60" : "public, max-age=60")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .send(svg);
  });
}
