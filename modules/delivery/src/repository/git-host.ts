import type { IncomingMessage, ServerResponse } from "node:http";

import { repositoryPushed } from "@roadbed/contracts/delivery";
import { ConflictError, ForbiddenError, type Call } from "@roadbed/core";
import { createSmartHttp, type Push } from "@roadbed/git";

import { entityRefOf } from "../component.ts";
import type { DeliveryDeps } from "../deps.ts";
import { pushRepository, readRepository } from "../internal-operations.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { takeSource } from "../source/take-source.ts";
import { refuseArchived } from "./archive-repository.ts";
import { listRepositoryRecords, moveHead, type RepositoryRecord } from "./repository-store.ts";

export interface GitHost {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Announces what was pushed while nobody could write it down: the server was killed in between, or the database was away. */
  announceMissed(): Promise<void>;
}

const PAGE = 200;

export function createGitHost(deps: DeliveryDeps): GitHost {
  const { log, runtime, repositories } = deps;

  /** Git's clients show the words of what forbids them. */
  async function refuseWrites(repository: string): Promise<void> {
    await refuseArchived(deps.db, repository).catch((error: unknown) => {
      throw error instanceof ConflictError
        ? new ForbiddenError(error.message, error.mend === undefined ? {} : { mend: error.mend })
        : error;
    });
  }

  async function readSource(by: Call): Promise<void> {
    await takeSource(deps, by).catch((error: unknown) => log.error("what was pushed to main could not be read", { error: String(error) }));
  }

  return {
    serve: createSmartHttp<Call>({
      root: repositories.root,
      log,
      authorize: async (request, repository, access) => {
        const call = await deps.gitDoor.authenticate(request);
        if (call === undefined) return undefined;
        const operation = access === "write" ? pushRepository : readRepository;
        if (!call.scopes.has(operation.scope) && !call.scopes.has("*")) {
          throw new ForbiddenError(`This token lacks the scope ${operation.scope}.`, { mend: `Make a token that has ${operation.scope}.` });
        }
        await runtime.may(call, operation, { kind: "entity", id: entityRefOf(repository) });
        if (access === "write") await refuseWrites(repository);
        return { actor: call };
      },
      onPush: async (push) => {
        // First as whoever pushed: what comes of it later, by the event, is only what was left over.
        if (push.repository === GITOPS_REPOSITORY && push.branch === "main") await readSource(push.actor);
        await announcePush(deps, push);
      },
    }),
    async announceMissed() {
      for (let after = ""; ;) {
        const records = await listRepositoryRecords(deps.db, after, PAGE);
        for (const record of records)
          await announceIfMoved(deps, record).catch((error: unknown) =>
            log.warn("a repository could not be read", { repository: record.name, error: String(error) }),
          );
        if (records.length < PAGE) return;
        after = records.at(-1)!.name;
      }
    },
  };
}

async function announcePush(
  { runtime, repositories }: DeliveryDeps,
  { repository, branch, before, after, actor }: Push<Call>,
): Promise<void> {
  const [commit] = /^0+$/.test(after) ? [] : await repositories.log(repository, { ref: after, limit: 1 });
  const input = { repository, branch, before, after };
  await runtime.write(actor, pushRepository, input, { kind: "repository", id: repository }, async (ctx) => {
    const { rows } = await ctx.sql.query("select default_branch from delivery.repository where name = $1", [repository]);
    const moved = rows[0]?.["default_branch"] !== branch || commit === undefined || (await moveHead(ctx.sql, repository, after));
    if (!moved) return;
    ctx.emit(repositoryPushed, repository, { ...input, message: commit?.message ?? "", author: commit?.author.name ?? "" });
  });
}

async function announceIfMoved(deps: DeliveryDeps, { name, defaultBranch, head }: RepositoryRecord): Promise<void> {
  const now = await deps.repositories.head(name, defaultBranch);
  if (now === undefined || now === head) return;
  const actor = deps.runtime.system("delivery.git-host");
  await announcePush(deps, { repository: name, branch: defaultBranch, before: head ?? "0".repeat(40), after: now, actor });
}
