import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { allOperations } from "@roadbed/contracts/all";
import type { ChangedFile } from "@roadbed/contracts/standards/files";
import type { Client } from "@roadbed/face-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { runCli } from "../run-cli.ts";
import type { Checked } from "@roadbed/contracts/standards/check-report";

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "roadbed-check-"));
  folder = join(home, "a clone");
  mkdirSync(folder);
  git("init", "-q", "-b", "main");
  write("deploy/a.yaml", "kind: A\n");
  write("notes.md", "one\n");
  commit();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function git(...args: string[]): string {
  return execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: "pipe",
  });
}

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function commit(): void {
  git("add", "-A");
  git("commit", "-qm", "c");
}

const PASSED: Checked = { verdict: "allow", findings: [], introduced: 0, known: 0, mended: 0, resources: 1, evaluated: 3, unread: [] };
const DENIED: Checked = {
  ...PASSED,
  verdict: "deny",
  introduced: 1,
  known: 1,
  findings: [true, false].map((introduced) => ({
    policy: "images-pinned",
    title: "Images are pinned | by digest",
    severity: "deny",
    result: "fail",
    message: "image shop:1, has no digest",
    mend: "Write the digest.",
    why: "A tag moves.",
    expression: "true",
    resource: "Deployment a",
    file: "deploy/a b.yaml",
    line: 4,
    column: 2,
    fingerprint: introduced ? "f1" : "f2",
    introduced,
  })),
};

async function check(
  words: readonly string[],
  answer: Checked = PASSED,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; err: string; files: readonly ChangedFile[] }> {
  let [out, err] = ["", ""];
  let files: readonly ChangedFile[] = [];
  const client = {
    call: async (_: unknown, input: { files: readonly ChangedFile[] }) => {
      files = input.files;
      return answer;
    },
  } as unknown as Client;
  const code = await runCli({
    argv: ["check", ...words],
    operations: allOperations,
    stdout: { write: (text: string) => void (out += text) },
    stderr: { write: (text: string) => void (err += text) },
    stdin: (async function* () {})(),
    env: { HOME: home, ...env },
    makeClient: () => client,
  });
  return { code, out, err, files };
}

describe("roadbed check", () => {
  test("judges what stands in the folder against where it left the main branch", async () => {
    git("checkout", "-qb", "work");
    write("deploy/a.yaml", "kind: B\n");
    write("new.json", "{}\n");
    write("notes.md", "two\n");
    const { code, files } = await check(["--folder", folder]);
    expect(code).toBe(0);
    expect(files).toEqual([
      { path: "deploy/a.yaml", before: "kind: A\n", after: "kind: B\n" },
      { path: "new.json", after: "{}\n" },
    ]);
  });

  test("judges a commit, however the base has gone on since, and sees what was removed", async () => {
    git("checkout", "-qb", "work");
    rmSync(join(folder, "deploy/a.yaml"));
    write("deploy/b.yaml", "kind: A\n");
    commit();
    git("checkout", "-q", "main");
    write("later.yaml", "kind: L\n");
    commit();
    const { files } = await check(["--folder", folder, "--base", "main", "--head", "work"]);
    expect(files).toEqual([
      { path: "deploy/a.yaml", before: "kind: A\n" },
      { path: "deploy/b.yaml", after: "kind: A\n" },
    ]);
  });

  test("takes along what overlays and charts are rendered with, and what has nothing to do with them not", async () => {
    write("base/kustomization.yaml", "resources: [app.yaml]\n");
    write("base/app.yaml", "kind: App\n");
    write("chart/Chart.yaml", "name: other\n");
    write("far/away.yaml", "kind: Far\n");
    commit();
    git("checkout", "-qb", "work");
    write("base/kustomization.yaml", "resources: [app.yaml]\nnamePrefix: x-\n");
    const around = { path: "base/app.yaml", before: "kind: App\n", after: "kind: App\n" };
    expect((await check(["--folder", folder])).files).toContainEqual(around);
    commit();
    const { files } = await check(["--folder", folder, "--base", "main", "--head", "work"]);
    expect(files?.map(({ path }: { path: string }) => path)).toEqual(["base/kustomization.yaml", "base/app.yaml"]);
  });

  test("compares two folders that a renderer made", async () => {
    write("out/before/x.yaml", "a: 1\n");
    write("out/after/x.yaml", "a: 2\n");
    const { files } = await check(["--before", join(folder, "out/before"), "--after", join(folder, "out/after")]);
    expect(files).toEqual([{ path: "x.yaml", before: "a: 1\n", after: "a: 2\n" }]);
  });

  test("ends with 1 when denied, 0 when nothing is changed, 2 when it could not be judged", async () => {
    write("deploy/a.yaml", "kind: B\n");
    expect((await check(["--folder", folder], DENIED)).code).toBe(1);
    const unread = { ...PASSED, unread: [{ file: "a.yaml", line: 1, reason: "cannot be read: bad", mend: "Correct it." }] };
    expect((await check(["--folder", folder], unread)).code).toBe(2);
    git("checkout", "-q", "--", ".");
    expect(await check(["--folder", folder], DENIED)).toMatchObject({ code: 0, out: "No manifests are changed\n" });
    for (const words of [
      ["--folder", folder, "--base", "nowhere"],
      ["--folder", folder, "--base", "--output=/tmp/x"],
      ["--folder", home],
      ["--before", folder],
      ["--format", "pdf"],
      ["--bass", "main"],
    ]) {
      const { code, err } = await check(words);
      expect(code).toBe(2);
      expect(err).not.toBe("");
    }
  });

  test("tells it in words, as a comment, as annotations and as SARIF", async () => {
    write("deploy/a.yaml", "kind: B\n");
    const told = async (format: string): Promise<string> => (await check(["--folder", folder, "--format", format], DENIED)).out;
    expect(await told("text")).toContain("deploy/a b.yaml:4:2");
    const comment = await told("markdown");
    expect(comment).toMatch(/^<!-- roadbed:check -->\n/);
    expect(comment).toContain("Images are pinned \\| by digest");
    expect(comment).toContain("1 finding of before the change is left as it is");
    expect(await told("github")).toContain(
      "::error file=deploy/a b.yaml,line=4,col=2,title=Images are pinned | by digest::Deployment a: image shop:1, has no digest",
    );
    const sarif = JSON.parse(await told("sarif")) as {
      version: string;
      runs: { tool: { driver: { rules: object[] } }; results: object[] }[];
    };
    expect(sarif.version).toBe("2.1.0");
    expect(sarif.runs[0]!.tool.driver.rules).toHaveLength(1);
    expect(sarif.runs[0]!.results).toMatchObject([
      {
        ruleId: "images-pinned",
        ruleIndex: 0,
        level: "error",
        baselineState: "new",
        partialFingerprints: { "roadbed/v1": "f1" },
        locations: [{ physicalLocation: { artifactLocation: { uri: "deploy/a%20b.yaml" }, region: { startLine: 4, startColumn: 2 } } }],
      },
      { baselineState: "unchanged", suppressions: [{ kind: "external" }] },
    ]);
    const file = join(home, "out.sarif");
    expect((await check(["--folder", folder, "--format", "sarif", "--output", file], DENIED)).out).toContain("Written to");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: "2.1.0" });
  });

  test("writes one comment on the pull request and edits it from then on, with a check and fifty annotations at a time", async () => {
    write("deploy/a.yaml", "kind: B\n");
    const event = join(home, "event.json");
    writeFileSync(event, JSON.stringify({ pull_request: { number: 7, head: { sha: "c0ffee" } } }));
    const host = await openHost();
    const env = { GITHUB_API_URL: host.url, GITHUB_REPOSITORY: "o/r", GITHUB_TOKEN: "ghs_secret", GITHUB_EVENT_PATH: event };
    const many: Checked = {
      ...DENIED,
      findings: Array.from({ length: 120 }, (_, at) => ({ ...DENIED.findings[0]!, fingerprint: String(at) })),
    };
    try {
      expect(await check(["--folder", folder, "--publish", "github"], many, env)).toMatchObject({
        code: 1,
        err: "Told on pull request 7.\n",
      });
      expect(await check(["--folder", folder, "--publish", "github"], PASSED, env)).toMatchObject({ code: 0 });
      expect(host.comments).toHaveLength(2);
      expect(host.comments[1]!.body).toContain("Allowed");
      expect(host.runs.map(({ conclusion, annotations }) => [conclusion, annotations])).toEqual([
        ["failure", 120],
        ["success", 0],
      ]);
      host.refuse(403);
      const refused = await check(["--folder", folder, "--publish", "github"], PASSED, env);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.err).not.toContain("ghs_secret");
      expect((await check(["--folder", folder, "--publish", "github"], PASSED)).err).toContain("GITHUB_REPOSITORY is not set");
    } finally {
      await host.close();
    }
  });

  test("writes one note on the merge request and edits it from then on", async () => {
    write("deploy/a.yaml", "kind: B\n");
    const host = await openHost();
    const env = { CI_API_V4_URL: host.url, CI_PROJECT_ID: "g/p", CI_MERGE_REQUEST_IID: "3", GITLAB_TOKEN: "glpat" };
    try {
      const edit: Checked = {
        ...DENIED,
        findings: [{ ...DENIED.findings[0]!, suggestion: { line: 4, text: "  image: shop@sha256:0" } as never }],
      };
      for (const answer of [DENIED, edit, edit, PASSED]) await check(["--folder", folder, "--publish", "gitlab"], answer, env);
      expect(host.comments).toHaveLength(2);
      expect(host.comments[1]!.body).toContain("Allowed");
      // An edit that is taken with a click, suggested once.
      expect(host.discussions).toMatchObject([
        {
          body: expect.stringContaining("image: shop@sha256:0"),
          position: { position_type: "text", base_sha: "b", start_sha: "s", head_sha: "h", new_path: "deploy/a b.yaml", new_line: 4 },
        },
      ]);
    } finally {
      await host.close();
    }
  });
});

/** A double of a Git host: its comments and checks, by its own addresses. One foreign comment is there. */
async function openHost() {
  const comments: { id: number; body: string }[] = [{ id: 1, body: "Nice!" }];
  const runs: { conclusion: string; annotations: number }[] = [];
  const discussions: { body?: string }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const path = new URL(request.url ?? "/", "http://host").pathname;
      const body = (text === "" ? {} : JSON.parse(text)) as { body?: string; conclusion?: string; output?: { annotations: object[] } };
      const answer = (value: unknown): void =>
        void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (status !== 200) return answer({ message: "no" });
      if (path === "/projects/g%2Fp/merge_requests/3") return answer({ diff_refs: { base_sha: "b", start_sha: "s", head_sha: "h" } });
      if (path.endsWith("/discussions") && request.method === "GET") return answer(discussions.map((one) => ({ notes: [one] })));
      if (path.endsWith("/discussions")) return answer({ id: String(discussions.push(body)) });
      const isList = path === "/repos/o/r/issues/7/comments" || path === "/projects/g%2Fp/merge_requests/3/notes";
      if (isList && request.method === "GET") return answer(comments);
      if (isList) return answer(comments[comments.push({ id: comments.length + 1, body: body.body ?? "" }) - 1]);
      const one = /\/(?:comments|notes)\/(\d+)$/.exec(path);
      if (one)
        return answer(
          Object.assign(
            comments.find(({ id }) => id === Number(one[1]))!,
            { body: body.body },
          ),
        );
      if ((body.output?.annotations.length ?? 0) > 50) status = 422;
      if (path === "/repos/o/r/check-runs") runs.push({ conclusion: body.conclusion ?? "", annotations: 0 });
      runs.at(-1)!.annotations += body.output?.annotations.length ?? 0;
      return answer({ id: runs.length });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    comments,
    runs,
    discussions,
    refuse: (code: number) => void (status = code),
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
