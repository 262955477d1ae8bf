import { newId, type Ctx } from "@roadbed/core";

import type { Publication } from "../action/action.ts";
import { refsIn } from "../action/catalog.ts";
import type { RunRow } from "../run/run-store.ts";
import { toMadeFiles } from "./compare-files.ts";
import { insertMade } from "./made-store.ts";

/** Writes down what a run made: path, version, answers without secrets, and the hash of each file. */
export async function rememberMade(ctx: Ctx, run: RunRow, key: string, { repository, branch, commit, files }: Publication): Promise<void> {
  await insertMade(ctx.sql, {
    id: newId("made", ctx.now().getTime()),
    key,
    runId: run.id,
    pathRef: run.path_ref,
    pathTitle: run.path_title,
    version: run.path_version ?? undefined,
    sourceDigest: run.source_digest ?? undefined,
    repository,
    branch,
    entityRef: entityIn(files),
    answers: run.shown_values,
    commit,
    files: toMadeFiles(files, run.path.promises?.managed ?? ["**"]),
    at: ctx.now(),
  });
}

/** The entity that the repository describes at its root: the first component, else the first. */
function entityIn(files: Publication["files"]): string | undefined {
  const descriptor = files.find(({ path }) => path === "catalog-info.yaml" || path === "catalog-info.yml");
  if (descriptor === undefined) return undefined;
  const refs = refsIn(Buffer.from(descriptor.content).toString("utf8"));
  return refs.find((ref) => ref.startsWith("component:")) ?? refs[0];
}
