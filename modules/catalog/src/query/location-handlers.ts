import { posix } from "node:path";

import type { Entity } from "@roadbed/contracts/catalog";
import {
  addLocation,
  analyzeLocation,
  previewLocation,
  readLocation,
  readLocations,
  refreshEntity,
  updateLocation,
} from "@roadbed/contracts/catalog/backstage";
import { handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import { lockCatalog } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { mayDefineKinds } from "../source/allow-kinds.ts";
import { keyOfAddress, nameOf, splitTarget } from "../source/git-address.ts";
import { openTree, type TreeDeps } from "../source/open-tree.ts";
import { readSnapshot } from "../source/read-snapshot.ts";
import type { Candidate, Snapshot } from "../source/snapshot.ts";
import { ensureSource, getSource } from "../source/source-store.ts";
import type { Syncer } from "../source/syncer.ts";
import { conflict, findLocation, getLocation, listLocations, moveSource, nameLocation, sourceOf, type Spec } from "./locations.ts";
import { annotationsOf } from "./server-annotations.ts";

interface Deps {
  readonly catalogue: Catalogue;
  readonly syncer: Syncer;
  readonly trees: TreeDeps;
}

/** Locations, as the Backstage face asks for them: our sources in other words. */
export function makeLocationHandlers(deps: Deps): readonly Handler[] {
  return [
    makeReadLocations(deps),
    makeReadLocation(deps),
    makePreviewLocation(deps),
    makeAddLocation(deps),
    makeUpdateLocation(deps),
    makeAnalyzeLocation(deps),
    makeRefreshEntity(deps),
  ];
}

function makeReadLocations({ catalogue }: Deps): Handler {
  return handle(readLocations, async (ctx, { after, limit }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const found = await listLocations(ctx.sql, after, limit + 1);
    const page = found.slice(0, limit);
    return { items: page.filter(({ id }) => visible.seesSource(id)), ...(found.length > limit ? { next: page.at(-1)!.id } : {}) };
  });
}

function makeReadLocation({ catalogue }: Deps): Handler {
  return handle(readLocation, async (ctx, { id, ref }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const item = ref === undefined ? undefined : catalogue.estate.get(ref);
    if (ref !== undefined && (!item || !visible.sees(item.id))) throw new NotFoundError("entity", ref);
    const sourceId = id ?? item?.sourceId ?? "";
    if (!visible.seesSource(sourceId)) throw new NotFoundError("location", sourceId);
    return getLocation(ctx.sql, sourceId);
  });
}

function makePreviewLocation(deps: Deps): Handler {
  return handle(previewLocation, async (ctx, spec) => {
    const known = await findLocation(ctx.sql, spec);
    const { candidates, problems } = await readThere(deps, spec, ctx.signal);
    return {
      location: known ?? { id: "dry-run", ...spec },
      texts: textsOf(candidates, spec),
      exists: known !== undefined,
      problems: [...problems],
    };
  });
}

function makeAddLocation({ syncer }: Deps): Handler {
  return handle(addLocation, async (ctx, { onConflict, ...spec }) => {
    const known = await findLocation(ctx.sql, spec);
    if (known && onConflict === "reject") throw conflict(spec);
    const source = known
      ? await getSource(ctx.sql, known.id)
      : await ensureSource(ctx.sql, { ...sourceOf(spec), definesKinds: mayDefineKinds(ctx) }, ctx.now());
    if (!known) await nameLocation(ctx.sql, source.id, spec);
    const { problems } = known ? await syncer.trySync(ctx, source) : await syncer.sync(ctx, source);
    const location = await getLocation(ctx.sql, source.id);
    return { location, texts: await storedTexts(ctx, source.id), exists: known !== undefined, problems: [...problems] };
  });
}

function makeUpdateLocation({ syncer }: Deps): Handler {
  return handle(updateLocation, async (ctx, { id, ...spec }) => {
    await getLocation(ctx.sql, id);
    await lockCatalog(ctx.sql);
    await moveSource(ctx.sql, id, sourceOf(spec));
    await nameLocation(ctx.sql, id, spec);
    await syncer.sync(ctx, await getSource(ctx.sql, id));
    return getLocation(ctx.sql, id);
  });
}

function makeRefreshEntity({ catalogue, syncer }: Deps): Handler {
  return handle(refreshEntity, async (ctx, { ref }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const item = catalogue.estate.get(ref);
    if (!item || !visible.sees(item.id)) throw new NotFoundError("entity", ref);
    syncer.schedule(item.sourceId, { anew: true });
    return {};
  });
}

async function readThere({ trees, catalogue: { kinds } }: Deps, spec: Spec, signal: AbortSignal): Promise<Snapshot> {
  const { kind, target, branch } = sourceOf(spec);
  const { tree, only } = await openTree(trees, { kind, target, branch: branch ?? null }, { signal });
  return readSnapshot(tree, { kinds, ...(only === undefined ? {} : { only }) });
}

/** What would be answered of entities that are not stored. */
function textsOf(candidates: readonly Candidate[], spec: Spec): string[] {
  const { kind, target } = sourceOf(spec);
  return candidates.map(({ entity, location }) => textOf(entity, annotationsOf({ location, orphan: false }, { kind, target })));
}

async function storedTexts({ sql }: Ctx, sourceId: string): Promise<string[]> {
  const { rows } = await sql.query<{ document: Entity; location: string; orphan: boolean; kind: string; target: string }>(
    `select e.document, e.location, e.orphan, s.kind, s.target from catalog.entity e join catalog.source s on s.id = e.source_id
     where e.source_id = $1 order by e.ref limit 1000`,
    [sourceId],
  );
  return rows.map(({ document, kind, target, ...stored }) => textOf(document, annotationsOf(stored, { kind, target })));
}

function textOf(entity: Entity, annotations: Readonly<Record<string, string>>): string {
  const { metadata, ...rest } = entity;
  return JSON.stringify({ ...rest, metadata: { ...metadata, annotations: { ...annotations, ...metadata.annotations } }, relations: [] });
}

function makeAnalyzeLocation(deps: Deps): Handler {
  const { catalogue } = deps;
  return handle(analyzeLocation, async (ctx, { location, catalogFilename }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const { candidates } = await readThere(deps, location, ctx.signal);
    const named = candidates.filter(({ file }) => posix.basename(file) === posix.basename(catalogFilename));
    const isRegistered = (ref: string): boolean => {
      const item = catalogue.estate.get(ref);
      return item !== undefined && visible.sees(item.id);
    };
    const existing = named.map(({ ref, entity, location: target }) => ({ target, registered: isRegistered(ref), entity: { ...entity } }));
    return { existing, generated: existing.length > 0 ? [] : [suggestEntity(location)] };
  });
}

/** The beginning of a descriptor: what can be known from the address, and what only a person knows. */
function suggestEntity({ target }: Spec) {
  const { repository } = splitTarget(sourceOf({ type: "url", target }).target);
  const name = nameOf(repository)
    .replaceAll(/[^\w.-]+/g, "-")
    .slice(0, 63);
  const [, host = "", slug] = /^([^/]+)\/(.+)$/.exec(keyOfAddress(repository)) ?? [];
  const annotation = host.startsWith("github.")
    ? "github.com/project-slug"
    : host.includes("gitlab")
      ? "gitlab.com/project-slug"
      : undefined;
  return {
    entity: {
      apiVersion: "backstage.io/v1alpha1",
      kind: "Component",
      metadata: { name, ...(annotation !== undefined && slug !== undefined ? { annotations: { [annotation]: slug } } : {}) },
      spec: { type: "other", lifecycle: "unknown" },
    },
    fields: [
      { field: "metadata.name", state: "analysisSuggestedValue", value: name, description: "The name of the repository." },
      { field: "spec.type", state: "analysisSuggestedValue", value: "other", description: "What it is: service, website, library ..." },
      { field: "spec.owner", state: "needsUserInput", value: null, description: "Who owns it: a group or a user." },
    ],
  };
}
