import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { checkDocs } from "./docs.ts";

const made: string[] = [];
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

function fresh(): string {
  const path = mkdtempSync(join(tmpdir(), "roadbed-docs-"));
  made.push(path);
  return path;
}

/** A small repository with this README. */
function repository(readme: string): string {
  const root = fresh();
  mkdirSync(join(root, "docs"));
  cpSync(join(import.meta.dirname, "../../package.json"), join(root, "package.json"));
  writeFileSync(join(root, "README.md"), readme);
  return root;
}

const problemsOf = async (readme: string): Promise<string> => {
  const { problems } = await checkDocs(repository(readme));
  return problems.filter((problem) => problem.startsWith("README")).join("\n");
};

test("what is there is fine", async () => {
  const readme = [
    "[docs](docs)",
    "`npx roadbed entity list --filter kind=component --json`",
    "```sh",
    "npm start -- --port 4500 --empty",
    "roadbed search ferry",
    "```",
  ];
  const { links, commands } = await checkDocs(repository(readme.join("\n")));
  expect(await problemsOf(readme.join("\n"))).toBe("");
  expect({ links, commands }).toEqual({ links: 1, commands: 3 });
});

test.each([
  ["a link to nothing", "see [it](docs/none.md)", "README.md:1: there is no docs/none.md"],
  ["a link that leaves", "see [it](../secret.md)", "there is no ../secret.md"],
  ["a path in words", "see `kernel/none/src`", "there is no kernel/none/src"],
  ["an unknown command", "`roadbed entity fetch x`", "there is no command roadbed entity fetch"],
  ["an unknown flag", "`roadbed entity list --colour`", "roadbed entity list has no flag --colour"],
  ["an unknown flag of the start", "```\nnpm start -- --colour\n```", "npm start has no flag --colour"],
  ["an unknown script", "`npm run dance`", "there is no npm run dance"],
  ["an unknown bench", "`npm run bench -- dance`", "there is no bench dance"],
  ["an unknown variable", "set ROADBED_COLOUR_OF_HAIR", "no source reads ROADBED_COLOUR_OF_HAIR"],
  ["a policy that does not load", "```yaml\nkind: ValidatingAdmissionPolicy\n```", "of its policies: metadata: is missing"],
  [
    "a template that does not parse",
    "```yaml\napiVersion: a/v1\nkind: Template\nmetadata: { name: x }\n```",
    "a template: The path x does not parse",
  ],
])("%s is told", async (_what, readme, problem) => {
  expect(await problemsOf(readme)).toContain(problem);
});

test("dependencies and their rows are the same list", async () => {
  const root = repository("");
  writeFileSync(join(root, "docs/dependencies.md"), "| `left-pad` | why | other |\n| `vitest` | why | other |\n");
  const { problems } = await checkDocs(root);
  expect(problems).toContain("docs/dependencies.md: left-pad is no dependency");
  expect(problems).toContain("docs/dependencies.md: typescript has no row");
  expect(problems.join("\n")).not.toContain("vitest");
});

test("an empty repository has nothing to look at", async () => {
  expect(await checkDocs(fresh())).toMatchObject({ files: 0, links: 0, commands: 0 });
});
