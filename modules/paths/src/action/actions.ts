import type { PathsDeps } from "../deps.ts";
import type { RequestDeps } from "../resource/request-resource.ts";
import type { Action } from "./action.ts";
import { makePublishChange } from "./change/publish-change.ts";
import { catalogWrite, makeCatalogFetch, makeCatalogRegister } from "./catalog.ts";
import { debugLog, debugWait } from "./debug.ts";
import { makeDeployWait } from "./deploy-wait.ts";
import { makeFetchPlain, makeFetchPlainFile } from "./fetch-plain.ts";
import { makeFetchCookiecutter, makeFetchTemplate, makeFetchTemplateFile } from "./fetch-template.ts";
import { fsDelete, fsReaddir, fsRename } from "./fs.ts";
import { makeGithubBranchProtection, makeGithubRepoCreate, makeGithubRepoPush, makePublishGithub } from "./github/publish.ts";
import { makePublishGithubPullRequest } from "./github/pull-request.ts";
import { makeSmallGithubActions } from "./github/small.ts";
import { makeGithubActionsDispatch } from "./github/workflow.ts";
import { makePublishGitlabMergeRequest } from "./gitlab/merge-request.ts";
import { makePublishGitlab } from "./gitlab/project.ts";
import { makeSmallGitlabActions } from "./gitlab/small.ts";
import { makeArchiveRepository, type RepositoriesOf } from "./outside/archive.ts";
import { makeArgocdCreate, makeHttpRequest, type NamedConnections } from "./outside/named.ts";
import { roadieUtils } from "./outside/roadie-utils.ts";
import { scoreRender } from "../score/score-action.ts";
import { makeNotificationSend } from "./notification.ts";
import { makeCatalogDependants, makePlatformActions } from "./platform.ts";
import { policy } from "./policy.ts";
import { makeResourceRequest } from "./provision/resource-request.ts";
import { makeWebhookProvision } from "./provision/webhook.ts";
import { makePublishGit } from "./publish-git.ts";

/** Everything a step can name. */
export type Actions = ReadonlyMap<string, Action>;

export interface ActionDeps extends Pick<
  PathsDeps,
  "catalog" | "git" | "delivery" | "publicUrl" | "outside" | "platform" | "changes" | "repositories"
> {
  readonly connections?: NamedConnections;
  /** What can be provisioned by type and class. Absent: nothing. */
  readonly resources?: RequestDeps;
  /** Asks the ledger. Absent: it knows of nothing. */
  readonly repositoriesOf?: RepositoriesOf;
  /** How often a thing outside that lasts is asked how far it is; default 5 s. */
  readonly pollMs?: number;
}

export function createActions({
  catalog,
  git,
  delivery,
  publicUrl,
  outside,
  platform,
  changes,
  repositories,
  connections = NONE,
  pollMs,
  resources,
  repositoriesOf,
}: ActionDeps): Actions {
  const named = { outside, connections };
  const polling = pollMs === undefined ? {} : { pollMs };
  const all = [
    makeFetchTemplate(outside),
    makeFetchTemplateFile(outside),
    makeFetchPlain(outside),
    makeFetchPlainFile(outside),
    makeFetchCookiecutter(outside),
    fsDelete,
    fsRename,
    fsReaddir,
    makeCatalogRegister(catalog, publicUrl),
    catalogWrite,
    makeCatalogFetch(catalog),
    debugLog,
    debugWait,
    makePublishGit(git, publicUrl),
    makePublishChange({ catalog, git, publicUrl, outside, changes, repositories, platform }),
    policy,
    makeDeployWait(delivery),
    makeCatalogDependants(catalog),
    ...makePlatformActions(platform),
    makePublishGithub(outside),
    makePublishGithubPullRequest(outside),
    makeGithubRepoCreate(outside),
    makeGithubRepoPush(outside),
    makeGithubBranchProtection(outside),
    makeNotificationSend(catalog),
    makeGithubActionsDispatch(outside, polling),
    ...makeSmallGithubActions(outside),
    makePublishGitlab(outside),
    makePublishGitlabMergeRequest(outside),
    ...makeSmallGitlabActions(outside),
    makeHttpRequest(named),
    makeArgocdCreate(named),
    ...roadieUtils,
    scoreRender,
    makeArchiveRepository(git, outside, repositoriesOf),
    makeWebhookProvision({ ...named, publicUrl, ...polling }),
    ...(resources === undefined ? [] : [makeResourceRequest({ ...resources, ...polling })]),
  ];
  return new Map(all.map((action) => [action.id, action]));
}

const NONE: NamedConnections = { get: async () => undefined };
