import { InvalidError } from "@roadbed/core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { RepositoryFile } from "../deps.ts";
import { listFiles } from "../workspace/workspace.ts";
import type { ActionContext } from "./action.ts";

/** The files of a folder that are to be committed. Throws `InvalidError` when there is none. */
export async function readFiles(folder: string): Promise<RepositoryFile[]> {
  const files = await listFiles(folder);
  if (files.length === 0) throw new InvalidError("There is nothing to publish: the workspace is empty.");
  return Promise.all(files.map(async ({ path, executable }) => ({ path, executable, content: await readFile(join(folder, path)) })));
}

/** In whose name a commit is made: as the step says, else who started the run. */
export function authorOf(
  { user }: Pick<ActionContext, "user">,
  input: { readonly gitAuthorName?: string | undefined; readonly gitAuthorEmail?: string | undefined },
): { name: string; email: string } {
  const profile = (user.entity.spec?.["profile"] ?? {}) as { displayName?: unknown; email?: unknown };
  const name = user.entity.metadata.name;
  return {
    name: input.gitAuthorName ?? (typeof profile.displayName === "string" ? profile.displayName : (user.entity.metadata.title ?? name)),
    email: input.gitAuthorEmail ?? (typeof profile.email === "string" ? profile.email : `${name}@users.noreply.roadbed.dev`),
  };
}
