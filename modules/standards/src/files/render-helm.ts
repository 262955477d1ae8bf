import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { RenderHelm } from "./expand.ts";

const run = promisify(execFile);
const LONGEST_MS = 20_000;
const MOST_OUTPUT = 16 * 2 ** 20;
const MOST_ENVIRONMENTS = 10;

/**
 * Renders charts with the `helm` that is installed beside the server, where one is. A chart is text of other people: it is rendered in a
 * folder of its own, asks no cluster and no network, and has a limit of time.
 */
export const renderHelm: RenderHelm = async (files) => {
  const folder = await mkdtemp(join(tmpdir(), "roadbed-chart-"));
  try {
    for (const [path, text] of files) {
      if (path.split("/").includes("..")) continue;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const values = [...files.keys()].filter((path) => /^values[-.].+\.ya?ml$/.test(path)).slice(0, MOST_ENVIRONMENTS);
    const made = [];
    for (const file of values.length === 0 ? [undefined] : values) {
      const words = ["template", "check", folder, ...(file === undefined ? [] : ["--values", join(folder, file)])];
      const { stdout } = await run("helm", words, {
        timeout: LONGEST_MS,
        maxBuffer: MOST_OUTPUT,
        env: { PATH: process.env["PATH"], HOME: folder },
      });
      made.push({ environment: file?.replace(/^values[-.]|\.ya?ml$/g, "") ?? "", manifests: stdout });
    }
    return made;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return { because: "helm is not installed beside the server" };
    return { because: `helm cannot render it (${(stderr ?? String(error)).trim().split("\n")[0]?.replaceAll(folder, "") ?? ""})` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
