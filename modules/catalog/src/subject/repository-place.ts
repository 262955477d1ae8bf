import { basename } from "node:path";

import type { Sql } from "@roadbed/core";

import { pathOfPage } from "../source/git-address.ts";

/** Where an entity is described: the repository as its host names it, and the path of the descriptor from its root. */
export type RepositoryPlace =
  | {
      readonly system: "embedded" | "github" | "gitlab";
      /** `github.com`; "" for the embedded host. */
      readonly host: string;
      readonly repository: string;
      readonly branch: string | undefined;
      readonly path: string;
    }
  | { readonly because: string };

/** A file that describes a whole estate is nobody's repository: only `catalog-info.yaml` stands beside what it describes. */
export async function placeOf(sql: Sql, ref: string): Promise<RepositoryPlace> {
  const { rows } = await sql.query<{ location: string; kind: string; target: string; branch: string | null; connector: string | null }>(
    `select e.location, s.kind, s.target, s.branch, s.connector from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1`,
    [ref],
  );
  const [row] = rows;
  if (!row) return { because: "it is not in the catalogue any more" };
  const { location, kind, target, connector } = row;
  const branch = row.branch ?? undefined;
  if (!/^catalog-info[^/]*$/.test(basename(location))) return { because: "it is described in no catalog-info.yaml of its own" };
  if (kind === "repository")
    return { system: "embedded", host: "", repository: target, branch, path: location.slice(`repository:${target}/`.length) };
  const page = pageOf(location);
  if (kind === "connector" && (connector === "github" || connector === "gitlab") && page) return { system: connector, branch, ...page };
  if (kind === "git") {
    const path = pathOfPage(target, location);
    const url = URL.parse(target);
    if (url && /^https?:$/.test(url.protocol) && path !== undefined) {
      const repository = url.pathname.replace(/^\/|\.git$|\/$/g, "").replace(/\.git$/, "");
      return { system: /github/.test(url.host) ? "github" : "gitlab", host: url.host, repository, branch, path };
    }
    return { because: "changes are proposed at GitHub, GitLab and the embedded host only" };
  }
  return { because: kind === "folder" ? "its files stand in a folder of the server" : "it is described in no repository" };
}

/** `https://github.com/acme/shop/blob/main/catalog-info.yaml`, `https://gitlab.com/acme/shop/-/blob/main/catalog-info.yaml`. */
function pageOf(location: string): { readonly host: string; readonly repository: string; readonly path: string } | undefined {
  const url = URL.parse(location);
  const [, repository, path] = /^\/(.+?)(?:\/-)?\/blob\/[^/]+\/(.+)$/.exec(url?.pathname ?? "") ?? [];
  if (!url || repository === undefined || path === undefined) return undefined;
  return { host: url.host, repository: decodeURIComponent(repository), path: decodeURIComponent(path) };
}
