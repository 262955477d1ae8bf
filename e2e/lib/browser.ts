import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium as playwright, type Browser, type Page, type Request } from "playwright-core";

const ARTIFACTS = join(import.meta.dirname, "../artifacts");

/** A real Chromium: the one named by CHROME_PATH, else the one from npm. */
export async function openBrowser(): Promise<Browser> {
  const own = process.env["CHROME_PATH"];
  if (own !== undefined && existsSync(own)) return playwright.launch({ executablePath: own, args: ["--no-sandbox"] });
  const { default: packed } = await import("@sparticuz/chromium");
  // Without a graphics card its stand-in costs three quarters of a page; the plain painter shows the same.
  const unwanted =
    /^--(single-process|headless|disable-web-security|use-gl|use-angle|ignore-gpu-blocklist|in-process-gpu|enable-unsafe-swiftshader)/;
  return playwright.launch({
    executablePath: await packed.executablePath(),
    args: [...packed.args.filter((arg) => !unwanted.test(arg)), "--disable-gpu"],
  });
}

/** Keeps a picture of the page as an artefact of the test run. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
}

/** How long nothing may be asked for until a page stands, and how long at most one waits for that. */
const QUIET_MS = 200;
const PATIENCE_MS = 3_000;

/** Knows when a page has read all that it shows: nothing is asked for any more, but for the stream of events, which stays open. */
export function watchReading(page: Page): { settled(): Promise<void> } {
  const open = new Set<Request>();
  let quietSince = Date.now();
  page.on("request", (request) => {
    if (!new URL(request.url()).pathname.endsWith("/api/v1/stream")) open.add(request);
  });
  const ended = (request: Request): void => {
    open.delete(request);
    quietSince = Date.now();
  };
  page.on("requestfinished", ended);
  page.on("requestfailed", ended);
  return {
    settled: async () => {
      const began = Date.now();
      quietSince = began;
      while (Date.now() - began < PATIENCE_MS && (open.size > 0 || Date.now() - quietSince < QUIET_MS)) await page.waitForTimeout(40);
    },
  };
}
