import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { fromBucket } from "./from-bucket.ts";
import { readState, type StateWords } from "./state.ts";

const Secret = z
  .string()
  .min(1)
  .regex(/^[^\r\n]+$/, "may not hold a line break");

export const TerraformSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Address of a state: an HTTP backend, or a state file that a server hands out"),
    username: advanced(z.string().max(200).optional().describe("For an HTTP backend that asks for a name and a password")),
    password: advanced(Secret.optional().describe("It is stored sealed")),
    organization: z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .optional()
      .describe("Or: the organisation in HCP Terraform or Terraform Enterprise"),
    workspaces: z
      .array(z.string().regex(/^[\w-]{1,100}$/))
      .max(500)
      .default([])
      .describe("Its workspaces; none: all of them"),
    token: Secret.optional().describe("A token that may read state versions; it is stored sealed"),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not the name of a bucket")
      .optional()
      .describe("Or: a bucket of S3, or of what speaks its protocol"),
    prefix: z.string().max(500).default("").describe("Only objects whose names begin so; those that end in .tfstate are read"),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .default("us-east-1")
      .describe("Region of the bucket"),
    accessKeyId: z
      .string()
      .regex(/^\w{3,128}$/)
      .optional()
      .describe("Key of an account that may list the bucket and read its objects"),
    secretAccessKey: Secret.optional().describe("It is stored sealed"),
    sessionToken: advanced(Secret.optional().describe("With a temporary key; it is stored sealed")),
    endpoint: advanced(
      z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe("Address of another store that speaks S3's protocol, e.g. MinIO; none: AWS"),
    ),
    api: advanced(
      z
        .url({ protocol: /^https?$/ })
        .default("https://app.terraform.io")
        .describe("Address of the API"),
    ),
    owner: z.string().max(200).default("unknown").describe("Owner of what no tag gives to somebody"),
    ownerTags: advanced(z.array(z.string().min(1)).default(["owner", "team"]).describe("Tags or labels that name the owner, in any case")),
    componentTags: advanced(
      z.array(z.string().min(1)).default(["component", "service"]).describe("Tags or labels that name the component which depends on it"),
    ),
    skipTypes: advanced(
      z
        .array(z.string().min(1))
        .default(["random_", "tls_", "null_", "time_", "local_", "terraform_data"])
        .describe("Beginnings of types that are passed over"),
    ),
  })
  .superRefine(({ url, organization, token, bucket, accessKeyId, secretAccessKey }, ctx) => {
    if (url === undefined && organization === undefined && bucket === undefined)
      ctx.addIssue({ code: "custom", path: ["url"], message: "is missing: give url, organization or bucket" });
    for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey }))
      if (bucket !== undefined && value === undefined)
        ctx.addIssue({ code: "custom", path: [name], message: "is missing: the bucket is read with it" });
    if (organization !== undefined && token === undefined)
      ctx.addIssue({ code: "custom", path: ["token"], message: "is missing: the organisation is read with one" });
  });
export type TerraformSettings = z.output<typeof TerraformSettings>;

/** What Terraform or OpenTofu made, out of its state (version 4). Of attributes a few harmless ones are taken, and never a sensitive one. */
export const terraformConnector: Connector<TerraformSettings> = {
  kind: "terraform",
  title: "Terraform state",
  summary: "Resources that Terraform or OpenTofu made, with provider, module, owner by tag and what depends on what.",
  settings: TerraformSettings as never,
  secrets: ["password", "token", "secretAccessKey", "sessionToken"],
  targetOf: ({ url, organization, workspaces, api, bucket, prefix, endpoint }) => {
    if (bucket !== undefined) return `${endpoint === undefined ? "s3" : new URL(endpoint).host}/${bucket}/${prefix}`;
    if (url !== undefined) return withoutSecrets(url).replace(/^https?:\/\//, "");
    return `${new URL(api).host}/${organization}${workspaces.length === 0 ? "" : `/${[...workspaces].sort().join(",")}`}`;
  },
  defaults: { everyMinutes: 30, halfLifeDays: 7, confidence: 0.95 },
  read,
};

/** A query or a name in an address may be a signature or a password. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

async function* read(settings: TerraformSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const known = record(call.state["states"]);
  const states: Record<string, unknown> = {};
  for await (const { name, location, state } of statesOf(settings, call)) {
    const words: StateWords = { settings, name, location };
    const { lineage, serial, readings } = readState(state, words);
    assertSame(name, known[name], { lineage, serial });
    states[name] = { lineage, serial };
    yield* readings;
  }
  yield { type: "state", state: { states } };
}

function statesOf(settings: TerraformSettings, call: ConnectorCall): AsyncGenerator<Found> {
  if (settings.bucket !== undefined) return fromBucket(settings, call);
  return settings.url === undefined ? fromCloud(settings, call) : fromUrl(settings, call);
}

/** One state, and where a person finds it. */
export interface Found {
  readonly name: string;
  readonly location: string;
  readonly state: unknown;
}

async function* fromUrl({ url, username, password, token }: TerraformSettings, call: ConnectorCall): AsyncGenerator<Found> {
  const basic = username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
  const authorization = basic ?? (token === undefined ? undefined : `Bearer ${token}`);
  const ask = createAsk(call, { system: "The state's server", headers: authorization === undefined ? {} : { authorization } });
  const { body, status } = await ask(url!);
  // An HTTP backend answers so when nothing was ever stored: that may be a wrong address just as well.
  if (status === 204)
    throw new InvalidError("There is no state at this address yet (204).", { mend: "Correct the address, or run terraform apply first." });
  yield { name: withoutSecrets(url!), location: withoutSecrets(url!), state: body };
}

async function* fromCloud(settings: TerraformSettings, call: ConnectorCall): AsyncGenerator<Found> {
  const { api, organization, token } = settings;
  const base = `${api.replace(/\/+$/, "")}/api/v2`;
  const ask = createAsk(call, { system: "Terraform", headers: { authorization: `Bearer ${token}`, accept: "application/vnd.api+json" } });
  for await (const { id, name } of workspacesOf(ask, base, settings)) {
    const answer = await ask(`${base}/workspaces/${id}/current-state-version`, { accept: [404] });
    if (answer.status === 404) continue;
    const url = textOf(record(record(record(answer.body)["data"])["attributes"])["hosted-state-download-url"]);
    if (url === undefined) {
      throw new InvalidError(`The token may not download the state of the workspace ${name}.`, {
        mend: "Give its team the permission to read state versions.",
      });
    }
    const plain = createAsk(call, { system: "Terraform", headers: isSibling(url, api) ? { authorization: `Bearer ${token}` } : {} });
    const { body } = await plain(url);
    yield { name, location: `${api.replace(/\/+$/, "")}/app/${organization}/workspaces/${name}`, state: body };
  }
}

/** States lie at a host beside the API's, and are asked for with the same token; what lies elsewhere is signed and needs none. */
function isSibling(url: string, api: string): boolean {
  const [a, b] = [new URL(url), new URL(api)];
  const parent = b.hostname.split(".").slice(1).join(".");
  return a.host === b.host || (parent.includes(".") && a.protocol === "https:" && a.hostname.endsWith(`.${parent}`));
}

const MAX_PAGES = 100;

async function* workspacesOf(ask: Ask, base: string, settings: TerraformSettings): AsyncGenerator<{ id: string; name: string }> {
  const root = `${base}/organizations/${settings.organization}/workspaces`;
  for (const name of settings.workspaces) yield workspaceIn(record((await ask(`${root}/${name}`)).body)["data"]);
  if (settings.workspaces.length > 0) return;
  let page: unknown = 1;
  for (let pages = 0; typeof page === "number" && pages < MAX_PAGES; pages++) {
    const { body } = await ask(`${root}?page%5Bsize%5D=100&page%5Bnumber%5D=${page}`);
    const data = record(body)["data"];
    if (!Array.isArray(data)) throw new UnavailableError("Terraform answered no list of workspaces.");
    for (const one of data) yield workspaceIn(one);
    page = record(record(record(body)["meta"])["pagination"])["next-page"];
  }
}

function workspaceIn(value: unknown): { id: string; name: string } {
  const [id, name] = [textOf(record(value)["id"]), textOf(record(record(value)["attributes"])["name"])];
  if (id === undefined || name === undefined) throw new UnavailableError("Terraform answered a workspace without id or name.");
  return { id, name };
}

/** A state says whose it is, and how old: another one, or an older one, would remove what is there. */
function assertSame(name: string, known: unknown, { lineage, serial }: { readonly lineage: string; readonly serial: number }): void {
  const before = record(known);
  if (typeof before["lineage"] !== "string") return;
  if (before["lineage"] !== lineage) {
    throw new ConflictError(`${name} is another state than before: its lineage has changed.`, {
      mend: "If it was made anew, save the settings of the source once more; if not, correct the address.",
    });
  }
  if (typeof before["serial"] === "number" && serial < before["serial"]) {
    throw new UnavailableError(`${name} answers an older state (${serial}) than before (${before["serial"]}).`, {
      mend: "It is read again later.",
    });
  }
}
