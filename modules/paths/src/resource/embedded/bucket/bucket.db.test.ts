import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type { ProvisionedResource, ResourceDetail } from "@roadbed/contracts/paths/resources";
import { eventually } from "@roadbed/testkit";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";

import { ORDERS, startResourceWorld, type ResourceWorld } from "../../../testing/resource-world.suite.ts";

let world: ResourceWorld;
let made: ResourceDetail;
let vars: Record<string, string>;
let s3: Awaited<ReturnType<typeof clientOf>>;

beforeAll(async () => {
  world = await startResourceWorld();
  made = await world.settled((await world.request({ type: "bucket", name: "orders-files", consumer: ORDERS })).id);
  vars = await world.credentials(made.id);
  s3 = clientOf(vars);
}, 120_000);
afterAll(() => world.close());

/** A client as any program has it. */
function clientOf(of: Record<string, string>, secret = of["AWS_SECRET_ACCESS_KEY"]!) {
  const aws = new AwsClient({
    accessKeyId: of["AWS_ACCESS_KEY_ID"]!,
    secretAccessKey: secret,
    service: "s3",
    region: of["AWS_REGION"]!,
    retries: 0,
  });
  const at = (key: string, query = ""): string =>
    `${of["AWS_ENDPOINT_URL_S3"]}/${of["S3_BUCKET"]}/${key.split("/").map(encodeURIComponent).join("/")}${query}`;
  return {
    aws,
    at,
    put: (key: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
      aws.fetch(at(key), { method: "PUT", body, headers }),
    get: (key: string, headers: Record<string, string> = {}) => aws.fetch(at(key), { headers }),
    head: (key: string) => aws.fetch(at(key), { method: "HEAD" }),
    delete: (key: string) => aws.fetch(at(key), { method: "DELETE" }),
    list: async (query: string) => {
      const text = await (await aws.fetch(at("", `?list-type=2&${query}`))).text();
      const all = (name: string) => [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, value]) => value!);
      return {
        keys: all("Key"),
        prefixes: all("Prefix").slice(1),
        next: all("NextContinuationToken")[0],
        truncated: all("IsTruncated")[0],
      };
    },
  };
}
const codeOf = async (answer: Promise<Response>): Promise<string> => {
  const got = await answer;
  return `${got.status} ${/<Code>(.*)<\/Code>/.exec(await got.text())?.[1] ?? ""}`.trim();
};
const filesOf = async (id: string): Promise<number> =>
  (await readdir(join(world.dataDir, "resources/buckets", id), { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
    .length;

test("a bucket is made, given to its consumer, and its secret is nowhere but sealed", async () => {
  expect(made).toMatchObject({
    state: "ready",
    seen: "present",
    seenWords: "0 objects, 0 B of 1 GB",
    drift: [],
    facts: { bucket: "orders-files--dev", objects: 0 },
    variables: [
      "S3_BUCKET",
      "AWS_ENDPOINT_URL_S3",
      "AWS_REGION",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_REQUEST_CHECKSUM_CALCULATION",
    ],
  });
  expect(await world.call("variablesFor", { entityRef: ORDERS, environment: "dev" })).toEqual(vars);
  const { rows } = await world.database.db.query<{ spec: object }>(
    "select entity->'spec' as spec from test.entity where ref = 'resource:default/orders-files'",
  );
  expect(rows[0]?.spec).toMatchObject({ type: "bucket", dependencyOf: [ORDERS] });
  const { rows: all } = await world.database.db.query<{ all: string }>(
    `select (select string_agg(r::text, ' ') from (select id, facts, drift, params, inputs from paths.resource) r)
       || (select string_agg(h::text, ' ') from paths.resource_history h) || (select string_agg(e::text, ' ') from kernel.event e) as all`,
  );
  expect(all[0]?.all).not.toContain(vars["AWS_SECRET_ACCESS_KEY"]);
});

test("an object is put, asked for, read in part, put again and deleted", async () => {
  const key = "reports/für alle & ~(1)+2.txt";
  const answer = await s3.put(key, "hello", { "content-type": "text/plain", "x-amz-meta-by": "ada" });
  expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"5d41402abc4b2a76b9719d911017c592"']);
  const got = await s3.get(key);
  expect([await got.text(), got.headers.get("content-type"), got.headers.get("x-amz-meta-by")]).toEqual(["hello", "text/plain", "ada"]);
  const head = await s3.head(key);
  expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([200, "5", answer.headers.get("etag")]);
  const part = await s3.get(key, { range: "bytes=1-3" });
  expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "ell", "bytes 1-3/5"]);
  expect(await codeOf(s3.get(key, { range: "bytes=9-" }))).toBe("416 InvalidRange");
  expect((await s3.get(key, { "if-none-match": answer.headers.get("etag")! })).status).toBe(304);
  expect(await codeOf(s3.put(key, "other", { "if-none-match": "*" }))).toBe("412 PreconditionFailed");
  expect((await s3.put(key, "hello, all")).status).toBe(200);
  expect(await (await s3.get(key)).text()).toBe("hello, all");
  expect(await filesOf(made.id)).toBe(1);
  expect((await s3.delete(key)).status).toBe(204);
  expect((await s3.delete(key)).status).toBe(204);
  expect(await codeOf(s3.get(key))).toBe("404 NoSuchKey");
  expect((await s3.head(key)).status).toBe(404);
  expect(await filesOf(made.id)).toBe(0);
});

test("keys are listed in the order of their bytes, by prefix, up to a delimiter, in pages", async () => {
  const keys = ["a", "b/1", "b/2", "b/c/3", "d", "é", "😀", "\ue000"];
  for (const key of keys) await s3.put(key, key);
  const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect((await s3.list("")).keys).toEqual(inOrder);
  expect(await s3.list("delimiter=%2F")).toMatchObject({ keys: ["a", "d", ...inOrder.slice(5)], prefixes: ["b/"], truncated: "false" });
  expect(await s3.list("prefix=b%2F&delimiter=%2F")).toMatchObject({ keys: ["b/1", "b/2"], prefixes: ["b/c/"] });
  expect((await s3.list("start-after=d&encoding-type=url")).keys[0]).toBe("%C3%A9");
  const seen: string[] = [];
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await s3.list(`delimiter=%2F&max-keys=2${token === undefined ? "" : `&continuation-token=${token}`}`);
    seen.push(...page.keys, ...page.prefixes);
    token = page.next;
  }
  expect(seen.toSorted()).toEqual(["a", "b/", ...inOrder.slice(4)].toSorted());
  for (const key of keys) await s3.delete(key);
});

describe("the door", () => {
  test("opens to the right signature only", async () => {
    const other = await world.settled((await world.request({ type: "bucket", name: "other-files" })).id);
    const others = clientOf(await world.credentials(other.id));
    expect((await others.put("x", "theirs")).status).toBe(200);
    expect(await codeOf(fetch(s3.at("x")))).toBe("403 AccessDenied");
    expect(await codeOf(clientOf(vars, "wrong").get("x"))).toBe("403 SignatureDoesNotMatch");
    expect(await codeOf(s3.aws.fetch(others.at("x")))).toBe("403 InvalidAccessKeyId");
    expect(await codeOf(s3.aws.fetch(s3.at("x").replace("orders-files", "no-such")))).toBe("403 InvalidAccessKeyId");
    // Another body, another address or another time than what was signed.
    const signed = await s3.aws.sign(s3.at("x"), { method: "PUT", body: "one", headers: { "x-amz-content-sha256": await sha256("one") } });
    expect(await codeOf(fetch(signed.url, { method: "PUT", headers: signed.headers, body: "two" }))).toBe("400 XAmzContentSHA256Mismatch");
    expect(await codeOf(fetch(`${signed.url}y`, { method: "PUT", headers: signed.headers, body: "one" }))).toBe(
      "403 SignatureDoesNotMatch",
    );
    const old = await s3.aws.sign(s3.at("x"), { aws: { datetime: "20260101T000000Z" } });
    expect(await codeOf(fetch(old))).toBe("403 RequestTimeTooSkewed");
    const bare = await s3.aws.sign(s3.at("x"), { method: "PUT", body: "one" });
    expect(
      await codeOf(
        fetch(bare.url, { method: "PUT", body: "one", headers: { ...Object.fromEntries(bare.headers), "x-amz-meta-more": "1" } }),
      ),
    ).toBe("403 AccessDenied");
    expect(await codeOf(s3.get("x"))).toBe("404 NoSuchKey");
  });

  test("takes an address that was signed for a while", async () => {
    await s3.put("shared", "for a while");
    const signed = await s3.aws.sign(s3.at("shared", "?X-Amz-Expires=60"), { aws: { signQuery: true } });
    expect(await (await fetch(signed.url)).text()).toBe("for a while");
    expect(await codeOf(fetch(signed.url, { method: "DELETE" }))).toBe("403 SignatureDoesNotMatch");
    const over = await s3.aws.sign(s3.at("shared", "?X-Amz-Expires=60"), { aws: { signQuery: true, datetime: "20260101T000000Z" } });
    expect(await codeOf(fetch(over.url))).toBe("403 AccessDenied");
    await s3.delete("shared");
  });

  test("refuses in words what it does not do", async () => {
    for (const [query, method] of [
      ["?acl", "GET"],
      ["?tagging", "PUT"],
    ] as const)
      expect(await codeOf(s3.aws.fetch(s3.at("x", query), { method, ...(method === "PUT" && { body: "x" }) })), query).toBe(
        "501 NotImplemented",
      );
    expect(await codeOf(s3.put("x", "", { "x-amz-copy-source": "/a/b" }))).toBe("501 NotImplemented");
    expect(await codeOf(s3.put("x", "x", { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }))).toBe("501 NotImplemented");
    expect(await codeOf(s3.put("k".repeat(1_025), "x"))).toBe("400 KeyTooLongError");
    expect(await codeOf(s3.put("../../../etc/passwd", "x").then(async (answer) => (await s3.delete("etc/passwd"), answer)))).toMatch(
      /^(200|403)/,
    );
    expect(existsSync(join(world.dataDir, "resources/etc"))).toBe(false);
  });
});

describe("an object in parts", () => {
  const ask = (key: string, query: string, method: string, body?: string): Promise<Response> =>
    s3.aws.fetch(s3.at(key, query), { method, ...(body !== undefined && { body }) });
  const begin = async (key: string, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await s3.aws.fetch(s3.at(key, "?uploads"), { method: "POST", headers });
    return /<UploadId>(.*)<\/UploadId>/.exec(await answer.text())![1]!;
  };
  const put = async (key: string, id: string, number: number, body: string): Promise<string> =>
    (await ask(key, `?partNumber=${number}&uploadId=${id}`, "PUT", body)).headers.get("etag")!;
  const list = (parts: readonly (readonly [number, string])[]): string =>
    `<CompleteMultipartUpload>${parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join("")}</CompleteMultipartUpload>`;

  test("is there when its parts are completed, in their order, with its headers; the parts are gone", async () => {
    const id = await begin("big/one", { "content-type": "text/plain", "x-amz-meta-by": "ada" });
    const second = await put("big/one", id, 2, "world");
    await put("big/one", id, 1, "other");
    const first = await put("big/one", id, 1, "hello ");
    expect(await codeOf(s3.get("big/one"))).toBe("404 NoSuchKey");
    expect(await (await ask("big/one", `?uploadId=${id}`, "GET")).text()).toMatch(/<PartNumber>1<.*<Size>6<.*<PartNumber>2<.*<Size>5</);
    expect(await (await s3.aws.fetch(s3.at("", "?uploads"))).text()).toContain(`<Key>big/one</Key><UploadId>${id}</UploadId>`);
    const wrong = list([
      [1, '"0"'],
      [2, second],
    ]);
    expect(await codeOf(ask("big/one", `?uploadId=${id}`, "POST", wrong))).toBe("400 InvalidPart");
    expect(
      await codeOf(
        ask(
          "big/one",
          `?uploadId=${id}`,
          "POST",
          list([
            [2, second],
            [1, first],
          ]),
        ),
      ),
    ).toBe("400 InvalidPartOrder");
    expect(await codeOf(ask("big/one", `?uploadId=${id}`, "POST", "<a/>"))).toBe("400 MalformedXML");
    const answer = await ask(
      "big/one",
      `?uploadId=${id}`,
      "POST",
      list([
        [1, first],
        [2, second.replaceAll('"', "&quot;")],
      ]),
    );
    expect(await answer.text()).toMatch(/<ETag>&quot;[0-9a-f]{32}-2&quot;<\/ETag>/);
    const got = await s3.get("big/one");
    expect([await got.text(), got.headers.get("content-type"), got.headers.get("x-amz-meta-by")]).toEqual([
      "hello world",
      "text/plain",
      "ada",
    ]);
    expect(await filesOf(made.id)).toBe(1);
    expect(await codeOf(ask("big/one", `?uploadId=${id}`, "POST", list([[1, first]])))).toBe("404 NoSuchUpload");
    await s3.delete("big/one");
    expect(await filesOf(made.id)).toBe(0);
  });

  test("is given up with all its parts, and nobody's upload is another's", async () => {
    const id = await begin("big/two");
    await put("big/two", id, 1, "x".repeat(1_000));
    expect(await codeOf(ask("big/other", `?uploadId=${id}`, "GET"))).toBe("404 NoSuchUpload");
    expect(await codeOf(ask("big/two", `?partNumber=0&uploadId=${id}`, "PUT", "x"))).toBe("400 InvalidArgument");
    expect((await ask("big/two", `?uploadId=${id}`, "DELETE")).status).toBe(204);
    expect(await codeOf(ask("big/two", `?partNumber=1&uploadId=${id}`, "PUT", "x"))).toBe("404 NoSuchUpload");
    expect(await codeOf(ask("big/two", "?uploadId=x", "DELETE"))).toBe("404 NoSuchUpload");
    expect(await filesOf(made.id)).toBe(0);
  });
});

test("more than its class holds is refused, also by many at once, and nothing of it stays", async () => {
  const yaml = (size: number) =>
    stringify({
      apiVersion: "roadbed.dev/v1",
      kind: "ResourceClass",
      metadata: { name: "bucket-tiny", title: "Tiny" },
      spec: {
        type: "bucket",
        class: "tiny",
        modules: [{ environments: ["*"], provisioner: "embedded-bucket", inputs: { sizeMb: size, objects: 3 } }],
      },
    });
  await world.call("paths.resource-class.save", { folder: [{ path: "class.yaml", base64: Buffer.from(yaml(1)).toString("base64") }] });
  const tiny = await world.settled((await world.request({ type: "bucket", class: "tiny", name: "tiny" })).id);
  const client = clientOf(await world.credentials(tiny.id));
  const half = new Uint8Array(600_000);
  const answers = await Promise.all(["a", "b", "c"].map((key) => codeOf(client.put(key, half))));
  expect(answers.toSorted()).toEqual(["200", "403 QuotaExceeded", "403 QuotaExceeded"]);
  expect(await filesOf(tiny.id)).toBe(1);
  const [kept] = (await client.list("")).keys;
  expect((await client.put(kept!, "smaller")).status).toBe(200);
  for (const key of ["x", "y"]) expect((await client.put(key, "1")).status).toBe(200);
  expect(await codeOf(client.put("z", "1"))).toBe("403 QuotaExceeded");
  expect(await world.call<ProvisionedResource>("paths.resource.check", { resource: tiny.id })).toMatchObject({
    seenWords: "3 objects, 9 B of 1 MB",
    drift: [],
  });
});

test("it becomes one of another class with what is in it; a folder that went is told; it goes wholly, not while it is used", async () => {
  await s3.put("kept", "kept");
  await world.call("paths.resource.change", { resource: made.id, class: "medium" });
  expect(await world.settled(made.id)).toMatchObject({ state: "ready", class: "medium", drift: [], seenWords: "1 object, 4 B of 10 GB" });
  expect(await (await s3.get("kept")).text()).toBe("kept");

  const folder = join(world.dataDir, "resources/buckets", made.id);
  for (const one of await readdir(folder)) if (one !== "incoming") await rm(join(folder, one), { recursive: true });
  expect(await world.call<ProvisionedResource>("paths.resource.check", { resource: made.id })).toMatchObject({
    drift: [{ what: "files", found: "1 missing" }],
  });

  const destroy = (despite: boolean) => world.call("paths.resource.destroy", { resource: made.id, name: "orders-files", despite });
  await expect(destroy(false)).rejects.toMatchObject({ code: "CONFLICT", message: `${ORDERS} still uses orders-files.` });
  await destroy(true);
  expect(await world.settled(made.id)).toMatchObject({ state: "destroyed", variables: [] });
  expect(existsSync(folder)).toBe(false);
  expect(await codeOf(s3.get("kept"))).toBe("403 InvalidAccessKeyId");
});

test("kill -9 after it was made, before that is known: it is made once, with the credentials it had, and the door opens again", async () => {
  await world.database.db.query("insert into test.die values ('entity')");
  const asked = await world.request({ type: "bucket", name: "killed" });
  await eventually(async () => expect(world.server.child.exitCode ?? world.server.child.signalCode).not.toBeNull(), 60_000);
  await world.startAgain();
  const found = await world.settled(asked.id);
  expect(found).toMatchObject({ state: "ready", drift: [] });
  expect(found.history.filter(({ words }) => words === "The bucket killed--dev was made.")).toHaveLength(1);
  const client = clientOf(await world.credentials(asked.id));
  expect((await client.put("a", "1")).status).toBe(200);
  await world.kill();
  await world.startAgain();
  expect(await (await client.get("a")).text()).toBe("1");
}, 90_000);

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("hex");
}
