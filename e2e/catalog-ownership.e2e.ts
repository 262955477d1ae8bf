/** What nobody owns is found in the browser and given away with a click; a team's things are handed over and taken back on the command line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { getEntity, importSource } from "@roadbed/contracts/catalog";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openBrowser } from "./lib/browser.ts";
import { runCli } from "./lib/run-cli.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

const describeAs = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: "backstage.io/v1alpha1", kind, metadata: { name }, spec });
const service = (name: string, owner: string): string =>
  describeAs("Component", name, { type: "service", lifecycle: "production", owner, system: "shop" });
const ESTATE = [
  describeAs("Group", "red", { type: "team", children: [] }),
  describeAs("Group", "blue", { type: "team", children: [] }),
  describeAs("User", "lea", { memberOf: ["red"] }),
  describeAs("User", "bob", { memberOf: ["blue"] }),
  describeAs("System", "shop", { owner: "red", onCall: "lea" }),
  service("cart", "red"),
  service("lost", "gone"),
].join("\n");

let roadbed: RunningRoadbed;
let browser: Browser;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-owners-"));
  writeFileSync(join(folder, "all.ndjson"), ESTATE);
  [roadbed, browser] = await Promise.all([startRoadbed({ args: ["--empty"] }), openBrowser()]);
  await roadbed.client.call(importSource, { target: folder });
  const link = await eventually(async () => /http\S+\/auth\/link\S+/.exec(roadbed.output())?.[0]);
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(link.replace("localhost", new URL(roadbed.url).hostname));
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const ownerOf = async (name: string): Promise<unknown> =>
  (await roadbed.client.call(getEntity, { ref: `component:default/${name}` })).entity.spec?.["owner"];

test("an orphan is found with whom to give it to, and given with a click", async () => {
  await page.goto(`${roadbed.url}/ownership`);
  await page.getByText("2 of 3 things have an owner who is there.").waitFor();
  await page.getByRole("button", { name: "Assign lost to red" }).click();
  await page.getByText("3 of 3 things have an owner who is there.").waitFor();
  expect(await ownerOf("lost")).toBe("group:default/red");
});

test("what a team owns is handed over in one act and taken back as one", async () => {
  const env = { ROADBED_URL: roadbed.url, ROADBED_TOKEN: roadbed.token };
  const made = await runCli(
    ["hand-over", "make", "group:default/red", "group:default/blue", "--reason", "red is dissolved", "--json"],
    env,
  );
  expect([made.stderr, made.code]).toEqual(["", 0]);
  const { id, given } = JSON.parse(made.stdout) as { id: string; given: number };
  expect(given).toBe(3);
  expect(await ownerOf("cart")).toBe("group:default/blue");
  const onCall = await runCli(["oncall", "component:default/cart", "--json"], env);
  expect(JSON.parse(onCall.stdout)).toMatchObject({ now: [{ name: "lea" }], from: { because: "system" } });
  const undone = await runCli(["hand-over", "undo", id, "--json"], env);
  expect(JSON.parse(undone.stdout)).toMatchObject({ takenBack: 3 });
  expect([await ownerOf("cart"), await ownerOf("lost")]).toEqual(["red", "group:default/red"]);
  await page.goto(`${roadbed.url}/ownership?view=history`);
  await page.getByText("red is dissolved").waitFor();
});
