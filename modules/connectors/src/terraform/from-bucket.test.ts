import { createHash, createHmac } from "node:crypto";

import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { terraformConnector, TerraformSettings } from "./terraform-connector.ts";

const SECRET = "s3cret/key";
const cel = createCel();
afterAll(() => cel.close());
let double: Double;
let objects: Record<string, string>;
beforeEach(async () => {
  objects = {
    "prod/network.tfstate": stateOf("aws_vpc", "main", "vpc-1"),
    "prod/notes.txt": "no state",
    "prod/env:/blue green/app.tfstate": stateOf("aws_instance", "web", "i-1"),
    "test/app.tfstate": stateOf("aws_instance", "other", "i-2"),
  };
  double = await openDouble(answer);
});
afterEach(() => double.close());

function stateOf(type: string, name: string, id: string): string {
  const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
  return JSON.stringify({
    version: 4,
    serial: 1,
    lineage: id,
    resources: [{ mode: "managed", type, name, provider, instances: [{ attributes: { id } }] }],
  });
}

/** A double of S3: it checks the signature (version 4) as S3 documents it, and lists one object a page. */
function answer({ url, headers }: Question): Reply {
  if (!isSigned(url, headers)) return { status: 403, body: "<Error><Code>SignatureDoesNotMatch</Code></Error>" };
  if (url.pathname === "/states/") {
    const keys = Object.keys(objects).filter((key) => key.startsWith(url.searchParams.get("prefix") ?? ""));
    const at = Number(url.searchParams.get("continuation-token") ?? 0);
    const more = at + 1 < keys.length;
    const content = keys[at] === undefined ? "" : `<Contents><Key>${keys[at]}</Key><Size>1</Size></Contents>`;
    const next = more ? `<NextContinuationToken>${at + 1}</NextContinuationToken>` : "";
    return {
      body: `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${content}${next}</ListBucketResult>`,
    };
  }
  const object = objects[decodeURIComponent(url.pathname.replace("/states/", ""))];
  return object === undefined ? { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" } : { body: object };
}

function isSigned(url: URL, headers: Question["headers"]): boolean {
  const authorization = String(headers["authorization"]);
  const said = /Credential=AKIAEXAMPLE\/(\d{8})\/eu-west-1\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(authorization);
  const [, day, names, signature] = said ?? [];
  if (day === undefined || names === undefined) return false;
  const escaped = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].map(([key, value]) => `${escaped(key)}=${escaped(value)}`).sort();
  const path = decodeURIComponent(url.pathname).split("/").map(escaped).join("/");
  const signed = names.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const request = ["GET", path, query.join("&"), signed.join(""), names, String(headers["x-amz-content-sha256"])].join("\n");
  const scope = `${day}/eu-west-1/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, createHash("sha256").update(request).digest("hex")].join("\n");
  const key = [day, "eu-west-1", "s3", "aws4_request"].reduce<Buffer | string>(
    (before, word) => createHmac("sha256", before).update(word).digest(),
    `AWS4${SECRET}`,
  );
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}

const settings = (over: object = {}): object => ({
  bucket: "states",
  region: "eu-west-1",
  prefix: "prod/",
  accessKeyId: "AKIAEXAMPLE",
  secretAccessKey: SECRET,
  endpoint: double.url,
  ...over,
});
const read = (over?: object) => readAll(terraformConnector, settings(over), callWith(cel));

test("every state below the prefix is read, over all pages, by signed questions", async () => {
  const readings = await read();
  expect(entitiesOf(readings).map(({ location }) => location)).toEqual([
    "s3://states/prod/network.tfstate#aws_vpc.main",
    "s3://states/prod/env:/blue green/app.tfstate#aws_instance.web",
  ]);
  expect(JSON.stringify(readings)).not.toContain(SECRET);
});

test("a wrong key, a prefix without states and a state that is broken end the reading, so that nothing is removed", async () => {
  await expect(read({ secretAccessKey: "other" })).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("403") });
  await expect(read({ prefix: "stage/" })).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("stage/") });
  objects["prod/network.tfstate"] = '{"version": 4, "resou';
  await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("settings say what is missing; the target tells nothing secret", () => {
  expect(() => TerraformSettings.parse({ bucket: "states" })).toThrow("secretAccessKey");
  expect(() => TerraformSettings.parse({})).toThrow("bucket");
  expect(terraformConnector.targetOf(TerraformSettings.parse(settings()))).toBe(`${new URL(double.url).host}/states/prod/`);
  expect(terraformConnector.targetOf(TerraformSettings.parse(settings({ endpoint: undefined })))).toBe("s3/states/prod/");
});
