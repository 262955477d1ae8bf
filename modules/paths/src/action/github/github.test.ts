import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Action, Output } from "../action.ts";
import { createActions } from "../actions.ts";
import { actionContext, type TestContext } from "../../testing/action-context.ts";
import { outsideTo, TOKEN } from "../../testing/outside-to.ts";
import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { createWorld, PUBLIC_URL } from "../../testing/ports.ts";
import { folderOf } from "../../testing/preview.ts";

let github: GitHubDouble;
let workspace: string;
beforeEach(async () => {
  github = await openGitHub();
  workspace = await folderOf({ "README.md": "# Orders\n", "src/a.bin": new Uint8Array([0, 255, 1]) });
});
afterEach(() => github.close());

const actionOf = (id: string, token: string | null = TOKEN): Action => {
  const found = createActions({
    ...createWorld().ports,
    publicUrl: PUBLIC_URL,
    outside: outsideTo(github, "github", token),
    pollMs: 5,
  }).get(id);
  if (found === undefined) throw new Error(`no action ${id}`);
  return found;
};
const url = (repo: string): string => `${github.host}?owner=acme&repo=${repo}`;
async function run(id: string, input: object, notes?: TestContext["notes"]): Promise<{ output: Output } & TestContext> {
  const action = actionOf(id);
  const test = await actionContext({ workspace, ...(notes === undefined ? {} : { notes }) });
  return { ...test, output: await action.run(test.c, action.input.parse(input)) };
}
const posts = (path: RegExp): number => github.asked.filter((one) => one.method === "POST" && path.test(one.path)).length;

describe("publish:github", () => {
  const input = (): object => ({
    repoUrl: url("orders"),
    description: "Takes orders",
    repoVisibility: "internal",
    defaultBranch: "main",
    topics: ["Node"],
    access: "acme/payments",
    repoVariables: { REGION: "eu" },
    collaborators: [{ user: "bob", access: "push" }],
  });

  test("makes the repository, pushes the workspace by Git and protects the branch", async () => {
    const { output, lines } = await run("publish:github", input());
    expect(output).toEqual({
      remoteUrl: `${github.url}/acme/orders.git`,
      repoContentsUrl: `${github.url}/acme/orders/blob/main`,
      commitHash: await github.repositories.head("acme--orders", "main"),
    });
    const made = github.all.get("acme/orders");
    expect(made?.asked).toMatchObject({ name: "orders", private: true, visibility: "internal", description: "Takes orders" });
    expect(made?.topics).toEqual(["node"]);
    expect(made?.variables.get("REGION")).toBe("eu");
    expect(made?.protection.get("main")).toMatchObject({ enforce_admins: true });
    expect(await github.repositories.listFiles("acme--orders", "main")).toEqual(["README.md", "src/a.bin"]);
    expect(lines.join("\n")).not.toContain(TOKEN);
  });

  test("a plan that protects no branches is told and does not stop it", async () => {
    github.protects = false;
    const { lines } = await run("publish:github", input());
    expect(lines.at(-1)).toContain("warn: main is not protected: Upgrade to GitHub Pro");
  });

  test("one that is there already is refused, and nothing is pushed", async () => {
    github.seed("orders", {});
    await expect(run("publish:github", input())).rejects.toMatchObject({ code: "CONFLICT", mend: "Choose another name." });
    expect(posts(/repos$/)).toBe(0);
  });

  test("the host goes away right after it made the repository: the retry goes on and makes nothing twice", async () => {
    const first = await actionContext({ workspace });
    const action = actionOf("publish:github");
    github.fault = ({ method, path }) => (method === "POST" && path.endsWith("/orgs/acme/repos") ? "after" : undefined);
    await expect(action.run(first.c, action.input.parse(input()))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    github.fault = () => undefined;
    const { output } = await run("publish:github", input(), first.notes);
    expect(output["commitHash"]).toMatch(/^[0-9a-f]{40}$/);
    expect(posts(/repos$/)).toBe(1);
    // Begun again after all was done, it finds everything as it is.
    const again = await run("publish:github", input(), first.notes);
    expect(again.output).toEqual(output);
    expect(posts(/repos$/)).toBe(1);
  });

  test("a push that is refused is told in words, and the retry pushes into the same repository", async () => {
    const first = await actionContext({ workspace });
    const action = actionOf("publish:github");
    github.refusesPush = "no";
    const error = await action.run(first.c, action.input.parse(input())).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "INVALID", message: expect.stringContaining("refused the push") });
    expect(String(error)).not.toContain(TOKEN);
    github.refusesPush = undefined;
    await run("publish:github", input(), first.notes);
    expect(await github.repositories.head("acme--orders", "main")).toBeDefined();
  });

  test("a limit of calls ends the step and says until when", async () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.ceil(Date.now() / 1_000) + 900) };
    github.fault = () => ({ status: 403, headers, body: { message: "API rate limit exceeded" } });
    const error = await run("publish:github", input()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "TOO_MANY", message: `${github.host} allows no more calls for now.` });
    expect((error as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(800);
  });

  test("a limit that is short is waited for", async () => {
    let limited = false;
    github.fault = () => {
      if (limited) return undefined;
      limited = true;
      return { status: 429, headers: { "retry-after": "1" }, body: { message: "slow down" } };
    };
    const { lines } = await run("publish:github", input());
    expect(lines[0]).toContain("allows no more calls for now. Trying again in 1 s.");
  });

  test("without a token it says so before the run, and who can change that", async () => {
    const action = actionOf("publish:github", null);
    const { c } = await actionContext({ workspace });
    const effect = await action.describe(c, action.input.parse(input()));
    expect(effect.problems).toEqual([
      {
        about: github.host,
        reason: `golden paths have no token for ${github.host} (GitHub)`,
        mend: expect.stringContaining("goldenPaths"),
      },
    ]);
    expect(github.asked).toEqual([]);
    const given = await action.describe(c, action.input.parse({ ...input(), token: TOKEN }));
    expect(given.problems).toEqual([]);
    expect(given.output?.["repoContentsUrl"]).toBe(`https://${github.host}/acme/orders/blob/main`);
  });
});

describe("secrets", () => {
  test("of a new repository arrive sealed, and only the host can open them", async () => {
    const secrets = { NPM_TOKEN: "p\u00e4ss w\u00f6rd", EMPTY: "" };
    const { lines } = await run("publish:github", { repoUrl: url("orders"), secrets, oidcCustomization: { useDefault: true } });
    const made = github.all.get("acme/orders");
    expect(Object.fromEntries(made?.secrets ?? [])).toEqual(secrets);
    expect(made?.oidc).toEqual({ use_default: true });
    expect(lines.join("\n")).toContain("Secrets NPM_TOKEN, EMPTY set.");
    expect(lines.join("\n") + JSON.stringify(github.asked)).not.toContain("p\u00e4ss");
  });

  test("cut off after the first, they are all set by the next try", async () => {
    const input = { repoUrl: url("orders"), secrets: { A: "1", B: "2" } };
    const first = await actionContext({ workspace });
    const action = actionOf("publish:github");
    github.fault = ({ method, path }) => (method === "PUT" && path.endsWith("/secrets/B") ? "drop" : undefined);
    await expect(action.run(first.c, action.input.parse(input))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    github.fault = () => undefined;
    await run("publish:github", input, first.notes);
    expect(Object.fromEntries(github.all.get("acme/orders")?.secrets ?? [])).toEqual({ A: "1", B: "2" });
    expect(posts(/repos$/)).toBe(1);
  });

  test("a name that GitHub refuses is told in the preview", async () => {
    const action = actionOf("github:environment:create");
    const { c } = await actionContext({ workspace });
    const effect = await action.describe(
      c,
      action.input.parse({ repoUrl: url("orders"), name: "prod", secrets: { GITHUB_X: "1", OK: "2" } }),
    );
    expect(effect.problems).toEqual([
      expect.objectContaining({ about: "GITHUB_X", mend: expect.stringContaining("not beginning with GITHUB_") }),
    ]);
    expect(effect.words).toBe("Makes the environment prod of acme/orders with the secrets GITHUB_X, OK.");
  });

  test("an environment gets its own, and reviewers by their names", async () => {
    github.seed("orders", {});
    const reviewers = ["user:default/ada", "group:default/payments"];
    await run("github:environment:create", { repoUrl: url("orders"), name: "prod", secrets: { DB: "x" }, reviewers });
    const repository = github.all.get("acme/orders")!;
    expect(Object.fromEntries(repository.secrets)).toEqual({ "prod/DB": "x" });
    expect(repository.environments.get("prod")).toMatchObject({
      reviewers: [
        { type: "User", id: 42 },
        { type: "Team", id: 7 },
      ],
    });
    await expect(
      run("github:environment:create", { repoUrl: url("orders"), name: "prod", reviewers: ["user:default/eve"] }),
    ).rejects.toMatchObject({
      mend: expect.stringContaining("same name there"),
    });
  });

  test("a deploy key is put on once, its private half is a secret, and both are taken back", async () => {
    github.seed("orders", {});
    const repository = github.all.get("acme/orders")!;
    const input = { repoUrl: url("orders"), deployKeyName: "deploys", publicKey: "ssh-ed25519 AAAAC3 ada@home", privateKey: "PRIVATE" };
    const first = await run("github:deployKey:create", input);
    expect(first.output).toEqual({ privateKeySecretName: "KEY" });
    await run("github:deployKey:create", input, first.notes);
    expect(repository.deployKeys).toEqual([expect.objectContaining({ title: "deploys", key: "ssh-ed25519 AAAAC3" })]);
    expect(repository.secrets.get("KEY")).toBe("PRIVATE");
    const action = actionOf("github:deployKey:create");
    const undone = await action.undo?.(first.c, { input: action.input.parse(input), output: first.output });
    expect(undone).toMatchObject({ done: true });
    expect([repository.deployKeys.length, repository.secrets.size]).toEqual([0, 0]);
  });
});

describe("publish:github:pull-request", () => {
  const input = (): object => ({
    repoUrl: url("gitops"),
    branchName: "add-orders",
    title: "Add orders",
    description: "From the path",
    targetPath: "apps/orders",
    filesToDelete: ["old.txt"],
    reviewers: ["nobody"],
  });

  test("commits on top of what is there and opens the request; a reviewer that GitHub does not know is told", async () => {
    github.seed("gitops", { "keep.txt": "kept", "apps/orders/old.txt": "gone" });
    const { output, lines } = await run("publish:github:pull-request", input());
    expect(output).toEqual({ targetBranchName: "main", remoteUrl: `${github.url}/acme/gitops/pull/1`, pullRequestNumber: 1 });
    const head = github.all.get("acme/gitops")?.refs.get("add-orders") ?? "";
    const files = github.trees.get(github.commits.get(head)?.tree ?? "");
    expect([...(files?.keys() ?? [])].toSorted()).toEqual(["apps/orders/README.md", "apps/orders/src/a.bin", "keep.txt"]);
    expect(files?.get("apps/orders/src/a.bin")).toBe("\0\u00ff\u0001");
    expect(lines.at(-1)).toContain("warn: Not everybody was asked");
  });

  test.each(["/git/refs", "/pulls"])("cut off after %s: the same commit, one pull request", async (place) => {
    github.seed("gitops", { "keep.txt": "kept" });
    const first = await actionContext({ workspace });
    const action = actionOf("publish:github:pull-request");
    github.fault = ({ method, path }) => (method === "POST" && path.endsWith(place) ? "after" : undefined);
    await expect(action.run(first.c, action.input.parse(input()))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const head = github.all.get("acme/gitops")?.refs.get("add-orders");
    github.fault = () => undefined;
    await run("publish:github:pull-request", input(), first.notes);
    expect(github.all.get("acme/gitops")?.refs.get("add-orders")).toBe(head);
    expect(github.all.get("acme/gitops")?.pulls).toHaveLength(1);
  });

  test("a branch of somebody else stays as it is", async () => {
    github.seed("gitops", {});
    const refs = github.all.get("acme/gitops")!.refs;
    refs.set("add-orders", refs.get("main")!);
    await expect(run("publish:github:pull-request", input())).rejects.toMatchObject({ code: "CONFLICT" });
    const updated = await run("publish:github:pull-request", { ...input(), update: true });
    expect(updated.output["pullRequestNumber"]).toBe(1);
    expect(refs.get("add-orders")).not.toBe(refs.get("main"));
  });
});

describe("github:actions:dispatch", () => {
  const input = (): object => ({
    repoUrl: url("infra"),
    workflowId: "provision.yml",
    branchOrTagName: "main",
    workflowInputs: { size: 2 },
    wait: true,
  });

  test("starts the workflow once and waits for its end", async () => {
    github.seed("infra", {});
    const runs = github.all.get("acme/infra")!.runs;
    const first = await actionContext({ workspace });
    const action = actionOf("github:actions:dispatch");
    github.fault = ({ path }) => (path.endsWith("/dispatches") ? "after" : undefined);
    await expect(action.run(first.c, action.input.parse(input()))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runs).toHaveLength(1);
    github.fault = ({ path }) => {
      if (path.endsWith("/actions/runs/1")) Object.assign(runs[0], { status: "completed", conclusion: "success" });
      return undefined;
    };
    const { output } = await run("github:actions:dispatch", input(), first.notes);
    expect(runs).toHaveLength(1);
    expect(runs[0].inputs).toEqual({ size: "2" });
    expect(output).toEqual({ runId: 1, runUrl: `${github.url}/acme/infra/actions/runs/1`, conclusion: "success" });
  });

  test("a workflow that fails fails the step, with its address", async () => {
    github.seed("infra", {});
    const runs = github.all.get("acme/infra")!.runs;
    github.fault = () => {
      for (const one of runs) Object.assign(one, { status: "completed", conclusion: "failure" });
    };
    await expect(run("github:actions:dispatch", input())).rejects.toThrow("ended with failure: ");
  });
});

test("the small ones make their thing once", async () => {
  github.seed("orders", {});
  const repository = github.all.get("acme/orders")!;
  const hook = { repoUrl: url("orders"), webhookUrl: "https://ci.example.org/hook", webhookSecret: "s3cret" };
  await run("github:webhook", hook);
  await run("github:webhook", hook);
  expect(repository.hooks).toHaveLength(1);
  const first = await run("github:issues:create", { repoUrl: url("orders"), title: "On call" });
  const second = await run("github:issues:create", { repoUrl: url("orders"), title: "On call" }, first.notes);
  expect([first.output, second.output]).toEqual(Array(2).fill({ issueUrl: `${github.url}/acme/orders/issues/1`, issueNumber: 1 }));
  await run("github:environment:create", { repoUrl: url("orders"), name: "production", environmentVariables: { A: "1" } });
  expect([...repository.environments.keys()]).toEqual(["production"]);
});

describe("taking back", () => {
  async function undo(id: string, input: object, { output, notes }: { output: Output; notes: TestContext["notes"] }): Promise<string> {
    const action = actionOf(id);
    const { c } = await actionContext({ workspace, notes });
    // Once more after a crash is the same.
    await action.undo!(c, { input: action.input.parse(input), output });
    const { done, words } = await action.undo!(c, { input: action.input.parse(input), output });
    return `${done ? "done" : "remains"}: ${words}`;
  }
  const hook = (): object => ({ repoUrl: url("orders"), webhookUrl: "https://ci.example.org/hook" });

  test("the small ones take away what they made", async () => {
    github.seed("orders", {});
    const orders = github.all.get("acme/orders")!;
    const repoUrl = url("orders");
    const made = await run("github:webhook", hook());
    expect(await undo("github:webhook", hook(), made)).toBe("done: The webhook to ci.example.org of acme/orders is gone.");
    expect(orders.hooks).toEqual([]);

    const issue = { repoUrl, title: "On call" };
    const opened = await run("github:issues:create", issue);
    expect(await undo("github:issues:create", issue, opened)).toBe("done: Issue 1 of acme/orders is closed.");
    expect(orders.issues).toMatchObject([{ state: "closed", state_reason: "not_planned" }]);

    orders.issues[0].labels = ["old"];
    const labels = { repoUrl, number: 1, labels: ["old", "new"] };
    const labelled = await run("github:issues:label", labels);
    expect(await undo("github:issues:label", labels, labelled)).toBe("done: new is off acme/orders#1.");
    expect(orders.issues[0].labels).toEqual(["old"]);

    const environment = { repoUrl, name: "production" };
    const space = await run("github:environment:create", environment);
    expect(await undo("github:environment:create", environment, space)).toBe("done: The environment production of acme/orders is gone.");
    expect(orders.environments.size).toBe(0);

    const links = { repoUrl, keyPrefix: "OPS-", urlTemplate: "https://tickets.example.org/<num>" };
    const linked = await run("github:autolinks:create", links);
    expect(await undo("github:autolinks:create", links, linked)).toBe("done: The links OPS-… in acme/orders is gone.");
    expect(orders.autolinks).toEqual([]);
  });

  test("what was there before stays, and it is said; what was never begun is no work; what is known no more is named", async () => {
    github.seed("orders", {});
    const orders = github.all.get("acme/orders")!;
    orders.hooks.push({ id: 7, config: { url: "https://ci.example.org/hook" } });
    const found = await run("github:webhook", hook());
    expect(await undo("github:webhook", hook(), found)).toBe(
      "remains: The webhook to ci.example.org of acme/orders was there before: it stays as it is now.",
    );
    expect(orders.hooks).toHaveLength(1);
    expect(await undo("github:webhook", hook(), { output: {}, notes: new Map() })).toMatch(/^done: .* was not touched\.$/);
    const { c } = await actionContext({ workspace });
    expect(await actionOf("github:webhook").undo!(c, { input: undefined, output: {} })).toMatchObject({ done: false });
  });

  test("a pull request is closed; one that was merged stays", async () => {
    github.seed("orders", {});
    const input = { repoUrl: url("orders"), branchName: "add", title: "Add" };
    const made = await run("publish:github:pull-request", input);
    expect(await undo("publish:github:pull-request", input, made)).toBe("done: Pull request 1 of acme/orders is closed.");
    const [pull] = github.all.get("acme/orders")!.pulls;
    expect(pull.state).toBe("closed");
    Object.assign(pull, { merged: true });
    expect(await undo("publish:github:pull-request", input, made)).toMatch(/^remains: Pull request 1 .* was merged: what it brought stays/);
  });

  test("a host that refuses is told, and the thing is there still", async () => {
    github.seed("orders", {});
    const made = await run("github:webhook", hook());
    github.fault = ({ method }) => (method === "DELETE" ? { status: 403, body: { message: "Must have admin rights" } } : undefined);
    await expect(undo("github:webhook", hook(), made)).rejects.toThrow(/Must have admin rights/);
    expect(github.all.get("acme/orders")?.hooks).toHaveLength(1);
  });
});
