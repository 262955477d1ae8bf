import { createHmac } from "node:crypto";

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
  if (path === "/repositories/team/app/src/main/") {
    return {
      body: {
        values: [
          { type: "commit_file", path: "catalog-info.yaml" },
          { type: "commit_directory", path: "catalog-info" },
        ],
      },
    };
  }
  if (path === "/repositories/team/app/src/main/catalog-info.yaml") return { body: "kind: Component" };
  return { status: 404, body: {} };
}

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
