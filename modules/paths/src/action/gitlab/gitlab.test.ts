import { afterEach, beforeEach, expect, test } from "vitest";

import type { Output } from "../action.ts";
import { createActions } from "../actions.ts";
import { actionContext, type TestContext } from "../../testing/action-context.ts";
import { outsideTo } from "../../testing/outside-to.ts";
import { openGitLab, type GitLabDouble } from "../../testing/gitlab-double.ts";
import { createWorld, PUBLIC_URL } from "../../testing/ports.ts";
import { folderOf } from "../../testing/preview.ts";

let gitlab: GitLabDouble;
let workspace: string;
beforeEach(async () => {
  gitlab = await openGitLab();
  workspace = await folderOf({ "README.md": "# Orders\n", "same.txt": "same" });
});
afterEach(() => gitlab.close());

async function run(id: string, input: object, notes?: TestContext["notes"]): Promise<{ output: Output } & TestContext> {
  const action = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL, outside: outsideTo(gitlab, "gitlab") }).get(id)!;
  const given = await actionContext({ workspace, ...(notes === undefined ? {} : { notes }) });
  return { ...given, output: await action.run(given.c, action.input.parse(input)) };
}
const url = (repo: string): string => `${gitlab.host}?owner=acme&repo=${repo}`;

test("publish:gitlab makes the project, pushes the workspace, sets variables; cut off in between it goes on", async () => {
  const input = { repoUrl: url("orders"), defaultBranch: "main", topics: ["node"], projectVariables: [{ key: "REGION", value: "eu" }] };
  const notes: TestContext["notes"] = new Map();
  gitlab.fault = ({ method, path }) => (method === "POST" && path.endsWith("/projects") ? "after" : undefined);
  await expect(run("publish:gitlab", input, notes)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  gitlab.fault = () => undefined;
  const { output } = await run("publish:gitlab", input, notes);
  expect(output).toEqual({
    remoteUrl: `${gitlab.url}/acme/orders`,
    repoContentsUrl: `${gitlab.url}/acme/orders/-/blob/main`,
    projectId: 1,
    commitHash: await gitlab.repositories.head("acme--orders", "main"),
    created: true,
  });
  expect(gitlab.projects).toHaveLength(1);
  expect(gitlab.projects[0]?.asked).toMatchObject({ namespace_id: 7, visibility: "private", topics: ["node"] });
  expect((await run("publish:gitlab", input, notes)).output).toEqual(output);
  await expect(run("publish:gitlab", input)).rejects.toMatchObject({ code: "CONFLICT" });
  expect((await run("publish:gitlab", { ...input, skipExisting: true })).output).toMatchObject({ created: false });
});

test("publish:gitlab:merge-request creates, updates and leaves out as needed, and opens one request", async () => {
  const project = gitlab.seed("acme/gitops", { "same.txt": "same", "README.md": "old" });
  const input = { repoUrl: url("gitops"), branchName: "add", title: "Add orders", assignee: "ada", reviewers: ["nobody"] };
  const notes: TestContext["notes"] = new Map();
  gitlab.fault = ({ method, path }) => (method === "POST" && path.endsWith("/commits") ? "after" : undefined);
  await expect(run("publish:gitlab:merge-request", input, notes)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  gitlab.fault = () => undefined;
  const { output, lines } = await run("publish:gitlab:merge-request", input, notes);
  expect(output).toMatchObject({ targetBranchName: "main", mergeRequestUrl: `${gitlab.url}/acme/gitops/-/merge_requests/1` });
  expect(project.requests).toMatchObject([{ source_branch: "add", target_branch: "main", assignee_id: 42 }]);
  expect(project.branches.get("add")?.files.get("README.md")).toBe("# Orders\n");
  expect(lines).toContain(`warn: ${gitlab.host} knows no nobody.`);
  const [commit] = gitlab.asked.filter(({ path }) => path.endsWith("/commits"));
  expect(commit?.body.actions.map(({ action, file_path }: any) => `${action} ${file_path}`)).toEqual(["update README.md"]);
  await expect(run("publish:gitlab:merge-request", input)).rejects.toMatchObject({ code: "CONFLICT" });
});

test("gitlab:projectVariable:create makes or changes it", async () => {
  const project = gitlab.seed("acme/orders", {});
  for (const value of ["a", "b"]) await run("gitlab:projectVariable:create", { repoUrl: gitlab.host, projectId: "1", key: "K", value });
  expect(project.variables.get("K")).toMatchObject({ value: "b", environment_scope: "*" });
});

test("a token of a project is said once: one whose answer was lost is revoked, others of that name stay, and it is taken back", async () => {
  const project = gitlab.seed("acme/orders", {});
  const input = { repoUrl: gitlab.host, projectId: 1, name: "deploys", scopes: ["read_registry"] };
  const first = await run("gitlab:projectDeployToken:create", input);
  expect(first.output).toEqual({ deploy_token: "gl-said-once-1", user: "gitlab+deploy-token-1" });
  const notes: TestContext["notes"] = new Map();
  gitlab.fault = ({ method, path }) => (method === "POST" && path.endsWith("/deploy_tokens") ? "after" : undefined);
  await expect(run("gitlab:projectDeployToken:create", input, notes)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  gitlab.fault = () => undefined;
  const again = await run("gitlab:projectDeployToken:create", input, notes);
  expect(again.output).toMatchObject({ deploy_token: "gl-said-once-3" });
  expect(project.tokens.map(({ revoked }) => revoked)).toEqual([false, true, false]);
  expect(JSON.stringify([...again.notes])).not.toContain("said-once");
  const action = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL, outside: outsideTo(gitlab, "gitlab") }).get(
    "gitlab:projectDeployToken:create",
  )!;
  expect(await action.undo!(again.c, { input: action.input.parse(input), output: again.output })).toMatchObject({ done: true });
  expect(project.tokens.map(({ revoked }) => revoked)).toEqual([false, true, true]);
  const access = await run("gitlab:projectAccessToken:create", { ...input, scopes: ["write_repository"] });
  expect(access.output).toEqual({ access_token: "gl-said-once-4" });
  expect(project.tokens.at(-1)?.asked).toMatchObject({ access_level: 40, expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
});

test("what was made is taken back; what was there before, was merged or may be others' stays, and is said", async () => {
  const project = gitlab.seed("acme/orders", { "README.md": "old" });
  const undo = async (id: string, input: object, { output, notes }: { output: Output; notes: TestContext["notes"] }): Promise<string> => {
    const action = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL, outside: outsideTo(gitlab, "gitlab") }).get(id)!;
    const { c } = await actionContext({ workspace, notes });
    const { done, words } = await action.undo!(c, { input: action.input.parse(input), output });
    return `${done ? "done" : "remains"}: ${words}`;
  };
  const variable = { repoUrl: gitlab.host, projectId: "1", key: "K", value: "a" };
  const set = await run("gitlab:projectVariable:create", variable);
  const again = await run("gitlab:projectVariable:create", variable);
  expect(await undo("gitlab:projectVariable:create", variable, again)).toBe(
    "remains: The variable K of the project 1 was there before: it stays as it is now.",
  );
  expect(await undo("gitlab:projectVariable:create", variable, set)).toBe("done: The variable K of the project 1 is gone.");
  expect(project.variables.size).toBe(0);

  const issue = { repoUrl: gitlab.host, projectId: 1, title: "On call" };
  const opened = await run("gitlab:issues:create", issue);
  expect(await undo("gitlab:issues:create", issue, opened)).toBe("done: Issue 1 of the project 1 is closed.");
  expect(project.issues).toMatchObject([{ state: "closed" }]);

  const request = { repoUrl: url("orders"), branchName: "add", title: "Add" };
  const made = await run("publish:gitlab:merge-request", request);
  expect(await undo("publish:gitlab:merge-request", request, made)).toBe("done: Merge request 1 of acme/orders is closed.");
  expect(project.requests).toMatchObject([{ state: "closed" }]);
  Object.assign(project.requests[0], { state: "merged" });
  expect(await undo("publish:gitlab:merge-request", request, made)).toMatch(/^remains: .* was merged/);

  const group = { repoUrl: gitlab.host, path: ["acme"] };
  expect(await undo("gitlab:group:ensureExists", group, { output: {}, notes: new Map() })).toMatch(/^remains: The group acme stays/);
});
