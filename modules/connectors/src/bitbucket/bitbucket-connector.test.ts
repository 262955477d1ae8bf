import { createHmac } from "node:crypto";

import type { HostedRepository } from "@roadbed/contracts/connector";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { bitbucketConnector } from "./bitbucket-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
/** A double of Bitbucket Cloud: it speaks the REST API's protocol (2.0), with pages by `next` in the answer. */
beforeEach(async () => void (double = await openDouble(answer)));
afterEach(() => double.close());

const repository = (slug: string, branch?: string) => ({
  slug,
  full_name: `team/${slug}`,
  links: { html: { href: `https://bitbucket.org/team/${slug}` } },
  is_private: true,
  updated_on: "1",
  mainbranch: branch === undefined ? null : { name: branch },
});

function answer({ url, headers }: Question): Reply {
  if (headers["authorization"] !== "Bearer t0ken") return { status: 401, body: {} };
  const path = url.pathname.replace("/2.0", "");
  const next = new URL(url);
  next.searchParams.set("page", "2");
  if (path === "/repositories/team") {
    return url.searchParams.get("page") === "2"
      ? { body: { values: [repository("empty")] } }
      : { body: { values: [repository("app", "main")], next: next.href } };
  }
  if (path === "/workspaces/team/members") return { body: { values: [{ user: { nickname: "jsmith", display_name: "John Smith" } }] } };
  if (path === "/repositories/team/app/src/main/" && url.searchParams.has("q")) {
    return {
      body: {
        values: [
          { type: "commit_file", path: "catalog-info.yaml" },
          { type: "commit_directory", path: "catalog-info" },
        ],
      },
    };
  }
  if (path === "/repositories/team/app/src/main/" && url.searchParams.has("max_depth")) return { body: listing(url, next.href) };
  if (path === "/repositories/team/app/src/c0ffee/go.mod") return { body: "module app\n" };
  if (path === "/repositories/team/app/commits/main") {
    const commit = (raw: string, date: string, user?: object) => ({ author: { raw, ...(user ? { user } : {}) }, date });
    return url.searchParams.get("page") === "2"
      ? { body: { values: [commit("Ada <ada@example.com>", "2025-01-01T00:00:00+00:00")], next: next.href } }
      : {
          body: {
            values: [
              commit("Ada Lovelace <ada@example.com>", "2026-02-02T01:00:00+01:00", { nickname: "ada" }),
              commit("robot", "2026-02-01T00:00:00Z"),
            ],
            next: next.href,
          },
        };
  }
  if (path === "/repositories/team/app/src/main/catalog-info.yaml") return { body: "kind: Component" };
  return { status: 404, body: {} };
}

function listing(url: URL, next: string): object {
  const file = (path: string, more: object = {}) => ({
    type: "commit_file",
    path,
    commit: { hash: "c0ffee" },
    size: 11,
    attributes: [],
    ...more,
  });
  return url.searchParams.get("page") === "2"
    ? { values: [file("gone.txt"), file("a/b/c/d/e/Dockerfile")] }
    : {
        values: [file("go.mod"), { type: "commit_directory", path: "a", commit: { hash: "c0ffee" } }, file("l", { attributes: ["link"] })],
        next,
      };
}

test("repositories say their files over all pages, their texts, and who committed since", async () => {
  const settings = bitbucketConnector.settings.parse({ workspace: "team", token: "t0ken", api: double.url });
  const found: HostedRepository[] = [];
  for await (const one of bitbucketConnector.repositories!(settings, callWith(cel))) found.push(one);
  expect(found.map(({ url }) => url)).toEqual(["https://bitbucket.org/team/app", "https://bitbucket.org/team/empty"]);
  const [app, empty] = [found[0]!, found[1]!];
  const { files, isPart } = await app.list();
  expect(isPart).toBe(false);
  expect(files.map(({ path, id }) => `${path} ${id}`)).toEqual([
    "go.mod c0ffee:go.mod",
    "gone.txt c0ffee:gone.txt",
    "a/b/c/d/e/Dockerfile c0ffee:a/b/c/d/e/Dockerfile",
  ]);
  const texts = await app.read(files.slice(0, 2));
  expect([...texts].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual([["go.mod", "module app\n"]]);
  // The second page is older throughout: the third is not asked for.
  expect(await app.commits(new Date("2025-06-01"))).toEqual([
    { name: "Ada Lovelace", email: "ada@example.com", at: new Date("2026-02-02T00:00:00Z"), login: "ada" },
  ]);
  expect(double.asked.filter(({ url }) => url.pathname.endsWith("/commits/main"))).toHaveLength(2);
  expect([await empty.list(), await empty.commits(new Date(0))]).toEqual([{ files: [], isPart: false }, []]);
});

test("a workspace is read over its pages: repositories, members, descriptors", async () => {
  const readings = await readAll(bitbucketConnector, { workspace: "team", token: "t0ken", api: double.url }, callWith(cel));
  expect(entitiesOf(readings).map(({ entity: { kind, metadata } }) => `${kind} ${metadata.name}`)).toEqual([
    "Resource app",
    "Resource empty",
    "Group team",
    "User jsmith",
  ]);
  expect(readings).toContainEqual({
    type: "descriptor",
    text: "kind: Component",
    location: "https://bitbucket.org/team/app/src/main/catalog-info.yaml",
  });
});

test("a signed message asks for a reading, a forged one is refused", async () => {
  const settings = bitbucketConnector.settings.parse({ workspace: "team", token: "t0ken" });
  const body = new TextEncoder().encode("{}");
  const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
  const receive = (given: string) =>
    bitbucketConnector.receive!(
      settings,
      { headers: { "x-hub-signature": given, "x-request-uuid": "d1" }, body, secret: "s3cret" },
      callWith(cel),
    );
  expect(await receive(signature)).toEqual({ deliveryId: "d1", resync: true });
  await expect(receive("sha256=00")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});
