import { InvalidError } from "@roadbed/core";

import type { PathsDeps } from "../../deps.ts";
import type { ActionContext } from "../action.ts";
import { repositoryOf } from "../repository-url.ts";

/** A repository that is there: of the embedded host, or at another one. */
export type Found =
  | { readonly kind: "embedded"; readonly name: string }
  | { readonly kind: "github" | "gitlab"; readonly repoUrl: string; readonly name: string };

export interface Wanted {
  readonly entityRef?: string | undefined;
  readonly repository?: string | undefined;
}

export type FindDeps = Pick<PathsDeps, "catalog" | "git" | "publicUrl" | "outside">;

/** Where an entity says that its source is, the plainest first. */
const PLACES = ["backstage.io/source-location", "backstage.io/managed-by-location"];
const SLUGS = { "github.com/project-slug": "github", "gitlab.com/project-slug": "gitlab" } as const;

/** Finds the repository of an entity, or the one that is named. Throws `InvalidError` in words that say what would help. */
export async function findRepository(deps: FindDeps, c: Pick<ActionContext, "read">, { entityRef, repository }: Wanted): Promise<Found> {
  if (repository !== undefined && repository !== "") return named(deps, c, repository);
  if (entityRef === undefined) throw new InvalidError("It is not said which repository: neither entityRef nor repository.");
  const own = await c.read(async (ctx) => deps.git.repositoryOf?.(ctx, entityRef));
  if (own !== undefined) return { kind: "embedded", name: own };
  const entity = await c.read((ctx) => deps.catalog.get(ctx, entityRef));
  if (entity === undefined) throw new InvalidError(`${entityRef} is not in the catalogue.`);
  const annotations = entity.metadata.annotations ?? {};
  for (const place of PLACES) {
    const found = await fromAddress(deps, annotations[place]?.replace(/^url:/, ""));
    if (found !== undefined) return found;
  }
  for (const [slug, kind] of Object.entries(SLUGS)) {
    const text = annotations[slug];
    if (text?.includes("/") === true) return at(kind, `${kind}.com`, text);
  }
  throw new InvalidError(`${entityRef} does not say in which repository its source is.`, {
    mend: "Add the annotation backstage.io/source-location, or name the repository.",
  });
}

async function named(deps: FindDeps, c: Pick<ActionContext, "read">, repository: string): Promise<Found> {
  if (repository.includes("?")) {
    const host = repository.split("?", 1)[0] ?? "";
    const fields = new URLSearchParams(repository.slice(host.length + 1));
    if (fields.get("owner") === null) return embedded(deps, c, fields.get("repo") ?? "");
    return at(await systemOf(deps, host), host, `${fields.get("owner")}/${fields.get("repo")}`);
  }
  const found = await fromAddress(deps, repository);
  if (found !== undefined) return found.kind === "embedded" ? embedded(deps, c, found.name) : found;
  return embedded(deps, c, repository);
}

async function embedded(deps: FindDeps, c: Pick<ActionContext, "read">, name: string): Promise<Found> {
  if (await c.read((ctx) => deps.git.repositoryExists(ctx, name))) return { kind: "embedded", name };
  throw new InvalidError(`There is no repository "${name.slice(0, 100)}" in Roadbed's own Git host.`, {
    mend: "Name one that is there, or give the address of one at GitHub or GitLab.",
  });
}

async function fromAddress(deps: FindDeps, address: string | undefined): Promise<Found | undefined> {
  const url = URL.parse(address ?? "");
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const own = repositoryOf(url.href, deps.publicUrl);
  if (own !== undefined) return { kind: "embedded", name: own };
  const path = (url.pathname.split(/\/(?:-\/)?(?:tree|blob|src)\//)[0] ?? "").replace(/^\/|\/$|\.git$/g, "");
  return path.includes("/") ? at(await systemOf(deps, url.host), url.host, path) : undefined;
}

/** What a host runs: as an administrator connected it, else by its name. */
async function systemOf({ outside }: FindDeps, host: string): Promise<"github" | "gitlab"> {
  const known = (await outside?.hosts())?.find((one) => one.host === host);
  return known?.system ?? (host.includes("gitlab") ? "gitlab" : "github");
}

function at(kind: "github" | "gitlab", host: string, path: string): Found {
  const cut = path.lastIndexOf("/");
  const query = new URLSearchParams({ owner: path.slice(0, cut), repo: path.slice(cut + 1) });
  return { kind, name: `${host}/${path}`, repoUrl: `${host}?${query.toString()}` };
}
