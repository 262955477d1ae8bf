/** The catalogue's promises, one short journey each, on one running server: by browser, command line and HTTP. */
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { getEntity, importSource, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { allowHost, createSource, rotateHook, testSource } from "@roadbed/contracts/catalog/connections";
import { exportGraph } from "@roadbed/contracts/catalog/graph";
import { createUser } from "@roadbed/contracts/identity";

import { openBrowser, picture } from "./lib/browser.ts";
import { runCli } from "./lib/run-cli.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

let roadbed: RunningRoadbed;
let browser: Browser;
let page: Page;
let folder: string;
let estate: { readonly id: string };
/** What the other system says it has. */
let services: { slug: string }[] = [];
let inventory: Server;
let began: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-journeys-"));
  [roadbed, browser] = await Promise.all([startRoadbed(), openBrowser()]);
  const link = await eventually(async () => /http\S+\/auth\/link\S+/.exec(roadbed.output())?.[0]);
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  page.setDefaultTimeout(15_000);
  await page.goto(link.replace("localhost", "127.0.0.1"));
  await page.getByRole("heading", { level: 1 }).waitFor();
  writeFileSync(join(folder, "catalog-info.yaml"), ESTATE("ada"));
  mkdirSync(join(folder, "docs"));
  writeFileSync(join(folder, "docs/index.md"), "# Orders\n\nHow an order becomes a parcel.\n");
  writeApi("1.0.0", "    get: { summary: List, responses: { '200': { description: ok } } }\n    post: { summary: Make, responses: {} }\n");
  estate = (await roadbed.client.call(importSource, { target: folder, watch: false })).source;
  began = new Date().toISOString();
  inventory = createServer((_, response) => response.setHeader("content-type", "application/json").end(JSON.stringify({ services })));
  await new Promise<void>((resolve) => inventory.listen(0, "127.0.0.1", resolve));
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await picture(page, `journey-failed-${task.name.split(":")[0]}`);
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  inventory?.closeAllConnections();
  inventory?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("facts: a field is locked with a reason, its receipt tells, and the descriptor no longer changes it", async () => {
  await open("/entities/component/default/orders?tab=facts");
  await page.getByRole("button", { name: /^Where the field lifecycle comes from/ }).click();
  const receipt = page.getByRole("dialog");
  await receipt.getByRole("button", { name: /^Set or lock/ }).click();
  await receipt.getByLabel("Set the lifecycle").fill("deprecated");
  await receipt.getByLabel("Hold it, whatever the sources say").check({ force: true });
  await receipt.getByLabel("Why").fill("Parcels replace it");
  await receipt.getByRole("button", { name: "Lock", exact: true }).click();
  await page.getByRole("button", { name: /^Where the field lifecycle comes from.*locked/ }).waitFor();
  await roadbed.client.call(syncSource, { id: estate.id });
  expect((await roadbed.client.call(getEntity, { ref: "component:default/orders" })).entity.spec).toMatchObject({
    lifecycle: "deprecated",
  });
});

test("search: by keyboard alone to an entity", async () => {
  await open("/");
  // Nobody waits for the box: what is typed while it is fetched is in it.
  await page.keyboard.press("/");
  await page.keyboard.type("parc");
  await page.getByRole("dialog").getByText("parcels").first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/component\/default\/parcels/);
});

test("inbox: who follows a thing is told that it is gone, and who depends on it acknowledges what is announced", async () => {
  await open("/entities/component/default/old-shop");
  await page.getByRole("button", { name: "Follow" }).click();
  await page.getByRole("menuitem").first().click();
  await page.getByRole("button", { name: "Following" }).waitFor();
  writeFileSync(join(folder, "shop.yaml"), "# closed\n");
  await roadbed.client.call(syncSource, { id: estate.id });
  await page.goto(`${roadbed.url}/inbox`);
  await page
    .getByRole("link", { name: /old-shop/ })
    .first()
    .waitFor();

  await open("/entities/component/default/parcels");
  await page.getByRole("button", { name: "Follow" }).click();
  await page.getByRole("menuitem", { name: /^Announce/ }).click();
  await page.getByLabel("What you announce").fill("Version 1 ends in May");
  await page.getByRole("dialog").getByRole("button", { name: "Announce" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const owner = await signedInAs("ada");
  await owner.goto(`${roadbed.url}/inbox?view=announcements`);
  const announced = owner.getByRole("article", { name: "Version 1 ends in May" });
  await announced.getByRole("button", { name: "I know" }).click();
  await owner.getByText("No announcement waits for you").waitFor();
  await owner.context().close();
});

test("time: the catalogue as it was, what is different since, and why something is not here", async () => {
  await open(`/catalog?asOf=${began}`);
  await page.getByRole("link", { name: "old-shop" }).first().waitFor();
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.getByRole("link", { name: "old-shop" }).waitFor({ state: "detached" });
  await open(`/graph?view=table&asOf=${began}`);
  await page.getByRole("link", { name: "old-shop" }).first().waitFor();
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.getByRole("link", { name: "old-shop" }).waitFor({ state: "detached" });
  await page.goto(`${roadbed.url}/changes?tab=difference&from=${began}&to=${new Date().toISOString()}`);
  const difference = page.getByRole("list", { name: "Difference" });
  await difference.getByText("removed").first().waitFor();
  await page.goto(`${roadbed.url}/entities/component/default/old-shop`);
  await page.getByText("component:default/old-shop is not in the catalogue").waitFor();
  await page.getByRole("link", { name: "Removed entities" }).waitFor();
});

test("graph: how one leads to another, and the picture for a document", async () => {
  await open("/graph?from=component:default/orders&to=resource:default/depot");
  const way = page.getByRole("region", { name: "Way 1, 2 steps" });
  await way.waitFor();
  expect(await way.getByRole("link").allTextContents()).toEqual(["orders", "parcels", "depot"]);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: /Mermaid/i }).click();
  expect((await download).suggestedFilename()).toMatch(/\.mmd$|\.mermaid$|\.md$/);
  expect((await roadbed.client.call(exportGraph, { format: "svg" })).text).toContain("<svg");
});

test("APIs: a new definition says what it breaks, and whom", async () => {
  writeApi("2.0.0", "    get: { summary: List, responses: { '200': { description: ok } } }\n");
  await roadbed.client.call(syncSource, { id: estate.id });
  await open("/entities/api/default/orders-api?tab=api");
  await page.getByRole("main").getByText("Changes", { exact: true }).click();
  await page
    .getByText(/POST \/orders|break/i)
    .first()
    .waitFor();
  await page.getByRole("list", { name: "Affected consumers" }).getByRole("link", { name: "parcels" }).waitFor();
});

test("a table is looked at, its columns are found, and it comes in; the same is on the command line", async () => {
  await open("/sources");
  await page.getByLabel("Text of the file").fill("Service,Team,Lifecycle\nticketing,team-a,production\n");
  await page.getByLabel("Name of the source").fill("spreadsheet");
  await page.getByRole("cell", { name: /ticketing/ }).waitFor();
  await page.getByRole("button", { name: "Bring it in" }).click();
  await eventually(async () => ((await inCatalogue("ticketing")) ? true : undefined), 15_000);
  const told = await runCli(["entity", "get", "component:default/ticketing", "--json"], env());
  expect([told.code, told.stdout]).toEqual([0, expect.stringContaining("spreadsheet")]);
});

test("a system is tested before it is connected, tells by webhook, asks before it empties itself, and is taken back", async () => {
  const host = `127.0.0.1:${(inventory.address() as AddressInfo).port}`;
  const what = { connector: "http", settings: { url: `http://${host}/services`, mapping: MAPPING } };
  await expect(roadbed.client.call(testSource, what)).rejects.toMatchObject({ mend: expect.any(String) });
  await roadbed.client.call(allowHost, { host, reason: "our inventory" });
  services = Array.from({ length: 10 }, (_, at) => ({ slug: `unit-${at}` }));
  await roadbed.client.call(testSource, what);
  expect(await inCatalogue("unit-0")).toBe(false);
  const { id } = (await roadbed.client.call(createSource, { ...what, name: "Inventory" })).source;
  expect(await inCatalogue("unit-9")).toBe(true);

  const { path, secret } = await roadbed.client.call(rotateHook, { id });
  const body = JSON.stringify({ services: [{ slug: "told-by-hook" }] });
  const signed = { "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`, "x-delivery-id": "1" };
  const told = await fetch(roadbed.url + path, { method: "POST", body, headers: { "content-type": "application/json", ...signed } });
  expect(told.status, await told.text()).toBe(200);
  await eventually(async () => ((await inCatalogue("told-by-hook")) ? true : undefined), 15_000);

  services = services.slice(0, 2);
  await roadbed.client.call(syncSource, { id });
  await open(`/sources/${id}`);
  const asked = page.getByRole("region", { name: "A decision is asked" });
  await asked.getByRole("button", { name: "Let it remove them" }).click();
  await confirm("Inventory", "Remove them");
  await asked.waitFor({ state: "detached" });
  expect(await inCatalogue("unit-9")).toBe(false);
  await page.getByRole("button", { name: "Undo" }).first().click();
  await confirm("Inventory", "Take it back");
  await eventually(async () => ((await inCatalogue("unit-9")) ? true : undefined), 15_000);
});

async function open(path: string): Promise<void> {
  await page.goto(roadbed.url + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
}

/** A page of somebody else, who owns what their team owns. */
async function signedInAs(username: string): Promise<Page> {
  const password = "a long enough password";
  await roadbed.client.call(createUser, { username, displayName: username, role: "developer", password });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(15_000);
  const headers = { "x-roadbed-csrf": "1", origin: roadbed.url };
  const answer = await context.request.post(`${roadbed.url}/auth/password`, { headers, data: { username, password } });
  expect(answer.status()).toBe(200);
  return context.newPage();
}

async function confirm(word: string, act: string): Promise<void> {
  await page.getByRole("dialog").getByRole("textbox").fill(word);
  await page.getByRole("dialog").getByRole("button", { name: act }).click();
}

async function inCatalogue(name: string): Promise<boolean> {
  return (await roadbed.client.call(listEntities, { filter: `metadata.name=${name}`, limit: 1 })).items.length > 0;
}

function env(): NodeJS.ProcessEnv {
  return { ROADBED_URL: roadbed.url, ROADBED_TOKEN: roadbed.token };
}

function writeApi(version: string, operations: string): void {
  writeFileSync(
    join(folder, "openapi.yaml"),
    `openapi: 3.1.0\ninfo: { title: Orders, version: ${version} }\npaths:\n  /orders:\n${operations}`,
  );
}

const MAPPING = {
  records: "body.services",
  entity: { "metadata.name": "record.slug", "spec.type": "'service'", "spec.lifecycle": "'production'", "spec.owner": "'team-a'" },
};

function ESTATE(username: string): string {
  const entity = (kind: string, name: string, spec: string): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name}, annotations: { backstage.io/techdocs-ref: "dir:." } }\nspec: ${spec}\n`;
  const component = (name: string, more: string): string =>
    entity("Component", name, `{ type: service, lifecycle: production, owner: team-a${more} }`);
  writeFileSync(join(folder, "shop.yaml"), component("old-shop", ""));
  return [
    entity("Group", "team-a", "{ type: team, children: [] }"),
    entity("User", username, "{ memberOf: [team-a] }"),
    component("orders", ", dependsOn: [component:parcels], providesApis: [orders-api]"),
    component("parcels", ", dependsOn: [resource:depot], consumesApis: [orders-api]"),
    entity("Resource", "depot", "{ type: postgres, owner: team-a }"),
    entity("API", "orders-api", "{ type: openapi, lifecycle: production, owner: team-a, definition: { $text: ./openapi.yaml } }"),
    `apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: shop }\nspec: { targets: [./shop.yaml] }\n`,
  ].join("---\n");
}
