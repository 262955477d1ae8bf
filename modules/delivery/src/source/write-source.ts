import type { Ctx } from "@roadbed/core";
import { blobHash } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { listEnvironmentRecords } from "../environment/environment-store.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import {
  dropSourceFiles,
  goneFiles,
  putSourceFiles,
  readSourceFiles,
  staleEnvironments,
  staleIntents,
  type SourceFile,
} from "./source-store.ts";
import { environmentPath, environmentText, intentPath, intentText, keepWords } from "./source-text.ts";

const AT_ONCE = 5_000;

export interface SourceChanges {
  readonly files: { readonly path: string; readonly content: string }[];
  readonly removed: readonly string[];
}

/**
 * What is to be written on `main` so that it says what environments ask for and what each is to have. What is answered counts as written: the caller
 * commits it in the same transaction.
 */
export async function sourceChanges(deps: Pick<DeliveryDeps, "repositories">, ctx: Ctx): Promise<SourceChanges> {
  const environments = await staleEnvironments(ctx.sql, AT_ONCE);
  const intents = await staleIntents(ctx.sql, AT_ONCE);
  const gone = await goneFiles(ctx.sql);
  if (environments.length + intents.length + gone.length === 0) return { files: [], removed: [] };
  const known = await readSourceFiles(ctx.sql);
  const records = new Map(environments.length === 0 ? [] : (await listEnvironmentRecords(ctx.sql)).map((one) => [one.name, one]));
  const wanted = [
    ...environments.flatMap(({ name, stamp }) => {
      const record = records.get(name);
      if (record === undefined) return [];
      const { workloads: _workloads, endedAt: _endedAt, ...text } = record;
      return [{ path: environmentPath(name), environment: name, entity_ref: null, stamp, content: environmentText(text) }];
    }),
    ...intents.map(({ entity_ref, environment, number, intent, stamp }) => ({
      path: intentPath(entity_ref, environment),
      environment,
      entity_ref,
      stamp,
      content: intentText({ entityRef: entity_ref, environment, release: number, intent: intent ?? {} }),
    })),
  ];
  const theirs = await textsOf(
    deps,
    wanted.flatMap(({ path }) => known.get(path) ?? []),
  );
  const files = wanted.map(({ content, ...file }) => {
    const before = theirs.get(file.path);
    return { ...file, content: (before === undefined ? undefined : keepWords(before, content)) ?? content };
  });
  const rows = files.map(({ content, ...file }): SourceFile => {
    return { ...file, blob: blobHash(content), by_hand: known.get(file.path)?.by_hand ?? false, promotion_id: null };
  });
  await putSourceFiles(ctx, rows);
  await dropSourceFiles(ctx, gone);
  const changed = new Set(rows.flatMap(({ path, blob }) => (known.get(path)?.blob === blob ? [] : [path])));
  return { files: files.flatMap(({ path, content }) => (changed.has(path) ? [{ path, content }] : [])), removed: gone };
}

/** What somebody wrote by hand, by path: what they said beside the values is kept. */
async function textsOf({ repositories }: Pick<DeliveryDeps, "repositories">, files: readonly SourceFile[]): Promise<Map<string, string>> {
  const own = files.filter(({ by_hand }) => by_hand);
  if (own.length === 0) return new Map();
  const blobs = await repositories.blobs(
    GITOPS_REPOSITORY,
    own.map(({ blob }) => blob),
  );
  return new Map(own.flatMap(({ path, blob }) => (blobs.has(blob) ? [[path, Buffer.from(blobs.get(blob)!).toString("utf8")]] : [])));
}
