import { createPromotion, getPromotion } from "@roadbed/contracts/delivery/promotions";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { allOperations } from "@roadbed/contracts/all";
import { deleteEntity, getEntity, importSource, listEntities } from "@roadbed/contracts/catalog";
import { listOrphans } from "@roadbed/contracts/catalog/ownership";
import { setPassword, getMe } from "@roadbed/contracts/identity";
import { getRun, getRunLogs, previewPath, runPath } from "@roadbed/contracts/paths";
import { checkPolicies } from "@roadbed/contracts/standards";
import { DeniedError, fieldsOf, NotFoundError, parseInput, UnauthenticatedError, UnavailableError, type Operation } from "@roadbed/core";
import type { CallOptions, Client, ClientOptions } from "@roadbed/face-client";
import { afterEach, beforeEach, expect, test } from "vitest";

import { runCli, type LocalCommand } from "./index.ts";

/** A server in a function: what is not in the table is not found. Inputs are parsed as the real one parses them. */
type Answers = Readonly<Record<string, (input: any, call: { options: CallOptions; client: ClientOptions }) => unknown>>;

const home = mkdtempSync(join(tmpdir(), "roadbed-cli-"));
const clients: ClientOptions[] = [];
beforeEach(() => void (clients.length = 0));
afterEach(() => rmSync(join(home, ".config"), { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  line: string | readonly string[],
  answers: Answers = {},
  more: {
    stdin?: string;
    tty?: boolean;
    env?: Record<string, string>;
    localTokenFiles?: string[];
    localCommands?: LocalCommand[];
    columns?: number;
  } = {},
): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await runCli({
    argv: typeof line === "string" ? line.split(" ").filter(Boolean) : line,
    operations: allOperations,
    stdout: { write: (text) => void (out += text), isTTY: more.tty, columns: more.columns },
    stderr: { write: (text) => void (err += text) },
    stdin: (async function* () {
      yield more.stdin ?? "";
    })(),
    env: { HOME: home, ...more.env },
    ...(more.localTokenFiles ? { localTokenFiles: more.localTokenFiles } : {}),
    ...(more.localCommands ? { localCommands: more.localCommands } : {}),
    makeClient: (client): Client => {
      clients.push(client);
      return {
        url: client.url,
        call: async (operation: Operation, input: unknown, options: CallOptions = {}) => {
          const answer = answers[operation.name];
          if (!answer) throw new UnavailableError(`nothing answers ${operation.name}`, { mend: "npm start" });
          return JSON.parse(JSON.stringify(await answer(parseInput(operation.input, input), { options, client }))) as never;
        },
      };
    },
  });
  return { code, out, err };
}

const row = (name: string) => ({
  ref: `component:default/${name}`,
  kind: "component",
  namespace: "default",
  name,
  type: "service",
  owner: "group:default/a",
  tags: [],
  sample: false,
});

test("a list is a table for people and the exact answer for programs", async () => {
  const seen: unknown[] = [];
  const answers: Answers = {
    [listEntities.name]: (input) => {
      seen.push(input);
      return { items: [row("orders"), row("pay\u001B[31m")], total: 7, nextCursor: "abc" };
    },
  };
  const people = await run("entity list --filter kind=component,spec.owner=a --limit 2", answers);
  expect(seen[0]).toEqual({ filter: "kind=component,spec.owner=a", limit: 2, sort: "name" });
  expect(people).toMatchObject({ code: 0, err: "" });
  const [head, first, second] = people.out.split("\n");
  expect(head?.split(/\s+/)).toEqual(["REF", "TYPE", "OWNER", "SYSTEM", "LIFECYCLE"]);
  expect(first).toBe("component:default/orders   service  group:default/a");
  expect(second).toBe("component:default/pay[31m  service  group:default/a");
  expect(people.out).toContain("There are more of 7 in all: add --all, or --cursor abc");
  expect(people.out).not.toContain("\u001B");

  const programs = await run("entity list --sort -name --json", answers);
  expect(JSON.parse(programs.out)).toEqual({ items: [row("orders"), row("pay\u001B[31m")], total: 7, nextCursor: "abc" });
  expect(seen[1]).toMatchObject({ sort: "-name" });
});

test("a table fits the terminal, and colours only a terminal that wants them", async () => {
  const answers: Answers = { [listEntities.name]: () => ({ items: [row("x".repeat(150))] }) };
  const narrow = await run("entity list", answers, { tty: true, columns: 60, env: { NO_COLOR: "1" } });
  for (const line of narrow.out.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
  expect(narrow.out).toContain("…");
  expect(narrow.out).not.toContain("\u001B");
  expect((await run("entity list", answers, { tty: true, columns: 60 })).out).toContain("\u001B[2m");
  expect((await run("entity list", answers)).out).toContain("x".repeat(150));
  expect((await run("entity list", { [listEntities.name]: () => ({ items: [] }) })).out).toBe("Nothing found.\n");
});

test("a list without rows says what that means, and prints no tables of noughts", async () => {
  const none = { items: [], total: 0, counts: { none: 0, unknown: 0, empty: 0, left: 0 }, kinds: {} };
  expect((await run("ownership orphans", { [listOrphans.name]: () => none })).out).toBe(
    "Everything asked about has an owner who is there.\n",
  );
});

test("--all follows the cursors to the end", async () => {
  const pages: Answers = {
    [listEntities.name]: ({ cursor }: { cursor?: string }) =>
      cursor === undefined ? { items: [row("a")], nextCursor: "2" } : { items: [row(`after-${cursor}`)] },
  };
  const { out } = await run("entity list --all --json", pages);
  expect(JSON.parse(out)).toEqual({ items: [row("a"), row("after-2")] });
});

test("one thing is shown by its fields, its parts under their names", async () => {
  const view = {
    ref: "component:default/orders",
    entity: { apiVersion: "v1", kind: "Component", metadata: { name: "orders", description: "Takes\norders" }, spec: { owner: "a" } },
    provenance: {
      sourceId: "s",
      sourceName: "here",
      location: "a.yaml",
      observedAt: "2026-01-02T03:04:05.678Z",
      sample: false,
      orphan: false,
    },
    neighbours: [{ type: "ownedBy", ref: "group:default/a", kind: "group", found: true }],
    hasDocs: true,
  };
  const { out } = await run("entity get component:default/orders", { [getEntity.name]: () => view });
  expect(out).toContain("ref       component:default/orders\nhas docs  yes\n");
  expect(out).toContain("observed at  2026-01-02 03:04:05");
  expect(out).toMatch(/neighbours\n {2}TYPE {5}REF {14}KIND/);
});

test("wrong lines exit 2 and say what was meant", async () => {
  for (const [line, words] of [
    ["entitty list", ["Did you mean roadbed entity list?"]],
    ["entity gte x", ["Did you mean roadbed entity get?"]],
    ["banana split", ["roadbed help lists them all"]],
    ["entity get", ["<ref>", "is missing"]],
    ["entity get component:default/a extra", ["extra", "one word too many"]],
    ["entity get nonsense", ["<ref>", "must look like kind:namespace/name"]],
    ["entity list --fliter a=b", ["--fliter", "Did you mean --filter?"]],
    ["entity list --sort nmae", ["is none of name", "Did you mean name?"]],
    ["entity list --limit many", ["--limit", "is not a number"]],
    ["entity list --limit 0", ["--limit"]],
    ["entity list --limit", ["--limit", "needs a value"]],
    ["path run node --values {oops", ["--values", "line 1, column 2"]],
    ["path run node --values no-such-file.json", ["there is no such file"]],
    ["path run node --values .", ["it is a folder"]],
    ["import no-such-folder", ["<target>", "there is no file or folder /"]],
    ["entity banana", ["roadbed entity knows list, get"]],
    ["entities list", ["Did you mean roadbed entity list?"]],
    ["entity list --banana x", ["--banana", "The flags are --"]],
    ["import . --watch=maybe", ["neither true nor false"]],
    ["entity get component:default/a --wait", ["--wait", "is not a known flag"]],
  ] as const) {
    const { code, out, err } = await run(line);
    expect([line, code, out]).toEqual([line, 2, ""]);
    for (const word of words) expect(err).toContain(word);
  }
  expect(clients).toHaveLength(0);
});

test("flags become fields: numbers, booleans, lists, documents from a file, YAML and standard input", async () => {
  const seen: any[] = [];
  const answers: Answers = {
    [importSource.name]: (input) => (
      seen.push(input),
      {
        source: {},
        counts: { read: 2 },
        problems: [{ file: "a.yaml", line: 3, at: "kind", reason: "is unknown", mend: "Mend." }],
        durationMs: 1,
      }
    ),
    [previewPath.name]: (input) => (seen.push(input), { verdict: "allow", findings: [] }),
    [setPassword.name]: (input) => (seen.push(input), { ok: true }),
    "identity.token.create": (input) => (seen.push(input), { token: {}, secret: "rb_x" }),
  };
  const imported = await run("import /srv/here --no-watch --name mine", answers);
  expect(seen.pop()).toEqual({ target: "/srv/here", watch: false, name: "mine" });
  await run(["import", relative(process.cwd(), home)], answers);
  expect(seen.pop()).toMatchObject({ target: home });
  await run("import https://git.example.org/a.git", answers);
  expect(seen.pop()).toMatchObject({ target: "https://git.example.org/a.git" });
  expect(imported.out).toMatch(/read {2}2/);
  expect(imported.out).toMatch(/a\.yaml {2}3/);
  await run("token create ci --scopes catalog:read,paths:write --scopes git:read --expires-in-days=7", answers);
  expect(seen.pop()).toMatchObject({ name: "ci", scopes: ["catalog:read", "paths:write", "git:read"], expiresInDays: 7 });

  const file = join(home, "values.json");
  writeFileSync(file, '{"name":"orders"}');
  for (const values of [file, `@${file}`, '{"name":"orders"}', "-"]) {
    await run(["path", "preview", "node-service", "--values", values, "--json"], answers, { stdin: '{"name":"orders"}' });
    expect(seen.pop()).toEqual({ path: "node-service", values: { name: "orders" } });
  }
  await run("me set-password --password - --current old", answers, { stdin: "correct horse battery\n" });
  expect(seen.pop()).toEqual({ password: "correct horse battery", current: "old" });
});

test("another portal is imported by its name: an address with a token that is not shown, or a file by its name", async () => {
  const seen: unknown[] = [];
  const counts = { read: 2, registered: 1, changed: 0, unchanged: 0, removed: 0, failed: 1, conflicts: 0 };
  const done = (input: unknown) => {
    seen.push(input);
    return {
      counts,
      problems: [{ file: "a", line: 3, at: "name", reason: "has no name" }],
      notes: [],
      next: { look: "roadbed entity list" },
    };
  };
  const answers = {
    "catalog.import.backstage": done,
    "catalog.import.port": done,
    "catalog.import.csv": done,
    "catalog.source.import": done,
  };
  const imported = await run("import backstage https://backstage.example.org --api-token -", answers, { stdin: "s3cret\n" });
  expect(seen.pop()).toMatchObject({ address: "https://backstage.example.org", apiToken: "s3cret" });
  expect(imported.code).toBe(0);
  expect(imported.out + imported.err).not.toContain("s3cret");
  expect(imported.out).toMatch(/registered {2}1/);
  expect(imported.out).toContain("roadbed entity list");
  const file = join(home, "port.json");
  writeFileSync(file, '{"entities":[]}');
  for (const word of [file, `@${file}`, "-"]) {
    await run(["import", "port", word, "--preview"], answers, { stdin: '{"entities":[]}' });
    expect(seen.pop()).toMatchObject({ text: '{"entities":[]}', preview: true });
  }
  const missing = await run("import csv nowhere.csv", answers);
  expect(missing.code).toBe(2);
  expect(missing.err).toContain("there is no such file");
  // What is called like a portal is a folder all the same, when it is written as one.
  await run(["import", `${home}/port`], answers);
  expect(seen.pop()).toMatchObject({ target: join(home, "port") });
});

test("reason and idempotency key travel with a write", async () => {
  let options: CallOptions = {};
  await run(["entity", "delete", "component:default/a", "--reason", "no longer used", "--idempotency-key", "k1"], {
    [deleteEntity.name]: (_input, call) => ((options = call.options), { removed: "x" }),
  });
  expect(options).toMatchObject({ reason: "no longer used", idempotencyKey: "k1" });
});

const step = (status: string) => ({ id: "fetch", name: "Fetch the template", action: "fetch:template", status });
const runOf = (status: string, stepStatus: string) => ({
  id: "run_1",
  path: "node",
  pathTitle: "Node",
  status,
  actor: "user:a",
  createdAt: "2026-01-01T00:00:00Z",
  steps: [step(stepStatus)],
  outputs: { entityRef: "component:default/orders", cloneUrl: "http://h/git/orders.git" },
  links: [],
  values: {},
});

test("path run --wait ends with the run and its outputs, or with 1 when it failed", async () => {
  let asked = 0;
  const answers = (end: string): Answers => ({
    [runPath.name]: () => runOf("queued", "open"),
    [getRun.name]: ({ id }) => {
      expect(id).toBe("run_1");
      asked++;
      if (asked === 2) throw new UnavailableError("restarting");
      return asked < 4 ? runOf("running", "processing") : runOf(end, end === "failed" ? "failed" : "completed");
    },
  });
  const done = await run(["path", "run", "node", "--values", "{}", "--json", "--wait"], answers("succeeded"));
  expect(done).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(done.out)).toMatchObject({
    status: "succeeded",
    outputs: { entityRef: "component:default/orders", cloneUrl: "http://h/git/orders.git" },
  });
  asked = 0;
  const failed = await run(["path", "run", "node", "--values", "{}", "--wait"], answers("failed"));
  expect(failed.code).toBe(1);
  expect(failed.err).toBe("running  Fetch the template\nfailed   Fetch the template\n");
  asked = -1_000;
  const late = await run(["path", "run", "node", "--values", "{}", "--wait", "--timeout", "0.1"], answers("succeeded"));
  expect(late).toMatchObject({ code: 6 });
  expect(late.err).toContain("run_1 is still");
});

test("promotion create --wait tells what it waits for, and ends with the promotion, or where somebody has to decide", async () => {
  const gate = (verdict: string, why: string) => ({ name: "soak", title: "Soak time", verdict, why, evidence: [] });
  const promotion = (state: string, o: object) => ({
    id: "prm_1",
    entityRef: "component:default/a",
    environment: "prod",
    state,
    votes: [],
    ...o,
  });
  const answers = (end: string): Answers => {
    let asked = 0;
    return {
      [createPromotion.name]: () => promotion("waiting", { gates: [gate("waiting", "10 of 30 minutes")] }),
      [getPromotion.name]: () =>
        ++asked < 2
          ? promotion("waiting", { gates: [gate("waiting", "20 of 30 minutes")] })
          : promotion(end, {
              gates: [gate("passed", "30 of 30 minutes")],
              ...(end === "held" ? {} : { endedAt: "2026-01-01T00:00:00.000Z" }),
            }),
    };
  };
  const line = ["promotion", "create", "a#1", "prod", "--wait"];
  const done = await run(line, answers("promoted"));
  expect(done.code).toBe(0);
  expect(done.err).toBe(
    "waiting  Soak time: 10 of 30 minutes\nwaiting  Soak time: 20 of 30 minutes\npassed   Soak time: 30 of 30 minutes\n",
  );
  expect((await run(line, answers("refused"))).code).toBe(1);
  expect((await run(line, answers("held"))).code).toBe(1);
});

test("what policy denies exits 3 with the reasons, for people and for programs", async () => {
  const answers: Answers = {
    [runPath.name]: () => {
      throw new DeniedError("Policy says no.", {
        problems: [{ at: "must-have-owner", reason: "there is no owner", mend: "Name one." }],
        decisionId: "dec_1",
      });
    },
    [previewPath.name]: () => ({
      verdict: "deny",
      findings: [{ policy: "must-have-owner", message: "there is no owner" }],
      files: [],
      entities: [],
      resources: [],
      steps: [],
      log: [],
    }),
    [checkPolicies.name]: () => ({ verdict: "deny", findings: [], evaluated: 1 }),
  };
  const people = await run(["path", "run", "node", "--values", "{}"], answers);
  expect(people).toMatchObject({ code: 3, out: "" });
  expect(people.err).toBe("Error: Policy says no.\n  must-have-owner  there is no owner\n      mend: Name one.\n");
  const programs = await run(["path", "run", "node", "--values", "{}", "--json", "--wait"], answers);
  expect(programs.code).toBe(3);
  expect(JSON.parse(programs.err.trimEnd().split("\n").at(-1)!)).toEqual({
    code: "DENIED",
    detail: "Policy says no.",
    problems: [{ at: "must-have-owner", reason: "there is no owner", mend: "Name one." }],
    decisionId: "dec_1",
  });
  const preview = await run(["path", "preview", "node", "--values", "{}", "--json"], answers);
  expect(preview.code).toBe(3);
  expect(JSON.parse(preview.out)).toMatchObject({ verdict: "deny" });
  expect((await run(["policy", "check", "--resources", '[{"object":{}}]'], answers)).code).toBe(3);
});

test("each kind of failure has its exit code", async () => {
  const failing = (error: Error): Answers => ({ [getEntity.name]: () => Promise.reject(error) });
  const get = async (error: Error) => (await run("entity get component:default/a", failing(error))).code;
  expect(await get(new NotFoundError("entity", "a"))).toBe(4);
  expect(await get(new UnauthenticatedError("no"))).toBe(5);
  expect(await get(new UnavailableError("no"))).toBe(6);
  expect(await get(new Error("odd"))).toBe(1);
});

test("run logs -f prints lines as they come and ends when the run does", async () => {
  const line = (seq: number, message: string) => ({ seq, at: "2026-01-01T00:00:00.000Z", stepId: "fetch", level: "info", message });
  const asked: any[] = [];
  const answers: Answers = {
    [getRunLogs.name]: (input) => {
      asked.push(input);
      return input.after === 0
        ? { items: [line(1, "one")], next: 1, done: false }
        : { items: [line(2, "two\u001B[2J")], next: 2, done: true };
    },
  };
  const { out, code } = await run("run logs run_1 -f", answers);
  expect(code).toBe(0);
  expect(out).toBe("2026-01-01 00:00:00  fetch  one\n2026-01-01 00:00:00  fetch  two[2J\n");
  expect(asked).toEqual([
    { id: "run_1", after: 0, waitMs: 20_000 },
    { id: "run_1", after: 1, waitMs: 20_000 },
  ]);
  const json = await run("run logs run_1 --follow --json", answers);
  expect(
    json.out
      .trim()
      .split("\n")
      .map((text) => (JSON.parse(text) as { seq: number }).seq),
  ).toEqual([1, 2]);
});

test("which server and which token: line, environment, sign-in, then the local server's own", async () => {
  const answers: Answers = {
    [getMe.name]: (_input, { client }) => ({
      actor: "user:ada",
      displayName: "Ada",
      scopes: [],
      groups: [],
      mustSetPassword: false,
      token: client.token,
    }),
  };
  const whoami = async (line: string, env: Record<string, string> = {}) => {
    await run(`whoami ${line}`, answers, { env, localTokenFiles: [local] });
    return clients.at(-1);
  };
  const local = join(home, "cli-token");
  writeFileSync(local, "rb_local\n");
  expect(await whoami("")).toEqual({ url: "http://localhost:4400", token: "rb_local", face: "cli" });
  expect(await whoami("--url http://elsewhere.example")).toEqual({ url: "http://elsewhere.example", face: "cli" });
  writeFileSync(local, "rb_local\nhttp://localhost:4555\n");
  expect(await whoami("")).toMatchObject({ url: "http://localhost:4555", token: "rb_local" });
  expect(await whoami("--url http://localhost:4400")).not.toHaveProperty("token");
  expect(await whoami("", { ROADBED_URL: "http://a.example/", ROADBED_TOKEN: "rb_env" })).toMatchObject({
    url: "http://a.example",
    token: "rb_env",
  });
  expect(await whoami("--token rb_line", { ROADBED_TOKEN: "rb_env" })).toMatchObject({ token: "rb_line" });

  const login = await run("login --url http://b.example", answers, { stdin: "rb_kept\n" });
  expect(login).toMatchObject({ code: 0 });
  const file = join(home, ".config/roadbed/credentials.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ current: "http://b.example", tokens: { "http://b.example": "rb_kept" } });
  expect(login.out).not.toContain("rb_kept");
  expect(await whoami("")).toMatchObject({ url: "http://b.example", token: "rb_kept" });
  await run("logout", answers);
  expect(await whoami("")).toMatchObject({ url: "http://localhost:4555" });
  expect((await run("login --url http://c.example", answers)).code).toBe(5);
  rmSync(local);
});

test("help shows commands, flags with their types, and an example", async () => {
  const all = await run("help");
  expect(all.code).toBe(0);
  for (const operation of allOperations) {
    for (const word of (operation.cli?.command ?? operation.name.split(".")[1]!).split(" ")) expect(all.out).toContain(word);
  }
  const list = await run("entity list --help");
  expect(list.out).toContain("--sort <word>");
  expect(list.out).toContain("one of name, -name, kind");
  expect(list.out).toContain("default 50");
  expect((await run("help entity list")).out).toBe(list.out);
  expect((await run("path run -h")).out).toContain("roadbed path run node-service --values values.json --wait");
  const noun = await run("entity");
  expect([noun.code, noun.out]).toEqual([2, ""]);
  expect(noun.err).toContain("entity facets");
  expect((await run("version")).code).toBe(0);
});

test("local commands run on this machine and fail as all others do", async () => {
  const backup: LocalCommand = {
    words: "backup",
    summary: "Write a back-up.",
    usage: "<file>",
    run: async ({ argv, io, flags }) => {
      if (argv[0] === undefined) throw new NotFoundError("file", "-");
      io.stdout.write(`${argv[0]} ${String(flags.json)}\n`);
      return 0;
    },
  };
  expect(await run("backup a.tar --json", {}, { localCommands: [backup] })).toEqual({ code: 0, out: "a.tar true\n", err: "" });
  expect((await run("backup", {}, { localCommands: [backup] })).code).toBe(4);
  expect((await run("backup --help", {}, { localCommands: [backup] })).out).toContain("Usage: roadbed backup <file>");
});

test("completion offers nouns, verbs, flags and words", async () => {
  const complete = async (...line: string[]) => (await run(["__complete", ...line])).out.trim().split("\n");
  expect(await complete("ent")).toEqual(["entity"]);
  expect(await complete("entity", "g")).toEqual(["get", "graph"]);
  expect(await complete("entity", "list", "--s")).toEqual(["--sort"]);
  expect(await complete("entity", "list", "--sort", "k")).toEqual(["kind"]);
  expect(await complete("path", "run", "node", "--w")).toEqual(["--wait"]);
  for (const shell of ["bash", "zsh", "fish"]) expect((await run(`completion ${shell}`)).out).toContain("roadbed __complete");
  expect((await run("completion tcsh")).code).toBe(2);
});

test("no operation has a field by which the command line finds its server", () => {
  // A field would win, and the value meant for it would be taken for the server's address or the token to sign in with.
  const hidden = allOperations.filter(({ input }) => ["url", "token"].some((name) => name in (fieldsOf(input) ?? {})));
  expect(hidden.map(({ name }) => name)).toEqual([]);
});
