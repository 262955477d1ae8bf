import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { listFiles, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext, type Effect, type Output } from "../action.ts";
import { hostedName } from "../../ledger/hosted-repositories.ts";
import { repoUrlOf, takeBackAt } from "../outside/archive.ts";
import { connect, missingConnection, pageOf, placeOf, pushUrl, type Place } from "../outside/connect.ts";
import { authorOf, readFiles } from "../published.ts";
import { ensureRepository, findRepository, pathOf, RepositoryFields } from "./repository.ts";
import { problemsOfSecrets } from "./secrets.ts";

const CommitFields = {
  defaultBranch: z.string().min(1).default("master"),
  gitCommitMessage: z.string().min(1).default("initial commit"),
  gitAuthorName: z.string().optional(),
  gitAuthorEmail: z.string().optional(),
  sourcePath: z.string().default("."),
};
const ProtectionFields = {
  protectDefaultBranch: z.boolean().default(true),
  protectEnforceAdmins: z.boolean().default(true),
  requireCodeOwnerReviews: z.boolean().default(false),
  dismissStaleReviews: z.boolean().default(false),
  requiredStatusCheckContexts: z.array(z.string()).default([]),
  requireBranchesToBeUpToDate: z.boolean().default(true),
  requiredConversationResolution: z.boolean().default(false),
  requireLastPushApproval: z.boolean().default(false),
  requiredApprovingReviewCount: z.number().int().min(0).max(6).default(1),
  requiredLinearHistory: z.boolean().default(false),
  requiredCommitSigning: z.boolean().default(false),
};
const Protection = z.object(ProtectionFields);
type Protection = z.output<typeof Protection>;

const Published = z.object({
  remoteUrl: z.string().describe("The address to clone from"),
  repoContentsUrl: z.string().describe("The page of the files on the default branch"),
  commitHash: z.string(),
});
const Created = Published.omit({ commitHash: true });
const EXAMPLE = { repoUrl: "github.com?owner=acme&repo=orders", description: "Takes orders", defaultBranch: "main" };

/** A repository at GitHub with one first commit: the workspace. */
export function makePublishGithub(outside: Outside | undefined): Action {
  return defineAction({
    id: "publish:github",
    description: "Makes a repository at GitHub or GitHub Enterprise and pushes the workspace to it as its first commit.",
    input: z.object({ ...RepositoryFields, ...CommitFields, ...ProtectionFields }),
    output: Published,
    examples: [{ description: "A private repository", input: EXAMPLE }],
    reach: "outside",
    async describe(c, input) {
      const files = await listFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      return describe(outside, input, `with ${files.length} files in a first commit on ${input.defaultBranch}`, input.defaultBranch);
    },
    async run(c, input) {
      const files = await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const place = await connect(c, outside, "github", input);
      const made = await ensureRepository(c, place, input);
      const commitHash = await push(c, place, outside, { ...input, files, cloneUrl: made.cloneUrl, at: made.at });
      await c.write(async (ctx) =>
        c.remember?.(ctx, { repository: hostedName(place), branch: input.defaultBranch, commit: commitHash, files }),
      );
      await protect(c, place, input.defaultBranch, input);
      return { ...outputOf(made, input.defaultBranch), commitHash };
    },
    undo: (c, { input, output }) => takeBackAt(c, outside, "github", input?.repoUrl ?? repoUrlOf(output["remoteUrl"])),
  });
}

/** The repository alone, without files. */
export function makeGithubRepoCreate(outside: Outside | undefined): Action {
  return defineAction({
    id: "github:repo:create",
    description: "Makes an empty repository at GitHub.",
    input: z.object(RepositoryFields),
    output: Created,
    examples: [{ description: "An empty repository", input: { repoUrl: EXAMPLE.repoUrl } }],
    reach: "outside",
    describe: (_c, input) => describe(outside, input, "without files", "main"),
    async run(c, input) {
      const place = await connect(c, outside, "github", input);
      const made = await ensureRepository(c, place, input);
      return outputOf(made, made.defaultBranch);
    },
    undo: (c, { input, output }) => takeBackAt(c, outside, "github", input?.repoUrl ?? repoUrlOf(output["remoteUrl"])),
  });
}

/** The first commit of a repository that is there and empty. */
export function makeGithubRepoPush(outside: Outside | undefined): Action {
  return defineAction({
    id: "github:repo:push",
    description: "Pushes the workspace as the first commit of a repository at GitHub that is there and empty.",
    input: z.object({ repoUrl: z.string().min(1), token: z.string().optional(), ...CommitFields, ...ProtectionFields }),
    output: Published,
    examples: [{ description: "The first commit", input: { repoUrl: EXAMPLE.repoUrl, defaultBranch: "main" } }],
    reach: "outside",
    async describe(_c, input) {
      const { owner, repo, host } = placeOf("github", input.repoUrl);
      return {
        words: `Pushes the workspace to ${owner}/${repo} at ${host} as the first commit on ${input.defaultBranch}.`,
        resources: [{ kind: "Commit", name: `${owner}/${repo}`, summary: `the first on ${input.defaultBranch}` }],
        output: { ...expected(input.repoUrl, input.defaultBranch), commitHash: "0".repeat(40) },
        problems: await missingConnection(outside, "github", input),
      };
    },
    async run(c, input) {
      const files = await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const place = await connect(c, outside, "github", input);
      const at = await c.once("push", async () => new Date().toISOString());
      const found = await findRepository(place);
      const commitHash = await push(c, place, outside, { ...input, files, cloneUrl: found.cloneUrl, at: new Date(at) });
      await protect(c, place, input.defaultBranch, input);
      return { ...outputOf(found, input.defaultBranch), commitHash };
    },
  });
}

/** Rules for a branch of a repository that is there. */
export function makeGithubBranchProtection(outside: Outside | undefined): Action {
  return defineAction({
    id: "github:branch-protection:create",
    description: "Protects a branch of a repository at GitHub.",
    input: Protection.omit({ protectDefaultBranch: true }).extend({
      repoUrl: z.string().min(1),
      branch: z.string().optional().describe("Default: the repository's default branch"),
      token: z.string().optional(),
      protectEnforceAdmins: z.boolean().default(true),
    }),
    examples: [{ description: "Two reviews", input: { repoUrl: EXAMPLE.repoUrl, requiredApprovingReviewCount: 2 } }],
    reach: "outside",
    async describe(_c, input) {
      const { owner, repo } = placeOf("github", input.repoUrl);
      return {
        words: `Protects ${input.branch ?? "the default branch"} of ${owner}/${repo}.`,
        problems: await missingConnection(outside, "github", input),
      };
    },
    async run(c, input) {
      const place = await connect(c, outside, "github", input);
      const branch = input.branch ?? (await findRepository(place)).defaultBranch;
      await place.ask("PUT", `${pathOf(place)}/branches/${encodeURIComponent(branch)}/protection`, { body: rulesOf(input) });
      return {};
    },
  });
}

async function describe(
  outside: Outside | undefined,
  input: {
    readonly repoUrl: string;
    readonly token?: string | undefined;
    readonly repoVisibility: string;
    readonly secrets?: Readonly<Record<string, string>> | undefined;
  },
  how: string,
  branch: string,
): Promise<Effect> {
  const { host, owner, repo } = placeOf("github", input.repoUrl);
  const missing = await missingConnection(outside, "github", input);
  const { secrets = {} } = input;
  const names = Object.keys(secrets);
  const sealed = names.length === 0 ? "" : ` Sets its ${names.length === 1 ? "secret" : "secrets"} ${names.join(", ")}, sealed.`;
  return {
    words: `Makes the ${input.repoVisibility} repository ${owner}/${repo} at ${host} ${how}.${sealed}`,
    resources: [{ kind: "Repository", name: `${owner}/${repo}`, summary: `${input.repoVisibility}, at ${host}` }],
    output: { ...expected(input.repoUrl, branch), commitHash: "0".repeat(40) },
    problems: [...missing, ...problemsOfSecrets(secrets)],
  };
}

function expected(repoUrl: string, branch: string): Record<string, string> {
  const page = pageOf(placeOf("github", repoUrl));
  return { remoteUrl: `${page}.git`, repoContentsUrl: `${page}/blob/${branch}` };
}

function outputOf(made: { readonly cloneUrl: string; readonly page: string }, branch: string): Output {
  return { remoteUrl: made.cloneUrl, repoContentsUrl: `${made.page}/blob/${branch}` };
}

interface Pushed {
  readonly files: Parameters<Outside["push"]>[0]["files"];
  readonly cloneUrl: string;
  readonly at: Date;
  readonly defaultBranch: string;
  readonly gitCommitMessage: string;
  readonly gitAuthorName?: string | undefined;
  readonly gitAuthorEmail?: string | undefined;
}

async function push(c: ActionContext, place: Place, outside: Outside | undefined, o: Pushed): Promise<string> {
  const { commit } = await outside!.push({
    url: pushUrl(place, o.cloneUrl),
    branch: o.defaultBranch,
    files: o.files,
    message: o.gitCommitMessage,
    author: authorOf(c, o),
    at: o.at,
    signal: c.signal,
  });
  await c.log("info", `${o.files.length} files pushed to ${place.owner}/${place.repo} as ${commit.slice(0, 10)}.`);
  return commit;
}

/** Plans without protected branches refuse it: the repository is right without. */
async function protect(c: ActionContext, place: Place, branch: string, rules: Protection): Promise<void> {
  if (!rules.protectDefaultBranch) return;
  const path = `${pathOf(place)}/branches/${encodeURIComponent(branch)}/protection`;
  const { status, body } = await place.ask("PUT", path, { body: rulesOf(rules), accept: [403] });
  if (status === 403)
    await c.log("warn", `${branch} is not protected: ${String(body?.message ?? "this plan of GitHub does not protect branches")}`);
  else if (rules.requiredCommitSigning) await place.ask("POST", `${path}/required_signatures`, { repeatable: true });
}

function rulesOf(rules: Omit<Protection, "protectDefaultBranch">): Record<string, unknown> {
  return {
    required_status_checks:
      rules.requiredStatusCheckContexts.length === 0
        ? null
        : { strict: rules.requireBranchesToBeUpToDate, contexts: rules.requiredStatusCheckContexts },
    restrictions: null,
    enforce_admins: rules.protectEnforceAdmins,
    required_pull_request_reviews: {
      required_approving_review_count: rules.requiredApprovingReviewCount,
      require_code_owner_reviews: rules.requireCodeOwnerReviews,
      dismiss_stale_reviews: rules.dismissStaleReviews,
      require_last_push_approval: rules.requireLastPushApproval,
    },
    required_conversation_resolution: rules.requiredConversationResolution,
    required_linear_history: rules.requiredLinearHistory,
  };
}
