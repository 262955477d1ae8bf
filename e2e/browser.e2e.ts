/** The journey as a person sees it, on the living sample estate: a real browser, every page, both themes, axe on each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { listEntities } from "@roadbed/contracts/catalog";
import { listWorkloads } from "@roadbed/contracts/delivery";
import { listRuns } from "@roadbed/contracts/paths";
import { listIncidents, listServices, listTraces } from "@roadbed/contracts/telemetry";

import { seriousFaults } from "./lib/accessibility.ts";
import { openBrowser, picture, watchReading } from "./lib/browser.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

let roadbed: RunningRoadbed;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  roadbed = await startRoadbed({ args: [] });
  browser = await openBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light", reducedMotion: "reduce" });
  page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  const [link] =
    /http:\/\/localhost:\d+\/auth\/link\?token=\S+/.exec(
      await eventually(async () => (roadbed.output().includes("/auth/link") ? roadbed.output() : undefined)),
    ) ?? [];
  await page.goto((link ?? "").replace("localhost", "127.0.0.1"));
});

afterAll(async () => {
  await browser?.close();
  await roadbed?.dispose();
});

describe("the first ten minutes", () => {
  test("the link signs in once, home says how things are, and sample data says so", async () => {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText("Sample data").first().waitFor();
    await eventually(async () => ((await roadbed.client.call(listServices, {})).items.length > 20 ? true : undefined), 60_000);
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await picture(page, "home");
  });

  test("the catalogue filters by facet, keeps it in the address, and opens an entity", async () => {
    await page.goto(`${roadbed.url}/catalog?kind=Component`);
    await page.getByRole("link", { name: "booking-service" }).first().waitFor();
    expect(await page.getByText("Amara Okoye").count()).toBe(0);
    await picture(page, "catalogue");
    await page.getByRole("link", { name: "booking-service" }).first().click();
    await page.waitForURL(/entities\/component\/default\/booking-service/);
    await page
      .getByRole("heading", { name: /booking-service/i })
      .first()
      .waitFor();
    await picture(page, "entity");
  });

  test("the command palette finds an entity by a few letters", async () => {
    await page.keyboard.press("Control+k");
    const search = page.getByPlaceholder("Search entities, documentation, paths and actions");
    await search.waitFor();
    await page.keyboard.type("payment-serv");
    await page.getByRole("dialog").getByText("payment-service").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/payment-service/);
  });
});

describe("create", () => {
  test("the form tells what is wrong while one types", async () => {
    await page.goto(`${roadbed.url}/create/node-service`);
    const name = page.getByLabel(/^name/i).first();
    await name.fill("booking-service");
    await name.blur();
    await page
      .getByText(/taken|exists|already/i)
      .first()
      .waitFor();
    await picture(page, "create-form-problem");
  });

  test("an unpinned image is denied in the preview with the rule and its mend, and the button is off", async () => {
    await fill("milestone");
    await next();
    const image = page.getByLabel(/image/i).first();
    const pinned = await image.inputValue();
    await image.fill("node:latest");
    await preview();
    await page.getByRole("heading", { name: "Policy denies it" }).waitFor();
    await page
      .getByText(/digest/i)
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: "Create", exact: true }).isDisabled()).toBe(true);
    await picture(page, "preview-denied");

    await page.getByRole("button", { name: "Back to the form" }).first().click();
    await page.getByLabel(/image/i).first().fill(pinned);
    await preview();
    await page.getByRole("heading", { name: /Policy allows it/ }).waitFor();
    await picture(page, "preview");
  });

  test("Create leads to the live run, and the run to the running service's page", async () => {
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.waitForURL(/\/runs\/run_/);
    await eventually(async () => ((await roadbed.client.call(listRuns, {})).items[0]?.status === "succeeded" ? true : undefined));
    await page
      .getByText(/succeeded/i)
      .first()
      .waitFor();
    await picture(page, "run");
    const [workload] = (await roadbed.client.call(listWorkloads, { entityRef: "component:default/milestone" })).items;
    for (let i = 0; i < 12; i++) await fetch(workload?.url ?? "");
    await page.goto(`${roadbed.url}/entities/component/default/milestone`);
    await page
      .getByText(/healthy/i)
      .first()
      .waitFor();
    await page
      .getByText(/\/git\/milestone\.git/)
      .first()
      .waitFor();
    await picture(page, "entity-new");
  });
});

describe("every page", () => {
  test("renders, passes axe in light and in dark, can be read on a phone without scrolling sideways, and complains of nothing", async () => {
    const faults: string[] = [];
    const wide: string[] = [];
    await visitAll(async (visited, name, settled) => {
      // One visit shows all three: theme and width follow the system while the page is open.
      for (const colorScheme of ["light", "dark"] as const) {
        await wear(visited, colorScheme);
        // The same page in other colours: all that is not colour has been looked at.
        const wrong = await seriousFaults(visited, colorScheme === "light" ? WCAG_AA : COLOUR_RULES);
        faults.push(...wrong.map((fault) => `${name} in ${colorScheme}: ${fault}`));
        if (wrong.length > 0 || PICTURES) await picture(visited, `${name}-${colorScheme}`);
      }
      await wear(visited, "light");
      await visited.setViewportSize(PHONE);
      await settled();
      const over = await visited.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 1) wide.push(`${name}: ${over} px too wide`);
      if (over > 1 || PICTURES) await picture(visited, `${name}-phone`);
      await visited.setViewportSize(DESK);
    });
    expect(faults).toEqual([]);
    expect(wide).toEqual([]);
    expect(complaints).toEqual([]);
  }, 900_000);
});

describe("the end of the sample", () => {
  test("one command takes all of it away, and what was made stays", async () => {
    await page.goto(`${roadbed.url}/settings?tab=sample`);
    const before = (await roadbed.client.call(listEntities, { limit: 1 })).total ?? 0;
    const { removeSample } = await import("@roadbed/contracts/catalog");
    const { removedEntities } = await roadbed.client.call(removeSample, {});
    expect(removedEntities).toBeGreaterThan(90);
    expect((await roadbed.client.call(listEntities, { limit: 1 })).total).toBe(before - removedEntities);
    await eventually(async () => ((await roadbed.client.call(listIncidents, {})).items.length === 0 ? true : undefined));
    await eventually(
      async () => ((await roadbed.client.call(listServices, {})).items.every(({ sample }) => !sample) ? true : undefined),
      60_000,
    );
    const { items } = await roadbed.client.call(listEntities, { filter: "kind=component" });
    expect(items.map(({ name }) => name)).toEqual(["milestone"]);
    expect(readFileSync(join(roadbed.dataDir, "log/server.log"), "utf8")).not.toMatch(/rbs_[\w-]{20}|rb_[\w-]{30}/);
  });
});

async function wear(visited: Page, colorScheme: "light" | "dark"): Promise<void> {
  await visited.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await visited.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
}

/** Opens every page once, a few at a time, since most of a visit is waiting; what the pages complain of is kept. */
async function visitAll(look: (visited: Page, name: string, settled: () => Promise<void>) => Promise<void>): Promise<void> {
  complaints.length = 0;
  const waiting = Object.entries(await addresses());
  const storageState = await context.storageState();
  const work = async (): Promise<void> => {
    const own = await browser.newContext({ viewport: DESK, storageState, colorScheme: "light", reducedMotion: "reduce" });
    const visited = await own.newPage();
    const reading = watchReading(visited);
    const settled = () => reading.settled();
    let at = "";
    const complain = (what: string): void => void complaints.push(`${at}: ${what}`);
    visited.on("pageerror", (error) => complain(String(error)));
    visited.on("console", (message) => {
      if (message.type() === "error" && !isMeant(at, message.text())) complain(message.text());
    });
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      at = next[0];
      await visited.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await visited.goto(roadbed.url + next[1]);
      await visited.getByRole("heading", { level: 1 }).first().waitFor();
      await settled();
      await look(visited, at, settled);
    }
    await own.close();
  };
  await Promise.all(Array.from({ length: TABS }, work));
}

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const TABS = 3;
/** Painting into a file costs as much as looking: pages that are well are kept as pictures when somebody asks for them. */
const PICTURES = process.env["ROADBED_TEST_PICTURES"] !== undefined;
const WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const COLOUR_RULES = { type: "rule" as const, values: ["color-contrast", "link-in-text-block"] };

/**
 * A browser reports each answer that is not a success. The page of a thing that is not there asks for it all the same; and readiness is told by
 * its status: a part that a busy machine keeps for two seconds is late then, and the page shows it.
 */
function isMeant(name: string, text: string): boolean {
  return (name === "why-not-here" && text.includes("404")) || (name === "about" && text.includes("503"));
}

async function fill(name: string): Promise<void> {
  await page.getByLabel(/^name/i).first().fill(name);
  const owner = page.getByLabel(/^owner/i).first();
  await owner.fill("team-platform");
  await page
    .getByRole("option", { name: /platform/i })
    .first()
    .click();
}

async function next(): Promise<void> {
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel(/image/i).first().waitFor();
}

async function preview(): Promise<void> {
  await page.getByRole("button", { name: "Preview", exact: true }).click();
}

/** Every page of the site, with something on it. */
async function addresses(): Promise<Record<string, string>> {
  const [trace] = (await roadbed.client.call(listTraces, { service: "booking-service" })).items;
  const [run] = (await roadbed.client.call(listRuns, {})).items;
  const { items: sources } = (await (
    await fetch(`${roadbed.url}/api/v1/sources`, { headers: { authorization: `Bearer ${roadbed.token}` } })
  ).json()) as { items: { id: string }[] };
  const entity = "/entities/component/default/booking-service";
  const changed = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date().toISOString()}`;
  return {
    home: "/",
    catalogue: "/catalog",
    entity,
    "entity-dependencies": `${entity}?tab=dependencies`,
    "entity-signals": `${entity}?tab=signals`,
    "entity-docs": `${entity}?tab=docs`,
    "entity-history": `${entity}?tab=history`,
    api: "/entities/api/default/booking-api?tab=api",
    group: "/entities/group/default/team-booking",
    "entity-facts": `${entity}?tab=facts`,
    "entity-yaml": `${entity}?tab=yaml`,
    "entity-past": `${entity}?asOf=${new Date().toISOString()}`,
    "why-not-here": "/entities/component/default/no-such-thing",
    "catalogue-past": `/catalog?asOf=${new Date().toISOString()}`,
    "catalogue-nothing": "/catalog?q=zzzzzz",
    graph: "/graph",
    "graph-around": "/graph?ref=component:default/booking-service&depth=2",
    "graph-table": "/graph?view=table",
    "graph-drift": "/graph?view=drift",
    "graph-impact": "/graph?impact=component:default/booking-service",
    "graph-way": "/graph?from=component:default/booking-site&to=resource:default/booking-db",
    ownership: "/ownership",
    "ownership-teams": "/ownership?view=teams",
    changes: "/changes",
    difference: `/changes?tab=difference&${changed}`,
    removed: "/changes?tab=removed",
    inbox: "/inbox",
    announcements: "/inbox?view=announcements",
    approvals: "/inbox?view=approvals",
    following: "/inbox?view=following",
    channels: "/inbox?view=channels",
    kinds: "/settings?tab=kinds",
    kind: "/kinds/Component",
    "new-kind": "/new-kind",
    "new-entity": "/save?kind=Component",
    create: "/create",
    "create-form": "/create/node-service",
    runs: "/runs",
    run: `/runs/${run?.id}`,
    "run-compared": `/runs/${run?.id}/compare`,
    lifetimes: "/lifetimes",
    ledger: "/ledger",
    upgrades: "/upgrades",
    resources: "/resources",
    "write-a-path": "/write",
    actions: "/write/actions",
    delivery: "/delivery",
    deployments: "/delivery?tab=deployments",
    repositories: "/delivery?tab=repositories",
    environments: "/environments?select=dev",
    "entity-deploys": "/entities/component/default/milestone?tab=deploys",
    pipelines: "/pipelines",
    evaluations: "/evaluations",
    drift: "/drift",
    cdevents: "/cdevents",
    rollouts: "/rollouts",
    releases: "/releases",
    calendar: "/calendar",
    observe: "/observe",
    service: "/observe/services/booking-service",
    traces: "/traces",
    trace: `/traces/${trace?.traceId}`,
    logs: "/logs",
    incidents: "/incidents",
    objectives: "/slos",
    "ai-use": "/ai-use",
    intake: "/intake",
    insights: "/insights",
    adoption: "/adoption",
    capability: "/adoption/golden-paths",
    "about-you": "/about-you",
    value: "/value",
    "measure-of-adoption": "/measures/voluntary-adoption",
    policies: "/standards",
    policy: "/standards/policies/images-pinned",
    decisions: "/standards/decisions",
    findings: "/standards/findings",
    waivers: "/standards/waivers",
    workbench: "/standards/workbench",
    scorecards: "/scorecards",
    campaigns: "/campaigns",
    "new-campaign": "/campaigns/new",
    scorecard: "/scorecards/production-readiness",
    "scorecard-history": "/scorecards/production-readiness?tab=changes",
    "entity-standards": "/entities/component/default/booking-service?tab=standards",
    sources: "/sources",
    "connect-a-system": "/sources?connect=any",
    "connect-github": "/sources?connect=github",
    discover: "/discover",
    "discover-people": "/discover?tab=people",
    source: `/sources/${sources[0]?.id}`,
    settings: "/settings",
    tokens: "/settings?tab=tokens",
    people: "/settings?tab=people",
    about: "/settings?tab=about",
    audit: "/audit",
    "api-docs": "/api-docs",
    design: "/design",
    "not-found": "/no/such/page",
  };
}
