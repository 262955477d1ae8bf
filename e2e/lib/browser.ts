import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium as playwright, type Browser, type Page } from "playwright-core";

const ARTIFACTS = join(import.meta.dirname, "../artifacts");

/** A real Chromium: the one named by CHROME_PATH, else the one from npm. */
export async function openBrowser(): Promise<Browser> {
  const own = process.env["CHROME_PATH"];
  if (own !== undefined && existsSync(own)) return playwright.launch({ executablePath: own, args: ["--no-sandbox"] });
  const { default: packed } = await import("@sparticuz/chromium");
  const unwanted = /^--(single-process|headless|disable-web-security)/;
  return playwright.launch({ executablePath: await packed.executablePath(), args: packed.args.filter((arg) => !unwanted.test(arg)) });
}

/** Keeps a picture of the page as an artefact of the test run. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
}
