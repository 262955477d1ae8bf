import { readFileSync } from "node:fs";

import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import type { HostedRepository } from "@roadbed/contracts/connector";
import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { gitlabConnector } from "./gitlab-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
/** A double of GitLab: it speaks the REST API's protocol (v4), with pages by `Link`. */
beforeEach(async () => void (double = await openDouble(answer)));
afterEach(() => double.close());

const GROUP = { id: 1, full_path: "mike", name: "Mike", web_url: "http://example.com/groups/mike" };
const BELOW = { id: 2, full_path: "mike/tools", name: "Tools", web_url: "http://example.com/groups/mike/tools" };
const PROJECTS = [
  {
    id: 15,
    path: "diaspora",
    path_with_namespace: "mike/diaspora",
    web_url: "http://example.com/mike/diaspora",
    default_branch: "master",
    last_activity_at: "1",
    topics: ["Social"],
    visibility: "public",
  },
  {
    id: 16,
    path: "kit",
    path_with_namespace: "mike/tools/kit",
    web_url: "http://example.com/mike/tools/kit",
    default_branch: "main",
    last_activity_at: "1",
    visibility: "private",
  },
];

function answer({ url, headers }: Question): Reply {
  if (headers["private-token"] !== "t0ken") return { status: 401, body: { message: "401 Unauthorized" } };
  const path = url.pathname.replace("/api/v4", "");
  const next = new URL(url);
  next.searchParams.set("page", "2");
  const second = url.searchParams.get("page") === "2";
  if (path === "/groups/mike/projects")
    return second ? { body: [PROJECTS[1]] } : { headers: { link: `<${next}>; rel="next"` }, body: [PROJECTS[0]] };
  if (path === "/groups/mike") return { body: GROUP };
  if (path === "/groups/mike/descendant_groups") return { body: [BELOW] };
  if (path === "/groups/1/members") return { body: [{ username: "jsmith", name: "John Smith", web_url: "http://example.com/jsmith" }] };
  if (path === "/groups/2/members") return { body: [] };
  if (path === "/projects/15/repository/tree") return { body: [{ path: "catalog-info.yaml", type: "blob" }] };
  if (path === "/projects/15/repository/files/catalog-info.yaml/raw") return { body: "kind: Component" };
  if (path === "/projects/16/repository/tree") {
    const blob = (id: string, file: string, mode = "100644") => ({ id, name: file, type: "blob", path: file, mode });
    return second
      ? { body: [blob("b2", "src/main.go"), blob("b3", "link", "120000")] }
      : {
          headers: { link: `<${next}>; rel="next"` },
          body: [{ id: "d", type: "tree", path: "src", mode: "040000" }, blob("b1", "go.mod")],
        };
  }
  if (path === "/projects/16/repository/blobs/b1/raw") return { body: "module kit\n" };
  if (path === "/projects/16/repository/commits")
    return { body: [{ id: "c", author_name: "Ada", author_email: "ada@example.com", authored_date: "2026-02-02T01:00:00.000+01:00" }] };
  return { status: 404, body: { message: "404 Tree Not Found" } };
}

test("projects say their files over all pages, their texts, and who committed; what is gone in between is left out", async () => {
  const settings = gitlabConnector.settings.parse({ group: "mike", token: "t0ken", url: double.url });
  const found: HostedRepository[] = [];
  for await (const one of gitlabConnector.repositories!(settings, callWith(cel))) found.push(one);
  expect(found.map(({ url }) => url)).toEqual(["http://example.com/mike/diaspora", "http://example.com/mike/tools/kit"]);
  const kit = found[1]!;
  const { files } = await kit.list();
  expect(files).toEqual([
    { path: "go.mod", id: "b1" },
    { path: "src/main.go", id: "b2" },
  ]);
  expect([...(await kit.read(files))].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual([["go.mod", "module kit\n"]]);
  expect(await kit.commits(new Date("2025-06-01"))).toEqual([{ name: "Ada", email: "ada@example.com", at: new Date("2026-02-02") }]);
});

test("a group is read with all below it: projects, groups by their paths, members, descriptors", async () => {
  const readings = await readAll(gitlabConnector, { group: "mike", token: "t0ken", url: double.url }, callWith(cel));
  expect(
    entitiesOf(readings).map(({ entity: { kind, metadata, spec } }) => [
      kind,
      metadata.name,
      spec?.["owner"] ?? spec?.["parent"] ?? spec?.["memberOf"],
    ]),
  ).toEqual([
    ["Resource", "diaspora", "group:default/mike"],
    ["Resource", "kit", "group:default/mike.tools"],
    ["Group", "mike", undefined],
    ["Group", "mike.tools", "mike"],
    ["User", "jsmith", ["mike"]],
  ]);
  expect(readings).toContainEqual({
    type: "descriptor",
    text: "kind: Component",
    location: "http://example.com/mike/diaspora/-/blob/master/catalog-info.yaml",
  });
  await expect(readAll(gitlabConnector, { group: "mike", token: "no", url: double.url }, callWith(cel))).rejects.toMatchObject({
    code: "INVALID",
  });
});

test("a push asks for a reading when it is to the branch that is read; a wrong token is refused", async () => {
  const settings = gitlabConnector.settings.parse({ group: "mike", token: "t0ken" });
  const body = readFileSync(new URL("fixtures/push.json", import.meta.url));
  const receive = (headers: Record<string, string>, bytes: Uint8Array = body) =>
    gitlabConnector.receive!(settings, { headers, body: bytes, secret: "s3cret" }, callWith(cel));
  const headers = { "x-gitlab-token": "s3cret", "x-gitlab-event-uuid": "d1" };
  expect(await receive(headers)).toEqual({ deliveryId: "d1", resync: true });
  expect(await receive(headers, Buffer.from(body.toString().replace('"refs/heads/master"', '"refs/heads/topic"')))).toEqual({
    deliveryId: "d1",
  });
  await expect(receive({ ...headers, "x-gitlab-token": "guess" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("a merge request is told of when it has another commit, and only of the group", async () => {
  const settings = gitlabConnector.settings.parse({ group: "mike", token: "t0ken", url: "https://gitlab.example.org" });
  const receive = (more: object, path = "mike/diaspora") => {
    const said = {
      object_kind: "merge_request",
      project: { path_with_namespace: path },
      object_attributes: { iid: 3, action: "open", target_branch: "main", last_commit: { id: "c0ffee" }, ...more },
    };
    const headers = { "x-gitlab-token": "s3cret", "x-gitlab-event-uuid": "d1" };
    return gitlabConnector.receive!(settings, { headers, body: Buffer.from(JSON.stringify(said)), secret: "s3cret" }, callWith(cel));
  };
  const change = { system: "gitlab", host: "gitlab.example.org", repository: "mike/diaspora", number: "3", head: "c0ffee", base: "main" };
  expect(await receive({})).toEqual({ deliveryId: "d1", change: { ...change, state: "open" } });
  expect(await receive({ action: "merge" })).toEqual({ deliveryId: "d1", change: { ...change, state: "closed" } });
  expect(await receive({ action: "update", oldrev: "1" })).toEqual({ deliveryId: "d1", change: { ...change, state: "open" } });
  expect(await receive({ action: "update" })).toEqual({ deliveryId: "d1" });
  expect(await receive({}, "others/secret")).toEqual({ deliveryId: "d1" });
});
