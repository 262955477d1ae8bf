// What the first load of each page costs, gzip: the entry, everything it imports, the page's own chunks, styles and
// the font. Reads the build's manifest; exits 1 when a page is over its budget or when it looked at nothing.
//   node apps/web/scripts/weigh.mjs [folder of the build] [--json]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = `${process.argv.slice(2).find((word) => !word.startsWith("--")) ?? fileURLToPath(new URL("../dist", import.meta.url))}/`;
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));
const HOME_BUDGET_KB = 350;
const PAGE_BUDGET_KB = 700;

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const pages = Object.keys(manifest).filter((key) => /^src\/pages\/.*Page\.tsx$/.test(key) && manifest[key].isDynamicEntry);
const weights = pages
  .map((page) => ({ page: page.replace(/^src\/pages\/|\.tsx$/g, ""), kB: weigh([entry, page]) }))
  .sort((a, b) => b.kB - a.kB);

if (process.argv.includes("--json")) console.log(JSON.stringify(Object.fromEntries(weights.map(({ page, kB }) => [page, kB]))));
else for (const { page, kB } of weights) console.log(`${String(kB).padStart(8)} kB  ${page}`);

const over = weights.filter(({ page, kB }) => kB > (page.endsWith("HomePage") ? HOME_BUDGET_KB : PAGE_BUDGET_KB));
for (const { page, kB } of over) console.error(`${page} is over its budget: ${kB} kB`);
process.exitCode = weights.length > 0 && over.length === 0 ? 0 : 1;

/** kB of all files that these entries need before they can be shown. */
function weigh(keys) {
  const files = new Set(["index.html", "theme.js"]);
  const seen = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(key)) return;
    seen.add(key);
    for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
    for (const other of chunk.imports ?? []) visit(other);
  };
  for (const key of keys) visit(key);
  const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(dist + file), { level: 9 }).length, 0);
  return Math.round(bytes / 100) / 10;
}
