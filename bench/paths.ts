/**
 * Golden paths at the real server over HTTP: `npm run bench -- paths [repositories]`.
 * The preview of a path with 60 files; from the click to a Node service that runs in `dev`; and a new version of a path proposed to 500
 * repositories by three-way merge, a tenth of which was changed by pushes before. Counted until the last change is there to be merged.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { startServer } from "./lib/running-server.ts";

const ROOT = join(import.meta.dirname, "..");
const REPOSITORIES = Number(process.argv[2] ?? 500);
const FILES = 25;
const AT_ONCE = 4;
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const figures: Record<string, number> = {};

interface Run {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly endedAt?: string;
}

writePaths("1.0.0", "one");
const server = await startServer({ clone: ROOT, folder, data: "data", args: ["--empty"] });
try {
  const post = <T>(path: string, body: object): Promise<T> => server.ask(path, { method: "POST", body });
  await post("/api/v1/import", { target: join(folder, "estate"), watch: false });

  const preview = await measure(30, async () => {
    const { files } = await post<{ files: unknown[] }>("/api/v1/paths/sixty/preview", { values: { name: "some-name" } });
    if (files.length !== 60) throw new Error(`${files.length} files and not 60`);
  });
  note("preview_60_files_p50_ms", preview.p50);
  note("preview_60_files_p95_ms", preview.p95);

  const created: number[] = [];
  for (let n = 0; n < 3; n++) {
    const began = performance.now();
    await follow("node-service", { name: `bench-service-${n}`, owner: "group:default/bench" });
    created.push((performance.now() - began) / 1000);
  }
  note("create_to_running_node_service_p50_s", created.sort((a, b) => a - b)[1] ?? 0);

  const making = performance.now();
  await spread(REPOSITORIES, (n) => follow("plain", { name: `bench-${n}` }));
  note("make_repositories_s", (performance.now() - making) / 1000);
  await spread(Math.floor(REPOSITORIES / 10), async (n) => changeByPush(`bench-${n * 10}`, n % 2 === 0));

  writePaths("2.0.0", "two");
  await post("/api/v1/import", { target: join(folder, "estate"), watch: false });
  await pause(4_000);
  const began = performance.now();
  const { id } = await post<{ id: string }>("/api/v1/paths/plain/upgrades", { waveSize: REPOSITORIES });
  for (;;) {
    const { counts } = await server.ask<{ counts: Record<string, number> }>(`/api/v1/upgrades/${id}`);
    if (counts["waiting"] === 0) {
      const proposed = (counts["open"] ?? 0) + (counts["conflicting"] ?? 0);
      if (proposed !== REPOSITORIES) throw new Error(`not all were proposed: ${JSON.stringify(counts)}`);
      note("upgrade_conflicting", counts["conflicting"] ?? 0);
      break;
    }
    await pause(100);
  }
  note("upgrade_repositories", REPOSITORIES);
  note("upgrade_s", (performance.now() - began) / 1000);

  async function follow(path: string, values: object): Promise<void> {
    const { id: run } = await post<Run>(`/api/v1/paths/${path}/runs`, { values });
    for (;;) {
      const { status, error, endedAt } = await server.ask<Run>(`/api/v1/runs/${run}`);
      if (status === "succeeded") return;
      if (endedAt !== undefined) throw new Error(`${path}: ${status} ${error}`);
      await pause(60);
    }
  }

  function changeByPush(name: string, elsewhere: boolean): void {
    const work = join(folder, "work", name);
    const git = (...args: string[]): void => {
      const { status, stderr } = spawnSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
    };
    git("clone", "-q", server.url.replace("://", `://x:${server.token}@`) + `/git/${name}.git`, work);
    const lines = textOf("one").split("\n");
    lines[elsewhere ? 8 : 1] = "changed here";
    writeFileSync(join(work, "file-0.txt"), lines.join("\n"));
    git("-C", work, "commit", "-qam", "Change it");
    git("-C", work, "push", "-q", "origin", "HEAD");
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(JSON.stringify({ bench: "paths", figures }));

function note(name: string, value: number): void {
  figures[name] = Math.round(value * 100) / 100;
  console.log(`${name.padEnd(40)} ${figures[name]}`);
}

async function measure(times: number, work: () => Promise<void>): Promise<{ p50: number; p95: number }> {
  for (let n = 0; n < 5; n++) await work();
  const taken: number[] = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  taken.sort((a, b) => a - b);
  return { p50: taken[Math.floor(times / 2)] ?? 0, p95: taken[Math.floor(times * 0.95)] ?? 0 };
}

/** So many pieces of work, a few at a time. */
async function spread(times: number, work: (n: number) => unknown): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < times) await work(next++);
    }),
  );
}

function textOf(word: string): string {
  return [`first ${word}`, `second ${word}`, ..."abcdefgh".split(""), ""].join("\n");
}

function writePaths(version: string, word: string): void {
  const template = (name: string): string => `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: ${name}, title: ${name}, annotations: { roadbed.dev/version: ${version} } }
spec:
  type: service
  parameters: { required: [name], properties: { name: { type: string } } }
  steps:
    - { id: fetch, action: "fetch:template", input: { url: ./${name}, values: "\${{ parameters }}" } }
    - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
`;
  const files: Record<string, string> = {
    "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: bench }\nspec: { type: team, children: [] }\n",
    "plain.yaml": template("plain"),
    "sixty.yaml": template("sixty"),
  };
  for (let n = 0; n < FILES; n++) files[`plain/file-${n}.txt`] = `${textOf(n < 3 ? word : "same")}\${{ values.name }}\n`;
  for (let n = 0; n < 60; n++) files[`sixty/folder-${n % 7}/file-${n}.txt`] = `${textOf("x")}\${{ values.name | upper }}\n`.repeat(5);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "estate", path)), { recursive: true });
    writeFileSync(join(folder, "estate", path), text);
  }
}
