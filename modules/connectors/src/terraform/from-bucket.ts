import type { ConnectorCall } from "@roadbed/contracts/connector";
import { InvalidError, UnavailableError } from "@roadbed/core";
import { AwsV4Signer } from "aws4fetch";
import { XMLParser } from "fast-xml-parser";

import { createAsk } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import type { Found, TerraformSettings } from "./terraform-connector.ts";

/** A thousand objects a page. */
const MAX_PAGES = 100;
const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "Contents" });

/**
 * The states in a bucket: every object that ends in `.tfstate`, by S3's REST API (ListObjectsV2, GetObject), each question signed
 * (signature version 4). Workspaces other than the default one lie below `env:/NAME/` and are read like the rest.
 */
export async function* fromBucket(settings: TerraformSettings, call: ConnectorCall): AsyncGenerator<Found> {
  const ask = createAsk(call, { system: "The bucket", headers: {} });
  const root = rootOf(settings);
  const read = async (url: URL): Promise<string> => {
    const signed = await new AwsV4Signer({
      url: url.href,
      service: "s3",
      region: settings.region,
      accessKeyId: settings.accessKeyId!,
      secretAccessKey: settings.secretAccessKey!,
      ...(settings.sessionToken === undefined ? {} : { sessionToken: settings.sessionToken }),
      datetime: call
        .now()
        .toISOString()
        .replace(/[:-]|\.\d{3}/g, ""),
    }).sign();
    const headers = Object.fromEntries(signed.headers.entries());
    return String((await ask(url.href, { raw: true, headers })).body);
  };
  let found = false;
  for await (const key of keysOf(root, settings.prefix, read)) {
    found = true;
    const url = new URL(`${root.href}${key.split("/").map(encodeURIComponent).join("/")}`);
    yield { name: key, location: `s3://${settings.bucket}/${key}`, state: parsed(key, await read(url)) };
  }
  if (!found) {
    throw new InvalidError(`No object of the bucket ${settings.bucket} begins with "${settings.prefix}" and ends in .tfstate.`, {
      mend: "Correct the bucket or the prefix.",
      problems: [{ at: "prefix", reason: "finds no state" }],
    });
  }
}

/** Names with dots have no certificate of their own below AWS's; other stores are asked by path as well. */
function rootOf({ bucket, region, endpoint }: TerraformSettings): URL {
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/+$/, "")}/${bucket}/`);
  const host = `s3.${region}.amazonaws.com`;
  return new URL(bucket!.includes(".") ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`);
}

async function* keysOf(root: URL, prefix: string, read: (url: URL) => Promise<string>): AsyncGenerator<string> {
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const url = new URL(root);
    url.searchParams.set("list-type", "2");
    if (prefix !== "") url.searchParams.set("prefix", prefix);
    if (next !== undefined) url.searchParams.set("continuation-token", next);
    const result = record(record(parser.parse(await read(url)))["ListBucketResult"]);
    if (result["IsTruncated"] === undefined) throw new UnavailableError("The bucket answered no list of objects.");
    for (const one of Array.isArray(result["Contents"]) ? result["Contents"] : []) {
      const key = textOf(record(one)["Key"]);
      if (key?.endsWith(".tfstate")) yield key;
    }
    if (result["IsTruncated"] !== "true") return;
    next = textOf(result["NextContinuationToken"]);
    if (next === undefined) return;
  }
  throw new UnavailableError(`The bucket has more than ${MAX_PAGES * 1_000} objects below this prefix.`, {
    mend: "Give a longer prefix.",
  });
}

function parsed(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnavailableError(`${key} is no JSON.`, { mend: "It is read again later." });
  }
}
