/** Writes `docs/reference/` from the operations, events and tables of the source. Run it after changing a contract. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { renderReference } from "./lib/reference.ts";

const dir = join(dirname(import.meta.dirname), "docs", "reference");
const pages = renderReference();
mkdirSync(dir, { recursive: true });
for (const name of readdirSync(dir)) if (!pages.has(name)) rmSync(join(dir, name));
for (const [name, text] of pages) writeFileSync(join(dir, name), text);
console.log(`reference: ${pages.size} pages in docs/reference`);
