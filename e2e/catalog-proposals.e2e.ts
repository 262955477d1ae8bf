/** Bring your own organisation: a folder of clones becomes proposals; what a person accepts is in the catalogue, what they refuse stays away. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { getEntity, listEntities } from "@roadbed/contracts/catalog";
import { listProposals } from "@roadbed/contracts/catalog/proposals";
import { getMe } from "@roadbed/contracts/identity";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openBrowser } from "./lib/browser.ts";
import { runCli } from "./lib/run-cli.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

const CLONES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  orders: {
    "package.json": `{ "name": "@shop/orders", "private": true, "scripts": { "start": "node ." } }`,
    Dockerfile: "FROM node:24\n",
    "docker-compose.yml":
      "services:\n  orders:\n    build: .\n    environment:\n      DATABASE_URL: postgres://orders-db:5432/orders\n      PAYMENTS_URL: http://payments:8080\n",
    CODEOWNERS: "* @shop/orders\n",
  },
  payments: {
    "go.mod": "module github.com/shop/payments\n",
    "main.go": "package main\n",
    Dockerfile: "FROM scratch\n",
    "openapi.yaml": "openapi: 3.1.0\ninfo:\n  title: Payments\n",
    CODEOWNERS: "* @shop/money\n",
  },
  scratchpad: { "package.json": `{ "name": "scratchpad", "private": true, "scripts": { "start": "node ." } }` },
};

let roadbed: RunningRoadbed;
let browser: Browser;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-clones-"));
  for (const [name, files] of Object.entries(CLONES)) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true });
      writeFileSync(join(folder, name, path), text);
    }
    execFileSync("git", ["init", "-q", join(folder, name)]);
  }
  [roadbed, browser] = await Promise.all([startRoadbed({ args: ["--empty"] }), openBrowser()]);
  const link = await eventually(async () => /http\S+\/auth\/link\S+/.exec(roadbed.output())?.[0]);
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(link.replace("localhost", new URL(roadbed.url).hostname));
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("a folder is read, one service is accepted by keyboard with what it refers to, and is in the catalogue", async () => {
  expect(await roadbed.client.call(getMe, {})).toBeDefined();
  await page.goto(`${roadbed.url}/discover`);
  await page.getByLabel("Folder of clones").fill(folder);
  await page.getByRole("button", { name: "Read it" }).click();
  const table = page.getByRole("table", { name: "Proposals" });
  await table.getByRole("button", { name: "orders", exact: true }).first().waitFor();
  await page.getByLabel("Find").fill("component:default/orders");
  await expect.poll(() => table.locator("tbody tr").count(), { timeout: 10_000 }).toBe(1);
  await page.getByRole("heading", { name: "Discover" }).click();
  await page.keyboard.press("j");
  const panel = page.getByRole("complementary", { name: "Proposal" });
  await panel.getByText("docker-compose.yml:6").waitFor();
  await page.keyboard.press("a");
  await page.getByRole("dialog").getByRole("button", { name: "Accept", exact: true }).click();
  await page.getByText("entities in the catalogue now").waitFor();

  const { neighbours } = await roadbed.client.call(getEntity, { ref: "component:default/orders" });
  expect(neighbours.map(({ type, ref, found }) => `${type} ${ref} ${found}`).toSorted()).toEqual([
    "consumesApi api:default/payments-api true",
    "dependsOn resource:default/orders-db true",
    "ownedBy group:default/orders true",
  ]);
});

test("what is refused stays away after reading again, and the rest is accepted from the command line", async () => {
  const env = { ROADBED_URL: roadbed.url, ROADBED_TOKEN: roadbed.token };
  const scratchpad = (await roadbed.client.call(listProposals, { text: "component:default/scratchpad" })).items[0]!;
  expect((await runCli(["proposal", "refuse", "--ids", scratchpad.id, "--reason", "only a scratchpad"], env)).code).toBe(0);
  writeFileSync(join(folder, "scratchpad", "README.md"), "# Scratchpad\n");
  const again = await runCli(["discover", folder, "--wait"], env);
  expect([again.code, again.stderr]).toEqual([0, expect.any(String)]);
  expect((await roadbed.client.call(listProposals, { limit: 500 })).items.map(({ ref }) => ref)).not.toContain(
    "component:default/scratchpad",
  );

  const accepted = await runCli(["proposal", "accept", "--min-confidence", "0.7", "--kind", "component"], env);
  expect(accepted.code).toBe(0);
  const { items } = await roadbed.client.call(listEntities, { filter: "kind=component", limit: 50 });
  expect(items.map(({ ref, owner }) => [ref, owner])).toEqual([
    ["component:default/orders", "group:default/orders"],
    ["component:default/payments", "group:default/money"],
  ]);
});
