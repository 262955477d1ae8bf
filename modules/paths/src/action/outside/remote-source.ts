import { InvalidError, UnavailableError } from "@roadbed/core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Outside } from "../../deps.ts";
import type { ActionContext } from "../action.ts";
import { locate } from "../skeleton.ts";

export type SourceReader = Pick<Outside, "clone" | "connection">;

/**
 * Gives `use` the place of a `url` on disk: beside the path's own template, or in a repository elsewhere, which is cloned for as long
 * as it is used. Throws in words for anything else.
 */
export async function withSource<T>(
  c: Pick<ActionContext, "template" | "log" | "signal">,
  outside: SourceReader | undefined,
  { url, token }: { readonly url: string; readonly token?: string | undefined },
  wanted: "folder" | "file",
  use: (place: string) => Promise<T>,
): Promise<T> {
  if (!/^https?:\/\//i.test(url)) return use(await locate(c.template, url, wanted));
  if (outside === undefined) throw new UnavailableError("This server talks to no other host.");
  const { repository, branch, path } = partsOf(url);
  const dir = await mkdtemp(join(tmpdir(), "roadbed-source-"));
  try {
    const address = await withToken(outside, repository, token);
    const { hash } = await outside.clone({ url: address, dir, signal: c.signal, ...(branch === undefined ? {} : { branch }) });
    await rm(join(dir, ".git"), { recursive: true, force: true });
    await c.log("info", `${repository} read at ${hash.slice(0, 10)}.`);
    return await use(await locate({ ref: repository, folder: dir, root: dir }, path, wanted));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** `https://host/owner/repo[/tree|blob/branch/path]`, as GitHub, GitLab (`/-/`) and Gitea (`/src/branch/`) write it. */
export function partsOf(url: string): { readonly repository: string; readonly branch?: string; readonly path: string } {
  const parsed = URL.parse(url);
  if (parsed === null) throw new InvalidError(`"${url}" is no address.`);
  const where = /^(\/.+?)\/(?:-\/)?(?:tree|blob|raw|src\/branch)\/([^/]+)(?:\/(.*))?$/.exec(parsed.pathname);
  if (where === null) return { repository: `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`, path: "." };
  const [, repository = "", branch = "", path = ""] = where;
  return {
    repository: `${parsed.origin}${repository}`,
    branch: decodeURIComponent(branch),
    path: path === "" ? "." : decodeURIComponent(path),
  };
}

/** The step's token, else the one of the host's connection: private repositories need it. */
async function withToken(outside: SourceReader, repository: string, given: string | undefined): Promise<string> {
  const url = new URL(repository);
  const [owner] = url.pathname.split("/").filter(Boolean);
  for (const system of ["github", "gitlab"] as const) {
    const token = given ?? (await outside.connection({ system, host: url.host, owner }))?.token;
    if (token === undefined || token === "") continue;
    url.username = system === "github" ? "x-access-token" : "oauth2";
    url.password = token;
    break;
  }
  return url.href;
}
