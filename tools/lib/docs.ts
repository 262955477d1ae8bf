import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";

import { createCel } from "@roadbed/cel";

import { readTemplateFolder } from "../../modules/paths/src/template/library.ts";
import { parsePath } from "../../modules/paths/src/template/template.ts";
import { readPolicyFile } from "../../modules/standards/src/policy/load-policies.ts";
import { checkCommand } from "./docs-commands.ts";

export interface DocsReport {
  readonly files: number;
  /** Paths that were looked for. */
  readonly links: number;
  /** Commands that were read. */
  readonly commands: number;
  readonly problems: readonly string[];
}

/** Checks every Markdown file that we write, under `root`; problems name file and line. */
export async function checkDocs(root: string): Promise<DocsReport> {
  const files = globSync(["*.md", "docs/**/*.md", "modules/*/README.md", "kernel/*/README.md"], { cwd: root }).toSorted();
  const known = new Set(files.length > 0 ? variablesIn(root) : []);
  let [links, commands] = [0, 0];
  const problems: string[] = [];
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const { line, content, fenced } of linesOf(text)) {
      const say = (problem: string): void => void problems.push(`${file}:${line}: ${problem}`);
      const paths = [...(fenced ? [] : linkTargets(file, content)), ...codeSpans(content, fenced).flatMap(repositoryPath)];
      links += paths.length;
      for (const path of paths) if (!isThere(root, path)) say(`there is no ${path}`);
      const found = commandLines(content, fenced);
      commands += found.length;
      for (const command of found) for (const problem of checkCommand(root, command)) say(problem);
      for (const [name] of content.matchAll(/\bROADBED_[A-Z_]*[A-Z]\b/g)) if (!known.has(name)) say(`no source reads ${name}`);
    }
    problems.push(...(await exampleProblems(file, text)));
  }
  return { files: files.length, links, commands, problems: [...problems, ...dependencyProblems(root)] };
}

interface Line {
  readonly line: number;
  readonly content: string;
  /** Inside a block between fences. */
  readonly fenced: boolean;
}

function linesOf(text: string): Line[] {
  let fenced = false;
  return text.split("\n").flatMap((content, i) => {
    if (!content.trimStart().startsWith("```")) return [{ line: i + 1, content, fenced }];
    fenced = !fenced;
    return [];
  });
}

function linkTargets(file: string, content: string): string[] {
  return [...content.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target.split("#")[0] ?? "")
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(file), target)));
}

function codeSpans(content: string, fenced: boolean): string[] {
  return fenced ? [] : [...content.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
}

const FOLDERS = /^(?:apps|bench|contracts|docs|e2e|examples|faces|golden-paths|kernel|modules|policies|tools)\/[^\s]*$/;

/** A span that reads like a path of this repository; one with a placeholder is only an example. */
function repositoryPath(span: string): string[] {
  return FOLDERS.test(span) && !/[<>{}]/.test(span) ? [span] : [];
}

function isThere(root: string, path: string): boolean {
  if (path.startsWith("..")) return false;
  return path.includes("*") ? globSync(path, { cwd: root }).length > 0 : existsSync(join(root, path));
}

/** What a reader would type: whole lines of a block, and spans that begin with our commands. */
function commandLines(content: string, fenced: boolean): string[] {
  const candidates = fenced ? [content.trim().replace(/^\$ /, "")] : codeSpans(content, false);
  return candidates.filter((line) => /^(?:npx )?roadbed(?: |$)|^npm (?:start|test|run)\b/.test(line));
}

/** Every variable of ours that some source reads. */
function variablesIn(root: string): string[] {
  const sources = globSync(["{apps,faces,kernel,modules}/*/src/**/*.ts", "tools/**/*.{ts,mjs}"], { cwd: root });
  return sources
    .filter((file) => file !== join("tools", "lib", "docs.ts"))
    .flatMap((file) => readFileSync(join(root, file), "utf8").match(/\bROADBED_[A-Z_]*[A-Z]\b/g) ?? []);
}

/** Policies and golden paths that are shown must be such as load. */
async function exampleProblems(file: string, text: string): Promise<string[]> {
  const blocks = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, block = ""]) => block);
  const policies = blocks.filter((block) => block.includes("kind: ValidatingAdmissionPolicy"));
  const templates = blocks.filter((block) => block.includes("kind: Template"));
  const cel = createCel();
  return [
    // One after another: a binding is for a policy that was shown before it.
    ...readPolicyFile(file, policies.join("\n---\n"), cel).problems.map(
      ({ line, reason }) => `${file}: line ${line} of its policies: ${reason}`,
    ),
    ...(await Promise.all(templates.map(templateProblem)))
      .map((problem) => problem && `${file}: a template: ${problem}`)
      .filter((problem) => problem !== undefined),
  ];
}

async function templateProblem(block: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-docs-"));
  try {
    writeFileSync(join(folder, "template.yaml"), block);
    const [source] = await readTemplateFolder(folder);
    if (!source) return "is not an entity";
    parsePath(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `docs/dependencies.md` has one row for each package that a manifest names, and no other. */
function dependencyProblems(root: string): string[] {
  const file = "docs/dependencies.md";
  if (!existsSync(join(root, file))) return [`there is no ${file}`];
  const listed = new Set([...readFileSync(join(root, file), "utf8").matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = ""]) => name));
  const manifests = globSync(["package.json", "{kernel,modules,faces,apps}/*/package.json", "contracts/package.json"], { cwd: root });
  const named = new Set(manifests.flatMap((manifest) => dependenciesOf(join(root, manifest))));
  return [
    ...[...named].filter((name) => !listed.has(name)).map((name) => `${file}: ${name} has no row`),
    ...[...listed].filter((name) => !named.has(name)).map((name) => `${file}: ${name} is no dependency`),
  ];
}

function dependenciesOf(manifest: string): string[] {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, "utf8")) as Record<
    string,
    object | undefined
  >;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter((name) => !name.startsWith("@roadbed/"));
}
