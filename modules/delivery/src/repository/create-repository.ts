import { repositoryCreated, repositoryPushed } from "@roadbed/contracts/delivery";
import { ConflictError, type Ctx } from "@roadbed/core";
import { checkRepositoryName, type FileChange } from "@roadbed/git";

import { entityRefOf } from "../component.ts";
import type { DeliveryDeps } from "../deps.ts";
import { cloneUrlOf, findRepository, insertRepository, moveHead } from "./repository-store.ts";

export interface NewRepository {
  readonly name: string;
  readonly description: string;
  readonly branch: string;
  readonly files: readonly FileChange[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** Who makes it: the same key again is a repeat. */
  readonly key: string;
}

export interface MadeRepository {
  readonly cloneUrl: string;
  readonly commit: string;
}

const NOTHING = "0".repeat(40);

/**
 * The row comes first and holds the name against others until the transaction ends; then the folder, whose making can be
 * repeated. If the transaction is lost after all, the folder is found again by the repeat.
 */
export async function createRepository(deps: DeliveryDeps, ctx: Ctx, input: NewRepository): Promise<MadeRepository> {
  const { repositories, publicUrl } = deps;
  const { name, branch, message, author, files } = input;
  const entityRef = entityRefOf(checkRepositoryName(name));
  const made = await insertRepository(ctx.sql, {
    name,
    description: input.description,
    defaultBranch: branch,
    entityRef,
    madeBy: input.key,
    createdAt: ctx.now(),
  });
  const record = await findRepository(ctx.sql, name);
  if (!made && record?.madeBy !== input.key) {
    throw new ConflictError(`The repository ${name} exists already.`, { mend: "Choose another name." });
  }
  const cloneUrl = cloneUrlOf(publicUrl, name);
  if (!made && record?.head !== undefined) return { cloneUrl, commit: await firstCommit(deps, name, record.head) };
  await repositories.init(name, { defaultBranch: branch });
  const { hash } = await repositories.commitFiles(name, { branch, files, message, author, expectedParent: null });
  await moveHead(ctx.sql, name, hash);
  ctx.emit(repositoryCreated, name, { repository: name, cloneUrl });
  ctx.emit(repositoryPushed, name, { repository: name, branch, before: NOTHING, after: hash, message, author: author.name });
  return { cloneUrl, commit: hash };
}

/** A repeat answers what the first call made, even if somebody has pushed since. */
async function firstCommit({ repositories }: DeliveryDeps, name: string, head: string): Promise<string> {
  const commits = await repositories.log(name, { ref: head, limit: 10_000 });
  return commits.at(-1)?.hash ?? head;
}
