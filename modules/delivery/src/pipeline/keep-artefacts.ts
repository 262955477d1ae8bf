import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import type { FailedTest, PipelineArtefact, TestCounts } from "@roadbed/contracts/delivery/pipelines";

import { collectFiles, openFile } from "./collect-files.ts";
import { addReports, readJunit } from "./read-junit.ts";
import { digestOf } from "./step-cache.ts";

export const ARTEFACT_LIMITS = { files: 500, bytes: 512 * 2 ** 20, reports: 200, reportBytes: 20 * 2 ** 20 };

type Say = (message: string) => void;

/** Copies what fits the globs out of the work tree. What is left out is said. */
export async function keepArtefacts(
  o: { readonly tree: string; readonly to: string; readonly step: string; readonly globs: readonly string[] },
  say: Say,
): Promise<PipelineArtefact[]> {
  if (o.globs.length === 0) return [];
  const { files, links, more } = await collectFiles(o.tree, o.globs, ARTEFACT_LIMITS.files);
  if (files.length === 0) say(`no file fits ${o.globs.join(", ")}: nothing is kept`);
  for (const link of links.slice(0, 20)) say(`${link} is a link and is not kept`);
  if (more) say(`only the first ${ARTEFACT_LIMITS.files} files are kept`);
  const kept: PipelineArtefact[] = [];
  let bytes = 0;
  for (const file of files) {
    if ((bytes += file.bytes) > ARTEFACT_LIMITS.bytes) {
      say(`${file.path} and what follows is not kept: more than ${ARTEFACT_LIMITS.bytes / 2 ** 20} MB`);
      break;
    }
    const target = join(o.to, file.path);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    await pipeline((await openFile(join(o.tree, file.path))).createReadStream(), createWriteStream(target));
    kept.push({ path: file.path, step: o.step, bytes: file.bytes, digest: `sha256:${await digestOf(target)}` });
  }
  if (kept.length > 0) say(`${kept.length} ${kept.length === 1 ? "file is" : "files are"} kept`);
  return kept;
}

/** What reports of tests say. A file that is no report is said, and counts nothing. */
export async function readTests(
  o: { readonly tree: string; readonly globs: readonly string[] },
  say: Say,
): Promise<{ readonly tests: TestCounts | undefined; readonly failures: readonly FailedTest[] }> {
  if (o.globs.length === 0) return { tests: undefined, failures: [] };
  const { files } = await collectFiles(o.tree, o.globs, ARTEFACT_LIMITS.reports);
  if (files.length === 0) say(`no file fits ${o.globs.join(", ")}: no tests are counted`);
  const seen = new Set<string>();
  const reports = [];
  for (const { path, bytes } of files) {
    const text = bytes > ARTEFACT_LIMITS.reportBytes ? undefined : await readFile(join(o.tree, path), "utf8");
    const digest = createHash("sha256")
      .update(text ?? path)
      .digest("hex");
    // The same report under two names is one.
    if (seen.has(digest)) continue;
    seen.add(digest);
    const report = text === undefined ? undefined : readJunit(text);
    if (report === undefined) say(`${path} is no report in JUnit's XML, or is too large: its tests are not counted`);
    else reports.push(report);
  }
  return { tests: addReports(reports), failures: reports.flatMap(({ failures }) => failures).slice(0, 50) };
}
