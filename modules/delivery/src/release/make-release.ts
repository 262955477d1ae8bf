import { createRelease, releaseMade, type Part } from "@roadbed/contracts/delivery/releases";
import { formatActor, handle, InvalidError, newId, NotFoundError, type Ctx, type Handler } from "@roadbed/core";
import type { Commit, Repositories } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { render } from "../gitops/render.ts";
import { findRepository, findRepositoryOf, type RepositoryRecord } from "../repository/repository-store.ts";
import { contentOfConfig } from "../configuration/content-at.ts";
import { filesOf, partsOf } from "../configuration/content-of.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";
import { checkParts, digestOf } from "./release-parts.ts";
import { findReleaseOf, insertRelease, toReleases, type ReleaseRow } from "./release-store.ts";

/** A commit says by this line of its message that what it does to data cannot be taken back. */
const IRREVERSIBLE = /^Irreversible-Migration:\s*(\S.*)$/im;
/** Files that say how it is deployed: the manifest, and plain manifests for all environments or for one. */
const CONFIG = /^(roadbed\.yaml|deploy\/(?:[A-Za-z0-9._-]+\/)?[A-Za-z0-9._-]+\.ya?ml)$/;
const MAX_CONFIG_FILES = 60;
const MAX_CONFIG_BYTES = 256 * 1_024;
const LOOKED_AT = 500;

export function makeCreateRelease(deps: DeliveryDeps): Handler {
  return handle(createRelease, async (ctx, { entityRef, commit, parts, title, irreversible }) => {
    if (((await deps.entities.hiddenFrom?.(ctx)) ?? []).includes(entityRef)) throw new NotFoundError("entity", entityRef);
    const repository = await findRepositoryOf(ctx.sql, entityRef);
    if (repository === undefined && (await deps.entities.get(ctx, entityRef)) === undefined) throw new NotFoundError("entity", entityRef);
    if (commit !== undefined && repository === undefined) {
      throw new InvalidError(`${entityRef} has no repository in the embedded Git host, so it has no commits.`, {
        problems: [{ at: "commit", reason: "there is no repository to look in" }],
        mend: "Name its image by tag and digest, or leave the commit out.",
      });
    }
    const found = repository && (await commitOf(deps.repositories, repository, commit));
    const { row } = await makeRelease(deps, ctx, { entityRef, repository, commit: found, parts, title, irreversible, how: "hand" });
    return (await toReleases(ctx.sql, [row]))[0]!;
  });
}

/** A push that became healthy in the first environment is a release. Hearing of it twice makes one. */
export async function releaseDeployed(
  deps: DeliveryDeps,
  ctx: Ctx,
  { entityRef, commit, repository: name }: { readonly entityRef: string; readonly commit: string; readonly repository: string },
): Promise<void> {
  if ((await findReleaseOf(ctx.sql, entityRef, commit)) !== undefined) return;
  const repository = await findRepository(ctx.sql, name);
  const [found] = repository === undefined ? [] : await deps.repositories.log(name, { ref: commit, limit: 1 });
  if (repository === undefined || found === undefined) return;
  try {
    await makeRelease(deps, ctx, { entityRef, repository, commit: found, parts: [], how: "push" });
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    deps.log.warn("no release was made of what became healthy", { entity: entityRef, commit, error: error.message });
  }
}

export async function makeRelease(
  deps: Pick<DeliveryDeps, "repositories">,
  ctx: Ctx,
  o: {
    readonly entityRef: string;
    readonly repository: RepositoryRecord | undefined;
    readonly commit: Commit | undefined;
    readonly parts: readonly Part[];
    readonly title?: string | undefined;
    readonly irreversible?: string | undefined;
    readonly how: ReleaseRow["how"];
  },
): Promise<{ readonly row: ReleaseRow; readonly made: boolean }> {
  const { entityRef, repository, commit, how } = o;
  const code: Part[] = repository && commit ? [{ kind: "commit", name: repository.name, version: commit.hash }] : [];
  const config = repository && commit ? await configOf(deps.repositories, repository.name, commit.hash) : {};
  const content = commit && contentOfConfig(config, commit.hash);
  const parts = checkParts([...code, ...(content === undefined ? [] : partsOf(entityRef, content)), ...o.parts]);
  const before = await newest(ctx, entityRef);
  const irreversible =
    o.irreversible ?? (repository && commit && (await declaredIn(deps.repositories, repository.name, commit.hash, before?.commit)));
  const first = o.parts[0];
  const title = o.title ?? commit?.message.split("\n")[0]?.slice(0, 200) ?? (first ? `${first.name} ${first.version}` : entityRef);
  const id = newId("rel", ctx.now().getTime());
  // What could not be rendered could be promoted nowhere: better said now.
  render(
    { id, entity_ref: entityRef, number: 0, parts, repository: repository?.name ?? null, commit: commit?.hash ?? null, config },
    "check",
  );
  const result = await insertRelease(ctx.sql, {
    id,
    entity_ref: entityRef,
    title: title.trim() === "" ? (commit?.hash.slice(0, 8) ?? entityRef) : title,
    parts,
    repository: commit === undefined ? null : (repository?.name ?? null),
    commit: commit?.hash ?? null,
    author: commit?.author.name ?? null,
    made_by: formatActor(ctx.actor),
    how,
    irreversible: irreversible ?? null,
    digest: digestOf(parts, o.irreversible),
    config,
    created_at: ctx.now(),
  });
  if (result.made) {
    const { number } = result.row;
    ctx.emit(releaseMade, entityRef, { releaseId: id, entityRef, number, title: result.row.title });
  }
  return result;
}

async function commitOf(
  repositories: Repositories,
  { name, defaultBranch }: RepositoryRecord,
  wanted: string | undefined,
): Promise<Commit> {
  const [commit] = await repositories.log(name, { ref: wanted ?? defaultBranch, limit: 1 });
  if (commit !== undefined) return commit;
  throw new NotFoundError("commit", `${wanted ?? defaultBranch} of ${name}`, "Push it first.");
}

async function newest(ctx: Ctx, entityRef: string): Promise<ReleaseRow | undefined> {
  const { rows } = await ctx.sql.query<ReleaseRow>(
    "select * from delivery.release where entity_ref = $1 and commit is not null order by number desc limit 1",
    [entityRef],
  );
  return rows[0];
}

/** The first reason that a commit since the release before gives. */
async function declaredIn(
  repositories: Repositories,
  name: string,
  commit: string,
  since: string | null | undefined,
): Promise<string | undefined> {
  const commits = await repositories.log(name, { ref: commit, limit: since == null ? 1 : LOOKED_AT, since: since ?? undefined });
  for (const { message } of commits) {
    const why = IRREVERSIBLE.exec(message)?.[1]?.trim().slice(0, 500);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** What a prompt, model or agent is made of, beside the manifest. */
async function contentFiles(repositories: Repositories, name: string, manifest: string | undefined): Promise<readonly string[]> {
  const bytes = manifest === undefined ? undefined : (await repositories.blobs(name, [manifest])).get(manifest);
  return bytes === undefined ? [] : filesOf(parseManifest(Buffer.from(bytes).toString("utf8")));
}

/** As they are at its commit. Throws `InvalidError` when there is too much of it. */
async function configOf(repositories: Repositories, name: string, commit: string): Promise<Record<string, string>> {
  const tree = await repositories.tree(name, commit);
  const there = tree?.files ?? [];
  const named = await contentFiles(repositories, name, there.find(({ path }) => path === MANIFEST_FILE)?.hash);
  const files = there.filter(({ path }) => CONFIG.test(path) || named.includes(path));
  const contents = await repositories.blobs(
    name,
    files.map(({ hash }) => hash),
  );
  const bytes = [...contents.values()].reduce((sum, content) => sum + content.length, 0);
  if (files.length > MAX_CONFIG_FILES || bytes > MAX_CONFIG_BYTES) {
    throw new InvalidError(`${MANIFEST_FILE} and deploy/ of ${name} hold ${files.length} files with ${bytes} bytes.`, {
      mend: `At most ${MAX_CONFIG_FILES} files with ${MAX_CONFIG_BYTES} bytes travel with a release: render less, or keep other files elsewhere.`,
    });
  }
  return Object.fromEntries(files.map(({ path, hash }) => [path, Buffer.from(contents.get(hash) ?? []).toString("utf8")]));
}
