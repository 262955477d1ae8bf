import axe, { type RunOptions } from "axe-core";
import type { Page } from "playwright-core";

declare global {
  /** What `axe.source` leaves in the page. */
  // eslint-disable-next-line no-var -- only `var` declares a property of globalThis
  var axe: typeof import("axe-core");
}

/** What is seriously wrong with the page for people who see, hear or point otherwise: each rule of axe with up to three places. */
export async function seriousFaults(page: Page, runOnly: NonNullable<RunOptions["runOnly"]>): Promise<string[]> {
  // Read once in each document: the engine is half a megabyte.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  // Only what is wrong is told, and from one frame: the site has no others.
  const violations = await page.evaluate(
    async (options: RunOptions) =>
      (await globalThis.axe.run(document, options)).violations.map(({ id, impact, nodes }) => ({
        id,
        impact,
        places: nodes.slice(0, 3).map(({ target }) => target.join(" ")),
      })),
    { resultTypes: ["violations"], iframes: false, runOnly } satisfies RunOptions,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, places }) => `${id} at ${places.join(", ")}`);
}
