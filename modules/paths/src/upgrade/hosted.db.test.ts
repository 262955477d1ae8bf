import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Run } from "@roadbed/contracts/paths";
import type { LedgerDetail } from "@roadbed/contracts/paths/ledger";
import type { Upgrade, UpgradeItem } from "@roadbed/contracts/paths/upgrades";
import { createRuntime } from "@roadbed/postgres";
import { eventually, quietLog } from "@roadbed/testkit";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createLedgerRepositories } from "../ledger/hosted-repositories.ts";
import { createBench, type Bench } from "../testing/bench.suite.ts";
import { openGitHub, type GitHubDouble } from "../testing/github-double.ts";
import { openGitLab, type GitLabDouble } from "../testing/gitlab-double.ts";
import { outsideTo } from "../testing/outside-to.ts";
import { entity } from "../testing/ports.ts";
import { folderOf, template } from "../testing/preview.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { watchHosted } from "./watch-hosted.ts";

const DIGEST = `sha256:${"1".repeat(64)}`;
const path = (system: string, host: string, version: string): string => `
version: ${version}
parameters: { required: [name], properties: { name: { type: string } } }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: publish, action: "publish:${system}", input: { repoUrl: "${host}?owner=acme&repo=\${{ parameters.name }}", defaultBranch: main } }
`;
const RETIRE = `
operation: day-2
parameters: { required: [entity], properties: { entity: { type: string } } }
steps: [{ id: archive, action: "roadbed:repository:archive", input: { entityRef: "\${{ parameters.entity }}", reason: Nobody needs it. } }]
`;
const ADOPT = (host: string): string => `
version: 1.0.0
managed: ["ci.yml"]
parameters: { required: [name], properties: { name: { type: string } } }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - id: propose
    action: publish:change
    input: { repository: "${host}?owner=acme&repo=\${{ parameters.name }}", title: Put it on the path, branchName: adopt, adopt: true }
`;
const INFO =
  "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${{ values.name }} }\nspec: { type: service, owner: payments }\n";

describe.each(["github", "gitlab"] as const)("what a path made at %s", (system) => {
  let host: GitHubDouble | GitLabDouble;
  let home: string;
  let bench: Bench;
  beforeAll(async () => {
    host = system === "github" ? await openGitHub() : await openGitLab();
    home = await folderOf({
      "service/template.yaml": stringify(template(path(system, host.host, "1.0.0"), "service")),
      "service/skeleton/catalog-info.yaml": INFO,
      "service/skeleton/config.txt": "a=1\nb=2\nc=3\n",
      "service/skeleton/Dockerfile": `FROM node:24@${DIGEST}\n`,
      "adopt/template.yaml": stringify(template(ADOPT(host.host), "adopt")),
      "adopt/skeleton/catalog-info.yaml": INFO,
      "adopt/skeleton/ci.yml": "on: push\n",
      "retire/template.yaml": stringify(template(RETIRE, "retire")),
    });
    bench = await createBench(home, { deps: () => ({ outside: outsideTo(host, system), conditions: { holds: async () => true } }) });
  });
  afterAll(async () => {
    await bench.close();
    await host.close();
  });

  const author = { name: "Ben Example", email: "ben@example.org" };
  const push = (content: string, file = "config.txt"): Promise<unknown> =>
    host.repositories.commitFiles("acme--orders", {
      branch: "main",
      message: "By hand",
      author,
      files: [{ path: file, content: Buffer.from(content), executable: false }],
    });
  const items = async (id: string): Promise<UpgradeItem[]> =>
    (await bench.call<{ items: UpgradeItem[] }>("paths.upgrade.items", { id })).items;
  const settled = (id: string): Promise<UpgradeItem> =>
    eventually(async () => {
      const [item] = await items(id);
      if (item === undefined || item.state === "waiting") throw new Error("it waits");
      return item;
    }, 30_000);
  const release = async (version: string, files: Record<string, string>): Promise<Upgrade> => {
    await writeFile(join(home, "service/template.yaml"), stringify(template(path(system, host.host, version), "service")));
    for (const [name, text] of Object.entries(files)) await writeFile(join(home, "service/skeleton", name), text);
    return bench.call<Upgrade>("paths.upgrade.start", { path: "service" });
  };
  /** As another server of the same database would look. */
  const watch = async (): Promise<void> => {
    const { db } = bench.database;
    const outside = outsideTo(host, system);
    const dataDir = await temporaryFolder();
    const repositories = createLedgerRepositories({ embedded: bench.repositories, outside, dataDir, log: quietLog });
    await watchHosted({ db, runtime: createRuntime({ db, log: quietLog, may: async () => {} }), outside, log: quietLog, repositories });
  };

  test("is known, watched for drift, upgraded by request, refused where policy says no, and archived when it is retired", async () => {
    const run: Run = await bench.run("service", { name: "orders" });
    expect(run).toMatchObject({ status: "succeeded", made: [{ repository: `${host.host}/acme/orders` }] });
    const thing = run.made![0]!.thing;
    const show = (): Promise<LedgerDetail> => bench.call("paths.ledger.show", { thing });
    expect(await show()).toMatchObject({ state: "current", version: "1.0.0", entityRef: "component:default/orders" });

    // Drift, with whose it is.
    await push("a=1\nb=2\nc=mine\n");
    await bench.call("paths.ledger.check", { thing });
    expect(await show()).toMatchObject({ state: "drifted", drifted: 1 });
    expect((await show()).fileList.find(({ path: file }) => file === "config.txt")).toMatchObject({
      change: "changed",
      author: "Ben Example",
      message: "By hand",
    });

    // An upgrade asks the policies before it proposes.
    const denied = await release("1.1.0", { Dockerfile: "FROM node:latest\n" });
    expect(await settled(denied.id)).toMatchObject({
      state: "refused",
      reason: expect.stringMatching(/^Refused by policy: The image node:latest is not pinned/),
    });

    // By pull or merge request, merged three ways: what was changed by hand stays.
    const upgrade = await release("1.2.0", { Dockerfile: `FROM node:24@${DIGEST}\n`, "config.txt": "a=new\nb=2\nc=3\n" });
    const open = await settled(upgrade.id);
    expect(open).toMatchObject({ state: "open", change: expect.stringMatching(/^http.*\/(pull|merge_requests)\/1$/) });
    expect(requests()).toHaveLength(1);
    expect(proposed()).toBe("a=new\nb=2\nc=mine\n");
    await watch();
    expect((await items(upgrade.id))[0]?.state).toBe("open");
    await push("a=new\nb=2\nc=mine\n");
    Object.assign(requests()[0]!, system === "github" ? { state: "closed", merged: true } : { state: "merged" });
    await watch();
    expect((await items(upgrade.id))[0]?.state).toBe("merged");
    expect(await show()).toMatchObject({ version: "1.2.0", drifted: 1 });

    bench.world.entities.set("component:default/orders", entity("Component", "orders", { owner: "payments" }));
    const retired = await bench.run("retire", { entity: "component:default/orders" });
    expect(retired).toMatchObject({ status: "succeeded" });
    expect(archived()).toBe(true);
  }, 120_000);

  test("and what was there before is adopted: in the ledger once its request is merged, never when it is closed; upgrades follow it", async () => {
    await there("legacy");
    const run: Run = await bench.run("adopt", { name: "legacy" });
    expect(run).toMatchObject({ status: "succeeded", made: [] });
    const listed = async (): Promise<string[]> =>
      (await bench.call<{ items: { repository: string }[] }>("paths.ledger.list", { path: "adopt" })).items.map(
        ({ repository }) => repository,
      );
    await watch();
    expect(await listed()).toEqual([]);

    // Somebody merges it: the files are on the main branch.
    await commit("legacy", {
      "README.md": "old",
      "catalog-info.yaml": INFO.replace("${{ values.name }}", "legacy"),
      "ci.yml": "on: push\n",
    });
    Object.assign(requests("legacy")[0]!, system === "github" ? { state: "closed", merged: true } : { state: "merged" });
    await watch();
    await watch();
    expect(await listed()).toEqual([`${host.host}/acme/legacy`]);
    const [thing] = (await bench.call<{ items: { id: string }[] }>("paths.ledger.list", { path: "adopt" })).items;
    const detail = await bench.call<LedgerDetail>("paths.ledger.show", { thing: thing!.id });
    expect(detail).toMatchObject({ state: "current", version: "1.0.0", entityRef: "component:default/legacy", runId: run.id });
    expect(detail.fileList.map(({ path: file, managed }) => [file, managed])).toEqual([
      ["catalog-info.yaml", false],
      ["ci.yml", true],
    ]);

    // A new version of the path is proposed to it, too.
    await writeFile(join(home, "adopt/template.yaml"), stringify(template(ADOPT(host.host).replace("1.0.0", "1.1.0"), "adopt")));
    await writeFile(join(home, "adopt/skeleton/ci.yml"), "on: [push, pull_request]\n");
    const upgrade = await bench.call<Upgrade>("paths.upgrade.start", { path: "adopt" });
    expect(await settled(upgrade.id)).toMatchObject({ state: "open", change: expect.stringMatching(/^http/) });

    await there("refused");
    await bench.run("adopt", { name: "refused" });
    Object.assign(requests("refused")[0]!, { state: "closed" });
    await watch();
    const asked = host.asked.length;
    await watch();
    expect(host.asked.slice(asked).filter(({ path: at }) => at.includes("refused"))).toEqual([]);
    expect(await listed()).toHaveLength(1);

    // Taken back while it is open: the request is closed.
    await there("taken");
    const taken = await bench.run("adopt", { name: "taken" });
    await bench.call("paths.run.undo", { id: taken.id, reason: "not yet" });
    await eventually(async () => {
      const { undo } = await bench.call<Run>("paths.run.get", { id: taken.id });
      expect(undo).toMatchObject({ state: "done" });
    }, 30_000);
    expect(requests("taken")[0]).toMatchObject({ state: "closed" });
  }, 120_000);

  /** A repository that no path made, as the host and its Git know it. */
  async function there(name: string): Promise<void> {
    if ("all" in host) host.seed(name, { "README.md": "old" });
    else host.seed(`acme/${name}`, { "README.md": "old" });
    await host.repositories.init(`acme--${name}`);
    await commit(name, { "README.md": "old" });
  }

  function commit(name: string, files: Record<string, string>): Promise<unknown> {
    return host.repositories.commitFiles(`acme--${name}`, {
      branch: "main",
      message: "By hand",
      author,
      files: Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text), executable: false })),
    });
  }

  function requests(name = "orders"): Record<string, unknown>[] {
    return "all" in host ? host.all.get(`acme/${name}`)!.pulls : host.projects.find((one) => one.path === `acme/${name}`)!.requests;
  }

  function proposed(): string | undefined {
    if ("all" in host) {
      const sha = host.all.get("acme/orders")!.refs.get(String(requests()[0]?.["head"])) ?? "";
      return host.trees.get(String(host.commits.get(sha)?.tree))?.get("config.txt");
    }
    const project = host.projects.find((one) => one.path === "acme/orders")!;
    return project.branches.get(String(requests()[0]?.["source_branch"]))?.files.get("config.txt");
  }

  function archived(): boolean | undefined {
    return "all" in host ? host.all.get("acme/orders")?.archived : host.projects.find((one) => one.path === "acme/orders")?.archived;
  }
});
