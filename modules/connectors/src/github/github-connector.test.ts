import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import type { HostedRepository, Reading } from "@roadbed/contracts/connector";
import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double } from "../lib/double.ts";
import { answerAsGitHub, type GitHub } from "./github.double.suite.ts";
import { githubConnector } from "./github-connector.ts";

const cel = createCel();
afterAll(() => cel.close());

let github: GitHub;
let double: Double;
const RESET = Math.floor(Date.now() / 1_000) + 900;

beforeEach(async () => {
  github = {
    budget: 5_000,
    resetAt: RESET,
    repositories: [
      { name: "Hello-World", pushed_at: "2026-01-01T00:00:00Z", files: { "catalog-info.yaml": descriptor("hello"), "README.md": "#" } },
      {
        name: "mono",
        pushed_at: "2026-01-01T00:00:00Z",
        files: { "a/catalog-info.yml": descriptor("a"), "b/catalog-info.yaml": descriptor("b") },
      },
      { name: "old", pushed_at: "2020-01-01T00:00:00Z", files: {}, archived: true },
    ],
  };
  double = await openDouble((question) => answerAsGitHub(github, question));
});
afterEach(() => double.close());

function descriptor(name: string): string {
  return `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: production, owner: github}\n`;
}

const settings = (over: object = {}) => ({ org: "Octocoders", token: "t0ken", api: double.url, ...over });
const read = (state: Readonly<Record<string, unknown>> = {}, over: object = {}) =>
  readAll(githubConnector, settings(over), callWith(cel, { state }));
const stateOf = (readings: readonly Reading[]) => readings.findLast((reading) => reading.type === "state")!.state;
const refs = (readings: readonly Reading[]) => entitiesOf(readings).map(({ entity: { kind, metadata } }) => `${kind} ${metadata.name}`);
const descriptors = (readings: readonly Reading[]) =>
  readings.flatMap((reading) => (reading.type === "descriptor" ? [reading.location] : []));

describe("an organisation", () => {
  test("is read over its pages: repositories, teams, members, and descriptors wherever they lie", async () => {
    const readings = await read();
    expect(refs(readings)).toEqual([
      "Resource Hello-World",
      "Resource mono",
      "Group octocoders",
      "Group github",
      "User Codertocat",
      "User Octocat",
    ]);
    expect(entitiesOf(readings)[0]).toMatchObject({
      location: "https://github.com/Octocoders/Hello-World",
      entity: {
        metadata: {
          annotations: { "github.com/project-slug": "Octocoders/Hello-World" },
          labels: { visibility: "private" },
          tags: ["typescript"],
        },
        spec: { type: "repository", owner: "group:default/octocoders" },
      },
    });
    expect(entitiesOf(readings).at(-2)?.entity.spec).toMatchObject({ memberOf: ["github"] });
    expect(descriptors(readings)).toEqual([
      "https://github.com/Octocoders/Hello-World/blob/master/catalog-info.yaml",
      "https://github.com/Octocoders/mono/blob/master/a/catalog-info.yml",
      "https://github.com/Octocoders/mono/blob/master/b/catalog-info.yaml",
    ]);
    expect(readings).toContainEqual(expect.objectContaining({ type: "budget", limit: 5_000, resetAt: new Date(RESET * 1_000) }));
  });

  test("costs nothing the second time, says the same, and asks only for what was pushed", async () => {
    const first = await read();
    const left = github.budget;
    const second = await read(stateOf(first));
    expect(github.budget).toBe(left);
    expect(refs(second)).toEqual(refs(first));
    expect(descriptors(second)).toEqual([]);
    expect(second.filter(({ type }) => type === "unchanged")).toEqual([
      { type: "unchanged", locationPrefix: "https://github.com/Octocoders/Hello-World/blob/master/" },
      { type: "unchanged", locationPrefix: "https://github.com/Octocoders/mono/blob/master/" },
    ]);
    github.repositories[1]!.pushed_at = "2026-02-02T00:00:00Z";
    delete github.repositories[1]!.files["a/catalog-info.yml"];
    const third = await read(stateOf(second));
    expect(descriptors(third)).toEqual(["https://github.com/Octocoders/mono/blob/master/b/catalog-info.yaml"]);
    expect(third).not.toContainEqual(expect.objectContaining({ locationPrefix: expect.stringContaining("mono") }));
  });

  test("whose budget runs short is read on at the next turn; one without any says when", async () => {
    github.budget = 8;
    const first = await read();
    expect(descriptors(first)).toEqual([]);
    expect(first.filter(({ type }) => type === "unchanged")).toHaveLength(2);
    github.budget = 5_000;
    expect(descriptors(await read(stateOf(first)))).toHaveLength(3);
    github.budget = 0;
    await expect(read()).rejects.toMatchObject({ code: "TOO_MANY" });
  });

  test("leaves out what is not asked for, and names what a person can mend", async () => {
    expect(refs(await read({}, { people: false, descriptors: false, archived: true }))).toEqual([
      "Resource Hello-World",
      "Resource mono",
      "Resource old",
    ]);
    await expect(read({}, { token: "wrong" })).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("credentials") });
    await expect(read({}, { org: "nobody" })).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("404") });
    expect(githubConnector.settings.safeParse({ org: "../x", token: "t" }).success).toBe(false);
  });
});

describe("its repositories", () => {
  const open = async () => {
    const found: HostedRepository[] = [];
    for await (const one of githubConnector.repositories!(githubConnector.settings.parse(settings()), callWith(cel))) found.push(one);
    return found;
  };

  test("are listed with their files, whose texts come together in one question; long ones come whole", async () => {
    const long = "x".repeat(2_500);
    github.repositories[0]!.files = { "package.json": "{}", "docs/long.md": long };
    const [hello] = await open();
    expect(hello).toMatchObject({ url: "https://github.com/Octocoders/Hello-World" });
    const { files, isPart } = await hello!.list();
    expect(isPart).toBe(false);
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["package.json", 2],
      ["docs/long.md", 2_500],
    ]);
    const texts = await hello!.read(files);
    expect([...texts].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual([
      ["package.json", "{}"],
      ["docs/long.md", long],
    ]);
    expect(double.asked.filter(({ url }) => url.pathname === "/graphql")).toHaveLength(1);
    expect(hello!.budget()).toMatchObject({ limit: 5_000, resetAt: new Date(RESET * 1_000) });
  });

  test("are found one by one by their path, with one question; what is not of the organisation is not asked for", async () => {
    const open = (path: string) => githubConnector.repository!(githubConnector.settings.parse(settings()), path, callWith(cel));
    const hello = await open("Octocoders/Hello-World");
    expect(hello?.mark).toContain("2026-01-01");
    expect((await hello!.list()).files.map(({ path }) => path)).toEqual(["catalog-info.yaml", "README.md"]);
    expect(await open("Octocoders/none")).toBeUndefined();
    const asked = double.asked.length;
    expect(await open("others/secret")).toBeUndefined();
    expect(double.asked).toHaveLength(asked);
  });

  test("say who committed, with the account where GitHub knows it, over all pages", async () => {
    github.repositories[0]!.commits = [
      { name: "Ada", email: "ada@example.com", login: "Ada", date: "2026-02-02T00:00:00Z" },
      { name: "Ole", email: "ole@example.com", date: "2026-02-01T00:00:00Z" },
      { name: "Ada", email: "ada@example.com", login: "Ada", date: "2026-01-01T00:00:00Z" },
    ];
    const [hello] = await open();
    expect(await hello!.commits(new Date("2025-06-01"))).toEqual([
      { name: "Ada", email: "ada@example.com", login: "Ada", at: new Date("2026-02-02") },
      { name: "Ole", email: "ole@example.com", at: new Date("2026-02-01") },
      { name: "Ada", email: "ada@example.com", login: "Ada", at: new Date("2026-01-01") },
    ]);
    expect(double.asked.at(-1)!.url.searchParams.get("since")).toBe("2025-06-01T00:00:00.000Z");
  });
});

describe("a message", () => {
  const receive = (file: string, over: Record<string, string | undefined> = {}, org = "Octocoders") => {
    const body = readFileSync(new URL(`fixtures/${file}.json`, import.meta.url));
    const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
    const headers = { "x-hub-signature-256": signature, "x-github-event": file.split("-")[0]!, "x-github-delivery": "d1", ...over };
    const parsed = githubConnector.settings.parse(settings({ org }));
    return githubConnector.receive!(parsed, { headers, body, secret: "s3cret" }, callWith(cel));
  };

  test("of a push to the branch that is read, or of a team, asks for a reading; one of a tag or of others does not", async () => {
    expect(await receive("push-master", {}, "Codertocat")).toEqual({ deliveryId: "d1", resync: true });
    expect(await receive("team-created")).toEqual({ deliveryId: "d1", resync: true });
    expect(await receive("push-tag", {}, "Codertocat")).toEqual({ deliveryId: "d1" });
    expect(await receive("push-master")).toEqual({ deliveryId: "d1" });
    expect(await receive("team-created", { "x-github-event": "star" })).toEqual({ deliveryId: "d1" });
  });

  test("that is forged is refused", async () => {
    await expect(receive("team-created", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(receive("team-created", { "x-hub-signature-256": undefined })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

test("a pull request is told of when it has another commit, and only of the organisation", async () => {
  const receive = (action: string, path = "Octocoders/Hello-World") => {
    const body = Buffer.from(
      JSON.stringify({
        action,
        repository: { full_name: path },
        pull_request: { number: 3, head: { sha: "c0ffee" }, base: { sha: "ba5e" } },
      }),
    );
    const headers = {
      "x-hub-signature-256": `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`,
      "x-github-event": "pull_request",
      "x-github-delivery": "d1",
    };
    return githubConnector.receive!(githubConnector.settings.parse(settings()), { headers, body, secret: "s3cret" }, callWith(cel));
  };
  const change = {
    system: "github",
    host: new URL(double.url).host,
    repository: "Octocoders/Hello-World",
    number: "3",
    head: "c0ffee",
    base: "ba5e",
  };
  expect(await receive("synchronize")).toEqual({ deliveryId: "d1", change: { ...change, state: "open" } });
  expect(await receive("closed")).toEqual({ deliveryId: "d1", change: { ...change, state: "closed" } });
  expect(await receive("labeled")).toEqual({ deliveryId: "d1" });
  expect(await receive("opened", "others/secret")).toEqual({ deliveryId: "d1" });
});
