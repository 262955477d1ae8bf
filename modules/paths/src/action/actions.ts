import type { PathsDeps } from "../deps.ts";
import type { Action } from "./action.ts";
import { catalogWrite, makeCatalogFetch, makeCatalogRegister } from "./catalog.ts";
import { debugLog, debugWait } from "./debug.ts";
import { makeDeployWait } from "./deploy-wait.ts";
import { fetchPlain, fetchPlainFile } from "./fetch-plain.ts";
import { fetchTemplate, fetchTemplateFile } from "./fetch-template.ts";
import { fsDelete, fsReaddir, fsRename } from "./fs.ts";
import { policy } from "./policy.ts";
import { makePublishGit } from "./publish-git.ts";

/** Everything a step can name. */
export type Actions = ReadonlyMap<string, Action>;

export function createActions({
  catalog,
  git,
  delivery,
  publicUrl,
}: Pick<PathsDeps, "catalog" | "git" | "delivery" | "publicUrl">): Actions {
  const all = [
    fetchTemplate,
    fetchTemplateFile,
    fetchPlain,
    fetchPlainFile,
    fsDelete,
    fsRename,
    fsReaddir,
    makeCatalogRegister(catalog, publicUrl),
    catalogWrite,
    makeCatalogFetch(catalog),
    debugLog,
    debugWait,
    makePublishGit(git, publicUrl),
    policy,
    makeDeployWait(delivery),
  ];
  return new Map(all.map((action) => [action.id, action]));
}
