import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Reading } from "@roadbed/contracts/connector";
import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { githubConnector } from "./github-connector.ts";

const cel = createCel();
afterAll(() => cel.close());

/** What the double of GitHub has. It speaks the REST API's protocol: pages by `Link`, ETags with 304, a budget that ends with 403. */
interface GitHub {
  repositories: { name: string; pushed_at: string; files: Record<string, string>; archived?: boolean; fork?: boolean }[];
  budget: number;
}
let github: GitHub;
let double: Double;
const RESET = Math.floor(Date.now() / 1_000) + 900;
const PER_PAGE = 2;

beforeEach(async () => {
  github = {
    budget: 5_000,
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
  double = await openDouble(answer);
});
afterEach(() => double.close());

function descriptor(name: string): string {
  return `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: production, owner: github}\n`;
}

function answer({ url, headers }: Question): Reply {
  const budget = { "x-ratelimit-limit": "5000", "x-ratelimit-reset": String(RESET) };
  if (headers["authorization"] !== "Bearer t0ken") return { status: 401, body: { message: "Bad credentials" } };
  if (github.budget <= 0)
    return { status: 403, headers: { ...budget, "x-ratelimit-remaining": "0" }, body: { message: "API rate limit exceeded" } };
  const found = route(url);
  if (found === undefined) return { status: 404, body: { message: "Not Found" } };
  if (typeof found === "string") return { body: found, headers: { ...budget, "x-ratelimit-remaining": String(--github.budget) } };
  const { body, next } = found;
  const etag = `W/"${createHmac("sha256", "etag").update(JSON.stringify(body)).digest("hex").slice(0, 16)}"`;
  const link: Record<string, string> = next === undefined ? {} : { link: `<${next}>; rel="next", <${next}>; rel="last"` };
  // What is as it was costs nothing.
  if (headers["if-none-match"] === etag)
    return { status: 304, headers: { ...budget, etag, "x-ratelimit-remaining": String(github.budget) } };
  return { headers: { ...budget, ...link, etag, "x-ratelimit-remaining": String(--github.budget) }, body };
}

function route(url: URL): { body: unknown; next?: string } | string | undefined {
  const { pathname } = url;
  if (pathname === "/orgs/Octocoders/repos") return page(url, github.repositories.map(repositoryOf));
  if (pathname === "/orgs/Octocoders/teams")
    return page(url, [
      {
        slug: "github",
        name: "GitHub",
        description: "Open-source team",
        html_url: "https://github.com/orgs/Octocoders/teams/github",
        parent: null,
      },
    ]);
  if (pathname === "/orgs/Octocoders/teams/github/members") return page(url, [{ login: "Codertocat" }]);
  if (pathname === "/orgs/Octocoders/members") return page(url, [{ login: "Codertocat" }, { login: "Octocat" }]);
  const [, repository, rest] = /^\/repos\/Octocoders\/([^/]+)\/(.*)$/.exec(pathname) ?? [];
  const files = github.repositories.find(({ name }) => name === repository)?.files;
  if (!files || rest === undefined) return undefined;
  if (rest.startsWith("git/trees/")) return { body: { tree: Object.keys(files).map((path) => ({ path, type: "blob" })) } };
  return files[decodeURIComponent(rest.replace(/^contents\//, ""))];
}

function page(url: URL, items: readonly unknown[]): { body: unknown; next?: string } {
  const at = Number(url.searchParams.get("page") ?? 1);
  const next = new URL(url);
  next.searchParams.set("page", String(at + 1));
  const body = items.slice((at - 1) * PER_PAGE, at * PER_PAGE);
  return at * PER_PAGE < items.length ? { body, next: next.href } : { body };
}

function repositoryOf({ name, pushed_at, archived = false, fork = false }: GitHub["repositories"][number]) {
  const html_url = `https://github.com/Octocoders/${name}`;
  return {
    name,
    full_name: `Octocoders/${name}`,
    html_url,
    description: null,
    default_branch: "master",
    topics: ["TypeScript"],
    visibility: "private",
    archived,
    fork,
    pushed_at,
  };
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
