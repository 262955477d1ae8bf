/**
 * Golden paths at the real server over HTTP: `npm run bench -- paths [repositories]`.
 * The preview of a path with 60 files; from the click to a Node service that runs in `dev`; and a new version of a path proposed to 500
 * repositories by three-way merge, a tenth of which was changed before. Counted until the last change is there to be merged.
 * One of the 500 is made by a run; the others are put beside it as the same run would have made them, in Git and in the ledger.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { blobHash, openRepositories } from "@roadbed/git";
import { openDatabase, startPostgres } from "@roadbed/postgres";

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

const quiet = { debug() {}, info() {}, warn() {}, error: console.error };

writePaths("1.0.0", "one");
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), log: quiet });
process.env["DATABASE_URL"] = postgres.url;
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
  await follow("plain", { name: "bench-0" });
  await makeMore(REPOSITORIES);
  note("prepare_repositories_s", (performance.now() - making) / 1000);

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
} finally {
  await server.stop();
  await postgres.stop();
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

/** As many things as a run each would have made, beside the first; every tenth is changed since, every second of those where the new version is. */
async function makeMore(count: number): Promise<void> {
  const db = openDatabase({ url: postgres.url, log: quiet });
  const repositories = openRepositories(join(folder, "data", "git"));
  const author = { name: "Ada", email: "ada@example.org" };
  const change = async (name: string, elsewhere: boolean): Promise<void> => {
    const lines = textOf("one").split("\n");
    lines[elsewhere ? 8 : 1] = "changed here";
    const files = [{ path: "file-0.txt", content: `${lines.join("\n")}${name}\n` }];
    await repositories.commitFiles(name, { branch: "main", files, message: "Change it", author });
  };
  await spread(count, async (n) => {
    const name = `bench-${n}`;
    if (n > 0) {
      const files = Array.from({ length: FILES }, (_, at) => ({
        path: `file-${at}.txt`,
        content: `${textOf(at < 3 ? "one" : "same")}${name}\n`,
      }));
      await repositories.init(name, { defaultBranch: "main" });
      const { hash } = await repositories.commitFiles(name, { branch: "main", files, message: "Make it", author, expectedParent: null });
      await db.query(
        `with run as (insert into paths.run select (jsonb_populate_record(r, jsonb_build_object('id', $1::text))).* from paths.run r, paths.made first
             where r.id = first.run_id and first.repository = 'bench-0' returning id),
           host as (insert into delivery.repository select (jsonb_populate_record(r, jsonb_build_object('name', $2::text, 'head', $3::text))).*
             from delivery.repository r where r.name = 'bench-0')
         insert into paths.made select (jsonb_populate_record(m, jsonb_build_object('id', 'made_' || $1, 'key', $1 || ':publish', 'run_id', $1::text,
           'repository', $2::text, 'answers', jsonb_build_object('name', $2::text), 'base_commit', $3::text, 'checked_commit', $3::text,
           'first_commit', $3::text))).* from paths.made m where m.repository = 'bench-0'`,
        [`run_bench${n}`, name, hash],
      );
      await db.query("insert into paths.made_file select $1, path, hash, false, true from unnest($2::text[], $3::text[]) f (path, hash)", [
        `made_run_bench${n}`,
        files.map(({ path }) => path),
        files.map(({ content }) => blobHash(Buffer.from(content))),
      ]);
    }
    if (n % 10 === 0) await change(name, n % 20 === 0);
  });
  await db.close();
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
