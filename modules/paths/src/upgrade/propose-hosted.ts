import { ConflictError, type Ctx } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { ActionContext } from "../action/action.ts";
import { commitToBranch, openPull } from "../action/github/pull-request.ts";
import { pathOf } from "../action/github/repository.ts";
import { projectPath } from "../action/gitlab/project.ts";
import type { Place } from "../action/outside/connect.ts";
import type { PathsDeps, RepositoryFile } from "../deps.ts";
import { placeOfHosted } from "../ledger/hosted-repositories.ts";
import type { MadeRow } from "../ledger/made-store.ts";
import { once } from "../run/once.ts";
import type { WorkedOut } from "./work-out.ts";

export interface HostedDeps extends Pick<PathsDeps, "outside" | "log"> {
  readonly db: Database;
}

export interface HostedChange {
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly key: string;
}

/** What a request at a host is made of. */
export interface HostedWork {
  readonly files: readonly RepositoryFile[];
  readonly removed: readonly string[];
}

/** Where a request goes, and how what was there before is noted. */
export interface HostedTarget {
  readonly repository: string;
  /** The branch that it is to be merged into. */
  readonly branch: string;
  readonly signal: AbortSignal;
  /** Outside the transaction, so that a second try after a crash finds its own branch and request. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
}

/** Proposes an upgrade by a pull or merge request where the thing lies. Answers the address of the request. */
export async function proposeHosted(
  deps: HostedDeps,
  ctx: Ctx,
  made: MadeRow,
  change: HostedChange,
  work: WorkedOut,
): Promise<{ id: string; state: string }> {
  const body = [change.body, ...unsettled(work)].join("\n");
  const target: HostedTarget = {
    repository: made.repository,
    branch: made.branch,
    signal: ctx.signal,
    once: (name, make) => once(deps.db, { runId: made.run_id, key: change.key, name }, make),
  };
  const url = await openRequest(deps, target, { ...change, body }, work);
  return { id: url, state: work.conflicts.length > 0 ? "conflicting" : "open" };
}

/** A pull request at GitHub or a merge request at GitLab; answers its address. The same call again finds its own. */
export async function openRequest(
  deps: Pick<HostedDeps, "outside" | "log">,
  target: HostedTarget,
  change: HostedChange,
  work: HostedWork,
): Promise<string> {
  const place = await placeOfHosted(deps.outside, target.repository, deps.log);
  return place.system === "github" ? pullRequest(deps, target, place, change, work) : mergeRequest(place, target, change, work);
}

/** What became of a request by now. */
export async function stateOfHosted(
  deps: Pick<HostedDeps, "outside" | "log">,
  repository: string,
  url: string,
): Promise<"open" | "merged" | "closed"> {
  const place = await placeOfHosted(deps.outside, repository, deps.log);
  const number = /(\d+)\/?$/.exec(url)?.[1] ?? "0";
  if (place.system === "github") {
    const { body } = await place.ask("GET", `${pathOf(place)}/pulls/${number}`);
    return body?.merged === true || typeof body?.merged_at === "string" ? "merged" : body?.state === "closed" ? "closed" : "open";
  }
  const { body } = await place.ask("GET", `${projectPath(place)}/merge_requests/${number}`);
  return body?.state === "merged" ? "merged" : body?.state === "closed" || body?.state === "locked" ? "closed" : "open";
}

/** Files with marks are in the request; those without are told, since a host's request has no other place for them. */
function unsettled({ conflicts }: WorkedOut): string[] {
  if (conflicts.length === 0) return [];
  return [
    "",
    "Settle these by hand before merging:",
    ...conflicts.map(({ path, reason, marked }) => `- ${path}: ${reason}${marked ? " Look for the marks." : ""}`),
  ];
}

async function pullRequest(
  deps: Pick<HostedDeps, "log">,
  target: HostedTarget,
  place: Place,
  change: HostedChange,
  work: HostedWork,
): Promise<string> {
  const user = {
    ref: "user:default/roadbed",
    entity: { apiVersion: "backstage.io/v1alpha1", kind: "User", metadata: { name: "roadbed" } },
  };
  const c: Pick<ActionContext, "log" | "once" | "user" | "signal"> = {
    user,
    signal: target.signal,
    log: async (_level, message) => deps.log.debug(message, { repository: target.repository }),
    once: (name, make) => target.once(name, make),
  };
  const input = {
    repoUrl: "",
    branchName: change.branch,
    title: change.title,
    description: change.body,
    draft: false,
    sourcePath: ".",
    targetPath: "",
    filesToDelete: [...work.removed],
    reviewers: [],
    teamReviewers: [],
    assignees: [],
    update: false,
    forceFork: false,
    createWhenEmpty: true,
    gitAuthorName: change.author.name,
    ...(change.author.email === "" ? {} : { gitAuthorEmail: change.author.email }),
  };
  await commitToBranch(c as ActionContext, place, target.branch, input, work.files);
  return (await openPull(c as ActionContext, place, target.branch, input)).url;
}

/** One commit by the REST API. A branch that holds this very message is the one that was made before a crash. */
async function mergeRequest(place: Place, target: HostedTarget, change: HostedChange, work: HostedWork): Promise<string> {
  const at = projectPath(place);
  const branch = await place.ask("GET", `${at}/repository/branches/${encodeURIComponent(change.branch)}`, { accept: [404] });
  if (branch.status !== 404 && String(branch.body?.commit?.message ?? "").trim() !== change.title) {
    throw new ConflictError(`The branch ${change.branch} of ${place.owner}/${place.repo} is there already with other commits.`, {
      mend: "Merge or remove it, then try again.",
    });
  }
  if (branch.status === 404) {
    const actions: Record<string, unknown>[] = work.removed.map((path) => ({ action: "delete", file_path: path }));
    for (const { path, content, executable } of work.files) {
      const { status } = await place.ask(
        "GET",
        `${at}/repository/files/${encodeURIComponent(path)}?ref=${encodeURIComponent(target.branch)}`,
        { accept: [404] },
      );
      actions.push({
        action: status === 404 ? "create" : "update",
        file_path: path,
        encoding: "base64",
        content: Buffer.from(content).toString("base64"),
        ...(executable ? { execute_filemode: true } : {}),
      });
    }
    const author = { author_name: change.author.name, ...(change.author.email === "" ? {} : { author_email: change.author.email }) };
    await place.ask("POST", `${at}/repository/commits`, {
      body: { branch: change.branch, start_branch: target.branch, commit_message: change.title, actions, ...author },
    });
  }
  const [known] = (await place.ask("GET", `${at}/merge_requests?state=opened&source_branch=${encodeURIComponent(change.branch)}`)).body as {
    web_url: string;
  }[];
  if (known !== undefined) return known.web_url;
  const { body } = await place.ask("POST", `${at}/merge_requests`, {
    body: {
      source_branch: change.branch,
      target_branch: target.branch,
      title: change.title,
      description: change.body,
      remove_source_branch: true,
    },
  });
  return String(body.web_url);
}
