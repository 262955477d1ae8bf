import { TooLargeError } from "@roadbed/core";

import { breathe } from "../../source/breathe.ts";
import { decodeText, type Tree } from "../../source/tree.ts";
import type { Analyser, Finding, SourceFile } from "../finding.ts";
import { apiClients, apiSpecs, graphqlSchema, proto } from "./api-specs.ts";
import { cargo, cargoMain } from "./cargo.ts";
import { codeowners, CODEOWNERS_PLACES } from "./codeowners.ts";
import { compose } from "./compose.ts";
import { composer } from "./composer.ts";
import { configFiles } from "./config-files.ts";
import { descriptor } from "./descriptor.ts";
import { dockerfile } from "./dockerfile.ts";
import { dotnet } from "./dotnet.ts";
import { goMain, goModule } from "./go.ts";
import { gradle, gradleSettings } from "./gradle.ts";
import { chart, chartValues } from "./helm.ts";
import { kubernetes, kustomize } from "./kubernetes.ts";
import { languagesOf } from "./languages.ts";
import { maven } from "./maven.ts";
import { mix } from "./mix.ts";
import { npm } from "./npm.ts";
import { pipelines } from "./pipelines.ts";
import { pyproject, requirements, setupFiles } from "./python.ts";
import { readme } from "./readme.ts";
import { gemfile, gemspec } from "./ruby.ts";

/** Everything that reads a file. A file may be read by several. */
export const ANALYSERS: readonly Analyser[] = [
  npm,
  goModule,
  goMain,
  maven,
  gradle,
  gradleSettings,
  pyproject,
  requirements,
  setupFiles,
  cargo,
  cargoMain,
  gemfile,
  gemspec,
  composer,
  dotnet,
  mix,
  dockerfile,
  compose,
  kubernetes,
  kustomize,
  chart,
  chartValues,
  apiSpecs,
  graphqlSchema,
  proto,
  apiClients,
  pipelines,
  codeowners,
  readme,
  descriptor,
  configFiles,
];

/** Folders of others' code, of what was built, and of what only tests or shows: they speak of no service of this repository. */
const FOREIGN =
  /(?:^|\/)(?:node_modules|vendor|third_party|target|dist|build|out|coverage|testdata|tests?|__tests__|e2e|fixtures?|examples?|samples?|skeletons?|venv|\.venv|site-packages|\.terraform|\.next)\/|\{\{/i;

const MAX_BYTES = 1024 * 1024;
/** Most files of one repository that are opened, those nearest to the root first. */
export const MAX_FILES = 3_000;
/** Most findings of one repository that are kept. */
export const MAX_FINDINGS = 4_000;

export interface Analysed {
  readonly findings: readonly Finding[];
  /** Files opened. */
  readonly read: number;
  /** What was passed over, and why. */
  readonly notes: readonly { readonly file: string; readonly reason: string }[];
}

/** Reads everything in a tree that says something about services, owners and needs. What cannot be understood is noted, never an error. */
export async function analyseTree(tree: Tree, o: { readonly signal?: AbortSignal; readonly maxFiles?: number } = {}): Promise<Analysed> {
  const notes: { file: string; reason: string }[] = [];
  const wanted = chooseFiles(tree.files);
  const most = o.maxFiles ?? MAX_FILES;
  if (wanted.length > most)
    notes.push({ file: wanted[most]!.path, reason: `more than ${most} files could say something; the deepest were not read` });
  const chosen = wanted.slice(0, most);
  tree.expect?.(chosen.map(({ path }) => path));
  const findings: Finding[] = [...languagesOf(tree.files, (path) => tree.sizeOf?.(path))];
  let read = 0;
  for (const { path, base, analysers } of chosen) {
    o.signal?.throwIfAborted();
    await breathe();
    const text = await readText(tree, path, notes);
    if (text === undefined) continue;
    read++;
    const file: SourceFile = { path, dir: path.slice(0, Math.max(0, path.length - base.length - 1)), base, text };
    for (const analyser of analysers) findings.push(...readFile(analyser, file, notes));
  }
  if (findings.length > MAX_FINDINGS) notes.push({ file: "", reason: `says more than ${MAX_FINDINGS} things; the rest was left out` });
  return { findings: findings.slice(0, MAX_FINDINGS), read, notes: notes.slice(0, 100) };
}

function chooseFiles(files: readonly string[]): { path: string; base: string; analysers: readonly Analyser[] }[] {
  const owners = CODEOWNERS_PLACES.find((place) => files.includes(place));
  const chosen: { path: string; base: string; depth: number; analysers: readonly Analyser[] }[] = [];
  for (const path of files) {
    if (FOREIGN.test(path)) continue;
    const base = path.slice(path.lastIndexOf("/") + 1);
    const analysers = ANALYSERS.filter((analyser) => analyser.matches(path, base) && (analyser !== codeowners || path === owners));
    if (analysers.length > 0) chosen.push({ path, base, depth: path.split("/").length, analysers });
  }
  return chosen.sort((a, b) => a.depth - b.depth || (a.path < b.path ? -1 : 1));
}

async function readText(tree: Tree, path: string, notes: { file: string; reason: string }[]): Promise<string | undefined> {
  try {
    const bytes = await tree.read(path, MAX_BYTES);
    return bytes === undefined ? undefined : decodeText(bytes);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    notes.push({ file: path, reason: error.message });
    return undefined;
  }
}

function readFile(analyser: Analyser, file: SourceFile, notes: { file: string; reason: string }[]): readonly Finding[] {
  try {
    return analyser.read(file);
  } catch (error) {
    // A build file that is broken, or of a dialect we do not know, is somebody else's to mend.
    notes.push({ file: file.path, reason: `cannot be read as ${analyser.name}: ${firstLine(error)}` });
    return [];
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.slice(0, 200);
}
