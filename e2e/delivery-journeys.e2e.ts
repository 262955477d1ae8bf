/** A service on its way to production as people see it: environments, gates, a colleague's word, a canary, a bad release, a freeze. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { listRepositories, listWorkloads } from "@roadbed/contracts/delivery";
import { createEnvironment } from "@roadbed/contracts/delivery/environments";
import { listReleases } from "@roadbed/contracts/delivery/releases";
import { createUser, updateUser } from "@roadbed/contracts/identity";
import { getRun, runPath } from "@roadbed/contracts/paths";

import { openBrowser, picture } from "./lib/browser.ts";
import { git } from "./lib/git.ts";
import { runCli } from "./lib/run-cli.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

const PASSWORD = "a long enough password";
const REF = "component:default/signal";
const PATIENCE = 90_000;

let roadbed: RunningRoadbed;
let folder: string;
let clone: string;
let browser: Browser;
/** Who asks, an administrator; and who owns the service, a developer. */
let asker: Page;
let owner: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-delivery-"));
  [roadbed, browser] = await Promise.all([startRoadbed(), openBrowser()]);
  const { client } = roadbed;
  mkdirSync(join(folder, "estate"));
  writeFileSync(join(folder, "estate/org.yaml"), ORG);
  await runCli(["import", join(folder, "estate")], { ROADBED_URL: roadbed.url, ROADBED_TOKEN: roadbed.token });
  for (const [username, role] of [["ada", "admin"] as const, ["robin", "developer"] as const])
    await client.call(createUser, { username, displayName: username, role, password: PASSWORD });
  await client.call(updateUser, { username: "robin", entityRef: "user:default/robin" });
  await client.call(createEnvironment, { name: "staging", upstream: ["dev"], automatic: true });
  await client.call(createEnvironment, { name: "prod", upstream: ["staging"], approvals: [{ by: "owner", count: 1 }] });
  clone = await cloneOf("signal");
  [asker, owner] = await Promise.all([signedIn("ada"), signedIn("robin")]);
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("a push goes to dev and staging by itself, and to production when its owner agrees", async () => {
  await push("v1", {});
  await promote("v1");
  await gate(asker, "Approvals", "waiting");
  await asker.getByText("Nobody approves what they asked for", { exact: false }).waitFor();
  await picture(asker, "delivery-waits");
  await approve();
  await badge("promoted");
  expect(await answerOfProd()).toEqual([200, "v1"]);
});

test("the next one is led to production as a canary, under load, until it is proven no worse", async () => {
  await push("v2", {});
  const calls = load();
  await promote("v2");
  await approve();
  await asker.goto(`${roadbed.url}/rollouts`);
  await asker
    .getByRole("link", { name: /^[0-9a-f]{8}$/ })
    .first()
    .click();
  await asker.getByText("Tripwires").waitFor();
  await asker
    .getByText(/has taken the place of the one before/)
    .first()
    .waitFor({ timeout: PATIENCE });
  await picture(asker, "delivery-canary");
  await eventually(async () => ((await answerOfProd())[1] === "v2" ? true : undefined));
  expect(await calls.end()).toEqual(["v1 200", "v2 200"]);
});

test("a bad one is caught and taken back, and not one error came from the release before", async () => {
  await push("v3", { failing: 8 });
  const calls = load();
  await promote("v3");
  await approve();
  await badge("rolled back");
  await asker
    .getByText(/Worse than the release before|Tripwire/)
    .first()
    .waitFor();
  await picture(asker, "delivery-rolled-back");
  const answers = await calls.end();
  expect(answers.filter((said) => said.startsWith("v2") || said.startsWith("nothing"))).toEqual(["v2 200"]);
  expect(await answerOfProd()).toEqual([200, "v2"]);
});

test("a freeze holds the next one back, and a hotfix with a reason may pass", async () => {
  await asker.goto(`${roadbed.url}/environments`);
  await asker.getByRole("button", { name: "Announce a freeze" }).click();
  await asker.getByLabel("Title").fill("End of the year");
  await asker.getByLabel("Why").fill("Nobody is there to mend what breaks");
  await asker.getByLabel("Until").fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16));
  await asker.getByRole("button", { name: "Announce it" }).click();
  await asker.getByRole("cell", { name: /End of the year/ }).waitFor();
  await push("v4", { strategy: "all-at-once" }, { upTo: "dev" });
  await promote("v4", { from: "dev" });
  await gate(asker, "Freezes", "waiting");
  await asker
    .getByText(/is frozen: End of the year/)
    .first()
    .waitFor();
  await picture(asker, "delivery-frozen");
  await asker.getByRole("button", { name: "Cancel" }).click();
  await badge("cancelled");
  await promote("v4", { from: "dev", hotfix: "The totals are wrong without it" });
  await badge("promoted");
  expect(await answerOf("staging")).toEqual([200, "v4"]);
});

/** A release of a small service that says in every answer which it is; every `failing`-th request fails. */
async function push(version: string, o: { failing?: number; strategy?: string }, { upTo = "staging" } = {}): Promise<void> {
  const server = `
    import { createServer } from "node:http";
    let count = 0;
    process.on("SIGTERM", () => process.exit(0));
    createServer((request, response) => {
      if (request.url === "/healthz") return response.end();
      if (${o.failing ?? 0} > 0 && ++count % ${o.failing ?? 1} === 0) response.statusCode = 500;
      response.end("${version}");
    }).listen(process.env.PORT, process.env.HOST);`;
  const plan = `{ strategy: ${o.strategy ?? "canary"}${o.strategy === undefined ? ", steps: [{ weight: 50 }, { analysis: {} }], analysis: { everySeconds: 1 }" : ""} }`;
  writeFileSync(join(clone, "server.mjs"), server);
  writeFileSync(
    join(clone, "roadbed.yaml"),
    `kind: service\nstart: [node, server.mjs]\nrollout:\n  strategy: all-at-once\n  environments:\n    prod: ${plan}\n`,
  );
  await git(clone, "add", ".");
  await git(clone, "commit", "-qm", `Ship ${version}`);
  await git(clone, "push", "-q", "origin", "HEAD:main");
  await eventually(async () => ((await answerOf(upTo))[1] === version ? true : undefined), PATIENCE);
}

/** From the list of releases to the page of the promotion. */
async function promote(version: string, { from = "staging", hotfix }: { from?: string; hotfix?: string } = {}): Promise<void> {
  await eventually(async () => {
    const [newest] = (await roadbed.client.call(listReleases, { entityRef: REF })).items;
    return newest?.title === `Ship ${version}` && newest.in.some(({ environment }) => environment === from) ? true : undefined;
  }, PATIENCE);
  await asker.goto(`${roadbed.url}/releases?entity=${REF}&tab=releases`);
  await asker
    .getByRole("link", { name: new RegExp(`Ship ${version}|signal \\d+`) })
    .first()
    .click();
  await asker.getByRole("button", { name: /^Promote to / }).click();
  if (hotfix !== undefined) {
    await asker.getByLabel("It is a hotfix").check();
    await asker.getByLabel("Reason").fill(hotfix);
  }
  await asker.getByRole("dialog").getByRole("button", { name: "Promote", exact: true }).click();
  await asker.waitForURL(/\/promotions\//);
}

async function approve(): Promise<void> {
  await owner.goto(asker.url());
  await owner.getByRole("button", { name: "Approve" }).click();
}

function gate(page: Page, title: string, verdict: string): Promise<void> {
  return page.getByRole("article", { name: title }).getByText(verdict, { exact: true }).waitFor({ timeout: PATIENCE });
}

function badge(word: string): Promise<void> {
  return asker.getByRole("heading", { level: 1 }).getByText(word).waitFor({ timeout: PATIENCE });
}

const answerOfProd = (): Promise<[number, string]> => answerOf("prod");

async function answerOf(environment: string): Promise<[number, string]> {
  const answer = await fetch(await addressOf(environment));
  return [answer.status, await answer.text()];
}

async function addressOf(environment: string): Promise<string> {
  const { items } = await roadbed.client.call(listWorkloads, { entityRef: REF });
  return items.find((one) => one.environment === environment)?.url ?? "nowhere:";
}

/** Callers that ask production one request after another; ended, it tells which answers there were. */
function load(): { end(): Promise<string[]> } {
  const said = new Set<string>();
  let going = true;
  const callers = addressOf("prod").then((url) =>
    Promise.all(
      Array.from({ length: 6 }, async () => {
        while (going)
          await fetch(url).then(
            async (answer) => said.add(`${await answer.text()} ${answer.status}`),
            (error: unknown) => said.add(`nothing: ${String(error)}`),
          );
      }),
    ),
  );
  return {
    end: async () => {
      going = false;
      await callers;
      return [...said].toSorted();
    },
  };
}

async function cloneOf(name: string): Promise<string> {
  const { client, token } = roadbed;
  const { id } = await client.call(runPath, { path: "node-service", values: { name, owner: "group:default/team-road" } });
  await eventually(async () => ((await client.call(getRun, { id })).status === "succeeded" ? true : undefined), PATIENCE);
  const repository = (await client.call(listRepositories, {})).items.find((one) => one.name === name);
  const address = new URL(repository?.cloneUrl ?? "");
  address.username = "me";
  address.password = token;
  const into = join(folder, "clone");
  await git(folder, "clone", "-q", address.href, into);
  return into;
}

async function signedIn(username: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${roadbed.url}/sign-in`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL((url) => url.pathname === "/");
  return page;
}

const ORG = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-road, title: Road team }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: robin }
spec: { memberOf: [team-road] }
`;
