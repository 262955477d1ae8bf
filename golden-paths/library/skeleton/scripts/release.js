import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const PARTS = ["major", "minor", "patch"];

/** Raises the version and puts what stands under "Unreleased" under it. */
export function release({ changelog, version, part, day }) {
  const place = PARTS.indexOf(part);
  if (place < 0) throw new Error("say which part of the version is raised: major, minor or patch");
  const next = version.split(".").map((number, n) => (n < place ? number : n === place ? String(Number(number) + 1) : "0")).join(".");
  const [before, rest] = changelog.split("## Unreleased\n");
  if (rest === undefined) throw new Error('CHANGELOG.md has no part "## Unreleased"');
  const [notes, ...older] = rest.split(/^(?=## )/m);
  if (notes.trim() === "") throw new Error("CHANGELOG.md says nothing under Unreleased: what is new?");
  return { version: next, notes: notes.trim(), changelog: `${before}## Unreleased\n\n## ${next} (${day})\n\n${notes.trim()}\n${older.length > 0 ? "\n" : ""}${older.join("")}` };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const description = JSON.parse(readFileSync("package.json", "utf8"));
  const { version, notes, changelog } = release({
    changelog: readFileSync("CHANGELOG.md", "utf8"),
    version: description.version,
    part: process.argv[2] ?? "",
    day: new Date().toISOString().slice(0, 10),
  });
  writeFileSync("package.json", `${JSON.stringify({ ...description, version }, null, 2)}\n`);
  writeFileSync("CHANGELOG.md", changelog);
  console.log(`${version}\n\n${notes}\n\nNow: git commit --all --message "Release ${version}" && git tag v${version} && git push --follow-tags`);
}
