import { repositoryPushed } from "@roadbed/contracts/delivery";
import { ConflictError, NotFoundError, type Ctx } from "@roadbed/core";
import type { FileChange } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { refuseArchived } from "./archive-repository.ts";
import { findRepository, moveHead } from "./repository-store.ts";

export interface NewCommit {
  readonly repository: string;
  readonly branch: string;
  /** The commit that was read: the branch must still stand there. */
  readonly parent: string;
  readonly files: readonly FileChange[];
  readonly removed: readonly string[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
}

/**
 * One commit on top of what was read, told like any push. Throws `ConflictError` where somebody pushed meanwhile or it is archived. A crash
 * before it is told of is mended by the host at its next start, which announces what nobody heard of.
 */
export async function commitToRepository({ repositories }: DeliveryDeps, ctx: Ctx, input: NewCommit): Promise<{ readonly commit: string }> {
  const { repository, branch, parent, files, removed, message, author } = input;
  const record = await findRepository(ctx.sql, repository);
  if (record === undefined) throw new NotFoundError("repository", repository);
  await refuseArchived(ctx.sql, repository);
  if ((await repositories.head(repository, branch)) !== parent) {
    throw new ConflictError(`${branch} of ${repository} moved at this moment.`, { mend: "Try again." });
  }
  const { hash } = await repositories.commitFiles(repository, { branch, files, removed, message, author, expectedParent: parent });
  if (record.defaultBranch === branch) await moveHead(ctx.sql, repository, hash);
  ctx.emit(repositoryPushed, repository, { repository, branch, before: parent, after: hash, message, author: author.name });
  return { commit: hash };
}
