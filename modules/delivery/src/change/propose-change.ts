import { changeMoved, changeOpened, type Change, type ChangeConflict } from "@roadbed/contracts/delivery/changes";
import { ConflictError, formatActor, newId, NotFoundError, type Ctx } from "@roadbed/core";
import type { FileChange } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { refuseArchived } from "../repository/archive-repository.ts";
import { findRepository } from "../repository/repository-store.ts";
import { findChangeByKey, readChange, toChange } from "./change-store.ts";

/** What somebody would have a repository become, on top of a commit of its default branch. */
export interface NewChange {
  readonly repository: string;
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  /** The commit of the default branch that it was made for. */
  readonly base: string;
  readonly files: readonly FileChange[];
  readonly removed: readonly string[];
  readonly conflicts: readonly ChangeConflict[];
  readonly author: { readonly name: string; readonly email: string };
  /** Who makes it: the same key again is a repeat; with another base or other files the change is made anew on its branch. */
  readonly key: string;
}

/** Proposes a change, or makes one of the same key anew. The branch comes first; a repeat finds it. */
export async function proposeChange({ repositories }: DeliveryDeps, ctx: Ctx, input: NewChange): Promise<Change> {
  const record = await findRepository(ctx.sql, input.repository);
  if (record === undefined) throw new NotFoundError("repository", input.repository);
  await refuseArchived(ctx.sql, input.repository);
  const known = await findChangeByKey(ctx.sql, input.key);
  if (known !== undefined && (known.status !== "open" || known.base === input.base)) return toChange(known);
  if (known !== undefined && known.head !== known.made_head) {
    throw new ConflictError(`Somebody worked in ${known.branch} of ${known.repository}, so it is not made anew.`, {
      mend: `Merge ${known.target} into it and push, or close the change.`,
    });
  }
  const { repository, branch, title, body, base, files, removed, conflicts, author } = input;
  const message = `${title}\n\n${body}`.trim();
  const before = await repositories.head(repository, branch);
  const options = { branch, files, removed, message, author, onto: base, expectedParent: before ?? null };
  const { hash } = await repositories.commitFiles(repository, options);
  if (known === undefined) return insert(ctx, { ...input, target: record.defaultBranch, head: hash, madeHead: hash });
  await ctx.sql.query(
    "update delivery.change set base = $2, head = $3, made_head = $3, conflicts = $4, title = $5, body = $6 where id = $1",
    [known.id, base, hash, JSON.stringify(conflicts), title, body],
  );
  ctx.emit(changeMoved, known.id, { changeId: known.id, repository, key: known.key, conflicts: conflicts.length });
  return toChange(await readChange(ctx.sql, known.id));
}

export interface InsertedChange extends Omit<NewChange, "files" | "removed" | "author"> {
  readonly target: string;
  readonly head: string;
  readonly madeHead: string | null;
  /** Of a change that promotes: components. */
  readonly about?: readonly string[];
}

export async function insert(ctx: Ctx, change: InsertedChange): Promise<Change> {
  const id = newId("change", ctx.now().getTime());
  const { key, repository, branch, target, title, body, base, head, conflicts } = change;
  const { rowCount } = await ctx.sql.query(
    `insert into delivery.change (id, key, repository, branch, target, title, body, status, base, head, conflicts, opened_by, opened_at, made_head, about)
     values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12, $13, $14) on conflict do nothing`,
    [
      id,
      key,
      repository,
      branch,
      target,
      title,
      body,
      base,
      head,
      JSON.stringify(conflicts),
      formatActor(ctx.actor),
      ctx.now(),
      change.madeHead,
      change.about ?? null,
    ],
  );
  if (rowCount === 0)
    throw new ConflictError(`A change of the branch ${branch} of ${repository} is open already.`, { mend: "Merge or close it first." });
  ctx.emit(changeOpened, id, { changeId: id, repository, key });
  return toChange(await readChange(ctx.sql, id));
}
