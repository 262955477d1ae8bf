/** A prompt on its way to production by real pages: a worse version is refused by its scores, a better one comes through, and back is one click. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { importSource } from "@roadbed/contracts/catalog";
import { getConfiguration } from "@roadbed/contracts/delivery/configurations";
import { createEnvironment } from "@roadbed/contracts/delivery/environments";
import { listEvaluations } from "@roadbed/contracts/delivery/evaluations";
import { getRelease } from "@roadbed/contracts/delivery/releases";
import { getRun, runPath } from "@roadbed/contracts/paths";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openBrowser, picture } from "./lib/browser.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

const REF = "component:default/greeting";
const GOOD =
  "Be kind, be short, and say what happens next.\n\nNever promise a date. If you do not know, say so and name who does.\n\n{{question}}\n";
const MUST = ["kind", "short", "next", "Never promise a date", "name who does"];

let roadbed: RunningRoadbed;
let browser: Browser;
let page: Page;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-ai-"));
  [roadbed, browser] = await Promise.all([startRoadbed(), openBrowser()]);
  mkdirSync(join(folder, "org"));
  writeFileSync(
    join(folder, "org", "org.yaml"),
    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: team-road }\nspec: { type: team, children: [] }\n",
  );
  await roadbed.client.call(importSource, { target: join(folder, "org"), watch: false });
  const evaluation = { set: "cases", least: 0.8, worseBy: 0.05, confidence: 0.95 };
  await roadbed.client.call(createEnvironment, { name: "prod", title: "Production", upstream: ["dev"], evaluation });
  const run = await roadbed.client.call(runPath, { path: "prompt", values: { name: "greeting", owner: "team-road" } });
  await eventually(async () => {
    const { status, error } = (await roadbed.client.call(getRun, { id: run.id })) as { status: string; error?: unknown };
    if (status === "failed") throw new Error(JSON.stringify(error));
    return status === "succeeded" ? true : undefined;
  });
  git("clone", "-q", `${roadbed.url.replace("//", `//x:${roadbed.token}@`)}/git/greeting.git`, "greeting");
  const link = await eventually(async () => /http\S+\/auth\/link\S+/.exec(roadbed.output())?.[0]);
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(link.replace("localhost", new URL(roadbed.url).hostname));
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("a prompt is promoted by its scores, a worse one is refused, a better one passes, and back is one click", async () => {
  // Two hundred cases: with three nothing could be proven.
  const cases = Array.from({ length: 200 }, (_, at) => ({ id: `case-${at}`, question: "Where is it?", must: [MUST[at % MUST.length]] }));
  const first = await pushed(2, GOOD, "Two hundred cases", cases);
  await promoteByPage(2);
  await page.getByRole("heading", { name: /Evaluation/ }).waitFor();
  const served = await eventually(async () => inProd().catch(() => undefined));
  expect(served).toMatchObject({ release: 2, kind: "prompt" });
  expect(first).toBe(1);

  expect(await pushed(3, "Be short.\n\n{{question}}\n", "Only short")).toBeLessThan(0.5);
  await promoteByPage(3);
  const gate = page.getByRole("article", { name: "Evaluation" });
  await gate.getByText(/clearly below/).waitFor();
  expect(await gate.getByText(/clearly worse/).count()).toBe(1);
  await picture(page, "evaluation-gate");
  expect((await inProd()).release).toBe(2);
  await gate.getByRole("link", { name: /required-words/ }).click();
  await page.getByRole("table", { name: "Cases" }).waitFor();
  await page.getByText(/Worse than release 2/).waitFor();
  await picture(page, "evaluation");

  expect(await pushed(4, `${GOOD}\nThank them.\n`, "Thank them")).toBe(1);
  await promoteByPage(4);
  await eventually(async () => ((await inProd()).release === 4 ? true : undefined));
  await page.getByRole("button", { name: "Roll back…" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("Too thankful");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await eventually(async () => ((await inProd()).release === 2 ? true : undefined));
  expect((await inProd()).digest).toBe(served.digest);
});

function inProd() {
  return roadbed.client.call(getConfiguration, { entityRef: REF, environment: "prod" });
}

/** Pushes by git; answers the score of the release that comes of it. */
async function pushed(number: number, text: string, message: string, cases?: readonly object[]): Promise<number> {
  writeFileSync(join(folder, "greeting/prompts/system.md"), text);
  if (cases !== undefined)
    writeFileSync(join(folder, "greeting/evaluation/cases.jsonl"), cases.map((one) => JSON.stringify(one)).join("\n"));
  git("-C", "greeting", "add", ".");
  git("-C", "greeting", "-c", "user.name=Ada Example", "-c", "user.email=ada@example.org", "commit", "-qm", message);
  git("-C", "greeting", "push", "-q", "origin", "HEAD:main");
  return eventually(async () => {
    const release = await roadbed.client.call(getRelease, { release: `greeting#${number}` });
    const { items } = await roadbed.client.call(listEvaluations, { release: release.id });
    return release.in.length === 0 ? undefined : items[0]?.score?.estimate;
  });
}

async function promoteByPage(number: number): Promise<void> {
  const { id } = await roadbed.client.call(getRelease, { release: `greeting#${number}` });
  await page.goto(`${roadbed.url}/releases/${id}`);
  await page.getByRole("button", { name: "Promote to Production…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Promote", exact: true }).click();
  await page.waitForURL(/\/promotions\//);
}

function git(...args: string[]): void {
  execFileSync("git", args, { cwd: folder, env: { ...process.env, HOME: folder, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1" } });
}
