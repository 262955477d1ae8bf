import { hash } from "node:crypto";

import { type Entity, entityChanged, entityRegistered, formatRef } from "@roadbed/contracts/catalog";
import { ConflictError, InvalidError, type Ctx } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { mergeWrites } from "../facts/merge-entities.ts";
import { kindsIn } from "../kinds/kinds-in.ts";
import type { Kinds } from "../kinds/registry.ts";
import { isSample } from "../source/apply-snapshot.ts";
import { ensureSource } from "../source/source-store.ts";
import { removeEntity } from "./delete-entity.ts";
import { diffFields } from "./diff-fields.ts";
import { causeOf, lockCatalog, nextChange, readClaims, readDocuments, writeEntities, writeHistory } from "./entity-store.ts";
import { formatPath } from "./fault.ts";
import { validateEntity } from "./validate-entity.ts";

/** Adds or changes one entity that no file describes. A file that describes it later takes it over. */
export async function registerEntity(
  { feed, kinds }: Pick<Catalogue, "feed" | "kinds">,
  ctx: Ctx,
  o: { readonly entity: Entity; readonly source: string },
): Promise<{ readonly ref: string; readonly change: "registered" | "changed" | "unchanged" }> {
  const entity = checked(o.entity, await kindsIn(ctx.sql, kinds));
  const ref = formatRef({ kind: entity.kind, namespace: entity.metadata.namespace ?? "default", name: entity.metadata.name });
  const json = JSON.stringify(entity);
  const digest = hash("sha256", json, "base64url");
  const { sql } = ctx;
  const source = await ensureSource(sql, { kind: "inline", target: o.source, name: o.source, watch: false }, ctx.now());
  await lockCatalog(sql);
  const claim = (await readClaims(sql, source.id, [ref])).find((one) => one.ref === ref);
  if (claim && claim.source_id !== source.id && claim.source_kind !== "inline") {
    throw new ConflictError(`${ref} is described by the source "${claim.source_name}" (${claim.location}).`, {
      mend: "Change that file, or choose another name.",
    });
  }
  if (claim?.hash === digest && claim.source_id === source.id) return { ref, change: "unchanged" };
  const change = await nextChange(sql);
  const described = { ref, json, hash: digest, location: `inline:${o.source}`, line: null, docsRoot: null, entity };
  const writes = await mergeWrites(sql, source, [described], kinds);
  const fields = claim ? diffFields((await readDocuments(sql, [ref])).get(ref), writes[0]!.entity) : [];
  const reason = claim ? "it was registered anew" : "it was registered";
  const history = { ref, change: claim ? ("changed" as const) : ("registered" as const), fields };
  await writeHistory(sql, { change, source, cause: causeOf(ctx, reason) }, [history]);
  await writeEntities(sql, source.id, writes, change, ctx.now());
  await sql.query("update catalog.source set state = 'ok', last_sync_at = $2 where id = $1", [source.id, ctx.now()]);
  feed.expect(change);
  ctx.emit(claim ? entityChanged : entityRegistered, ref, { ref, kind: entity.kind, sample: isSample(source, entity) });
  return { ref, change: history.change };
}

function checked(given: Entity, kinds: Kinds): Entity {
  const { entity, faults } = validateEntity(given, kinds);
  if (entity) return entity;
  const problems = faults.map(({ path, reason, mend }) => ({ at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) }));
  throw new InvalidError(problems.map(({ at, reason }) => `${at}: ${reason}`).join("; "), { problems });
}

/** Takes out an entity that calls registered; one that a file describes stays. */
export async function removeRegistered(catalogue: Pick<Catalogue, "feed">, ctx: Ctx, ref: string): Promise<void> {
  const { rows } = await ctx.sql.query(
    "select 1 from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1 and s.kind = 'inline'",
    [ref],
  );
  if (rows.length > 0) await removeEntity(catalogue.feed, ctx, ref);
}
