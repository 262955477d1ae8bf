import { DeniedError, type Ctx } from "@roadbed/core";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { RepositoryFile, Standards } from "../deps.ts";
import type { LedgerRepositories } from "../ledger/check-made.ts";
import type { MadeRow } from "../ledger/made-store.ts";
import { collectResources } from "../workspace/collect-resources.ts";
import type { WorkedOut } from "./work-out.ts";

/** What policies can say something about, and what says whose a thing is. */
const LOOKED_AT = /(\.ya?ml|\.json|\.tf|(^|\/)Dockerfile[^/]*)$/;
const MOST_FILES = 500;

/**
 * Asks the policies about what a repository would be once an upgrade is merged: its own files with those of the upgrade. What it violates
 * already and would violate as before is not held against the upgrade. Throws `DeniedError`.
 */
export async function judgeUpgrade(
  deps: { readonly standards: Standards; readonly repositories: LedgerRepositories; readonly dataDir: string },
  ctx: Ctx,
  made: MadeRow,
  work: Pick<WorkedOut, "files" | "removed" | "tree">,
): Promise<void> {
  const { repositories } = deps;
  const here = work.tree.filter(({ path }) => LOOKED_AT.test(path)).slice(0, MOST_FILES);
  const contents = await repositories.blobs(
    made.repository,
    here.map(({ hash }) => hash),
  );
  const before: RepositoryFile[] = here.flatMap(({ path, hash, executable }) => {
    const content = contents.get(hash);
    return content === undefined ? [] : [{ path, content, executable }];
  });
  const changed = new Set([...work.files.map(({ path }) => path), ...work.removed]);
  const after = [...before.filter(({ path }) => !changed.has(path)), ...work.files.filter(({ path }) => LOOKED_AT.test(path))];
  if (after.length === 0) return;
  const said = await ask(after);
  if (said.verdict !== "deny") return;
  const known = new Set((await ask(before)).findings.map(keyOf));
  const fresh = said.findings.filter((finding) => finding.severity === "deny" && !known.has(keyOf(finding)));
  if (fresh.length === 0) return;
  throw new DeniedError(`Refused by policy: ${[...new Set(fresh.map(({ message, mend }) => `${message} ${mend}`))].join(" ")}`, {
    problems: fresh.map(({ resource, file, message, mend }) => ({ at: file ?? resource, reason: message, mend })),
  });

  async function ask(files: readonly RepositoryFile[]): ReturnType<Standards["evaluate"]> {
    const folder = await mkdtemp(join(deps.dataDir, "previews", "u-")).catch(async () => {
      await mkdir(join(deps.dataDir, "previews"), { recursive: true });
      return mkdtemp(join(deps.dataDir, "previews", "u-"));
    });
    try {
      for (const { path, content } of files) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
      const { resources } = await collectResources(folder);
      return await deps.standards.evaluate(ctx, resources);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function keyOf({
  policy,
  resource,
  file,
  message,
}: {
  readonly policy: string;
  readonly resource: string;
  readonly file?: string | undefined;
  readonly message: string;
}): string {
  return JSON.stringify([policy, resource, file, message]);
}
