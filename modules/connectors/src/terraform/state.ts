import type { Reading } from "@roadbed/contracts/connector";
import { InvalidError, UnavailableError } from "@roadbed/core";
import { createHash } from "node:crypto";

import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import type { TerraformSettings } from "./terraform-connector.ts";

export interface StateWords {
  readonly settings: TerraformSettings;
  readonly name: string;
  readonly location: string;
}

export interface ReadState {
  /** Whose state it is. */
  readonly lineage: string;
  readonly serial: number;
  readonly readings: readonly Reading[];
}

/** The only attributes that are ever taken: words about what it is. States are full of passwords under any name. */
const HARMLESS = [
  "id",
  "arn",
  "name",
  "region",
  "location",
  "zone",
  "availability_zone",
  "project",
  "bucket",
  "engine",
  "engine_version",
  "instance_class",
  "instance_type",
  "machine_type",
  "node_type",
  "sku_name",
  "tier",
  "runtime",
  "kubernetes_version",
  "cluster_version",
  "storage_class",
];
const MAX_TEXT = 300;

/** Throws `InvalidError` for what is no readable state, `UnavailableError` for half of one. */
export function readState(given: unknown, words: StateWords): ReadState {
  const state = record(given);
  if (state["encrypted_data"] !== undefined) {
    throw new InvalidError(`The state of ${words.name} is encrypted.`, {
      mend: "Read it where it is not: by an HTTP backend or HCP Terraform.",
    });
  }
  if (state["version"] !== 4) {
    throw new InvalidError(`${words.name} is no state of version 4.`, {
      mend: "Correct the address; states of Terraform before 0.12 are made new by terraform apply.",
    });
  }
  const { lineage, serial, resources } = state;
  if (typeof lineage !== "string" || typeof serial !== "number" || !Array.isArray(resources)) {
    throw new UnavailableError(`The state of ${words.name} is not whole.`, { mend: "It is read again later." });
  }
  const managed = resources.map(record).filter((one) => one["mode"] === "managed" && isWanted(textOf(one["type"]), words));
  const names = new Map(managed.map((one) => [addressOf(one), entityNameOf(one, lineage)]));
  return { lineage, serial, readings: managed.map((one) => readingOf(one, names, words)) };
}

function isWanted(type: string | undefined, { settings }: StateWords): boolean {
  return type !== undefined && !settings.skipTypes.some((beginning) => type.startsWith(beginning));
}

type Resource = Readonly<Record<string, unknown>>;

function addressOf({ module: path, type, name }: Resource): string {
  return `${typeof path === "string" ? `${path}.` : ""}${String(type)}.${String(name)}`;
}

/** The same address is in many states: the lineage tells them apart, and stays when a state moves. */
function entityNameOf(resource: Resource, lineage: string): string {
  const address = addressOf(resource);
  const mark = createHash("sha256").update(`${lineage}\n${address}`).digest("hex").slice(0, 8);
  return `${toEntityName(`${String(resource["type"])}-${String(resource["name"])}`)
    .slice(0, 50)
    .replace(/[^A-Za-z0-9]+$/, "")}-${mark}`.toLowerCase();
}

function readingOf(resource: Resource, names: ReadonlyMap<string, string>, { settings, location }: StateWords): Reading {
  const address = addressOf(resource);
  const instances = (Array.isArray(resource["instances"]) ? resource["instances"] : []).map(record);
  const tags = instances.map(tagsOf);
  const owner = tagged(tags, settings.ownerTags);
  const component = tagged(tags, settings.componentTags);
  const dependsOn = [...new Set(instances.flatMap(({ dependencies }) => (Array.isArray(dependencies) ? dependencies : [])))]
    .flatMap((one) => names.get(String(one).replace(/\[[^\]]*\]$/, "")) ?? [])
    .sort();
  const provider = /^(?:.*\.)?provider\["?([^"\]]+)"?\]/.exec(String(resource["provider"]))?.[1];
  const path = textOf(resource["module"]);
  const entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Resource",
    metadata: { name: names.get(address)!, namespace: "default", title: address, annotations: { "terraform.io/address": address } },
    spec: {
      type: String(resource["type"]),
      owner: owner === undefined ? settings.owner : /^(group|user):/i.test(owner) ? owner : `group:default/${toEntityName(owner)}`,
      ...(dependsOn.length === 0 ? {} : { dependsOn: dependsOn.map((name) => `resource:default/${name}`) }),
      ...(component === undefined ? {} : { dependencyOf: [`component:default/${toEntityName(component)}`] }),
      ...(provider === undefined ? {} : { provider }),
      ...(path === undefined ? {} : { module: path }),
      instances: instances.length,
      ...(instances.length === 1 ? { attributes: harmlessOf(instances[0]!) } : {}),
    },
  };
  return { type: "entity", mode: "define", entity, location: `${location}#${encodeURIComponent(address)}` };
}

function harmlessOf(instance: Resource): Record<string, unknown> {
  const attributes = record(instance["attributes"]);
  const sensitive = sensitiveOf(instance);
  return Object.fromEntries(
    HARMLESS.filter((key) => !sensitive.has(key) && isPlain(attributes[key])).map((key) => [key, attributes[key]] as const),
  );
}

/** Short words and numbers; no address with a password in it. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean") return true;
  return (
    typeof value === "string" && value !== "" && value.length <= MAX_TEXT && !/:\/\/[^/]*@/.test(value) && !value.includes("PRIVATE KEY")
  );
}

/** Terraform marks paths; whatever begins with an attribute's name hides all of it. */
function sensitiveOf(instance: Resource): Set<string> {
  const paths = instance["sensitive_attributes"];
  return new Set(
    (Array.isArray(paths) ? paths : []).flatMap((path) => textOf(record(Array.isArray(path) ? path[0] : path)["value"]) ?? []),
  );
}

function tagsOf(instance: Resource): Record<string, string> {
  const attributes = record(instance["attributes"]);
  const sensitive = sensitiveOf(instance);
  const found = ["labels", "tags_all", "tags"]
    .filter((key) => !sensitive.has(key))
    .flatMap((key) => Object.entries(record(attributes[key])));
  return Object.fromEntries(
    found.filter((entry): entry is [string, string] => typeof entry[1] === "string").map(([key, value]) => [key.toLowerCase(), value]),
  );
}

function tagged(tags: readonly Record<string, string>[], keys: readonly string[]): string | undefined {
  return keys.flatMap((key) => tags.map((some) => some[key.toLowerCase()])).find((value) => value !== undefined && value !== "");
}
