import type { Entity } from "@roadbed/contracts/catalog";
import type { Amendment, Reading } from "@roadbed/contracts/connector";

import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import { entityNameOf, instantOf, placeOf, type LineageEvent, type Named } from "./events.ts";
import { openLedger, type Ledger } from "./ledger.ts";

export interface FoldWords {
  readonly namespace: string;
  readonly owner: string;
  readonly lifecycle: string;
  readonly keepDays: number;
}

/** What events say of jobs and data sets, on top of what is known of each. Pure: any order and any repetition ends the same. */
export function foldEvents(events: readonly LineageEvent[], words: FoldWords): Amendment {
  return { refs: [...new Set(events.flatMap((event) => refsOf(event, words)))], apply: (known) => fold(events, words, known) };
}

function refsOf(event: LineageEvent, words: FoldWords): string[] {
  const { job, dataset, inputs, outputs } = event;
  const parent = parentOf(event);
  return [
    ...[job, parent].flatMap((one) => (one ? [jobRef(one, words)] : [])),
    ...[...(inputs ?? []), ...(outputs ?? []), ...(dataset ? [dataset] : [])].map((one) => datasetRef(one, words)),
  ];
}

function jobRef(job: { readonly namespace: string; readonly name: string }, { namespace }: FoldWords): string {
  return `component:${namespace}/${entityNameOf(job)}`;
}

function datasetRef(dataset: { readonly namespace: string; readonly name: string }, { namespace }: FoldWords): string {
  return `resource:${namespace}/${entityNameOf(placeOf(dataset))}`;
}

interface Open {
  readonly ledger: Ledger;
  readonly location: string;
  readonly isJob: boolean;
}

function fold(events: readonly LineageEvent[], words: FoldWords, known: ReadonlyMap<string, Entity>): ReturnType<Amendment["apply"]> {
  const open = new Map<string, Open>();
  const removed = new Map<string, string>();
  const newest = new Map<string, string>();
  for (const event of events) {
    const at = instantOf(event.eventTime);
    const job = event.job ? ofJob(event.job) : undefined;
    if (job) tellJob(job, event, at);
    for (const input of event.inputs ?? []) {
      tellDataset(input, at);
      job?.depend(datasetRef(input, words), at);
    }
    for (const output of event.outputs ?? []) {
      const { ledger } = tellDataset(output, at);
      if (event.job) ledger.depend(jobRef(event.job, words), at);
      if (event.eventType === "COMPLETE") ledger.tell("lastWrittenAt", at, at);
    }
    if (event.dataset) tellDataset(event.dataset, at);
  }
  const readings: Reading[] = [];
  const gone = [...removed].filter(([ref, at]) => at >= (newest.get(ref) ?? "")).map(([ref]) => ref);
  for (const [ref, { ledger, location, isJob }] of open) {
    if (gone.includes(ref)) continue;
    const usual = isJob ? { owner: words.owner, lifecycle: words.lifecycle } : { owner: words.owner };
    readings.push({ type: "entity", mode: "define", entity: ledger.entity(usual), location });
  }
  return { readings, removed: gone };

  function ofJob(job: Named | { readonly namespace: string; readonly name: string }): Ledger {
    return ledgerOf(jobRef(job, words), job, { kind: "Component", type: "job" }).ledger;
  }

  function ledgerOf(
    ref: string,
    { namespace, name }: { readonly namespace: string; readonly name: string },
    head: { kind: string; type: string },
  ): Open {
    const found = open.get(ref);
    if (found) return found;
    const annotations = { "openlineage.io/namespace": namespace, "openlineage.io/name": name };
    const made: Open = {
      ledger: openLedger(
        { ...head, name: ref.slice(ref.indexOf("/") + 1), namespace: words.namespace, title: name, annotations },
        known.get(ref),
        words.keepDays,
      ),
      location: namespace.includes("://")
        ? `${namespace}/${name}`
        : `openlineage://${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`,
      isJob: head.kind === "Component",
    };
    open.set(ref, made);
    return made;
  }

  function tellJob(ledger: Ledger, event: LineageEvent, at: string): void {
    const facets = record(event.job?.facets);
    const type = record(facets["jobType"]);
    const code = record(facets["sourceCodeLocation"]);
    const url = textOf(code["url"]) ?? textOf(code["repoUrl"]);
    ledger.tell("description", descriptionIn(facets), at);
    ledger.tell("owner", ownerIn(facets), at);
    ledger.tell("integration", textOf(type["integration"]), at);
    ledger.tell("jobType", textOf(type["jobType"]), at);
    ledger.tell("sourceLocation", url === undefined ? undefined : `url:${url}`, at);
    const parent = parentOf(event);
    if (parent && !(parent.namespace === event.job?.namespace && parent.name === event.job.name)) {
      // A job that is only named as a parent is there too: its own events say the rest.
      ofJob(parent);
      ledger.tell("subcomponentOf", jobRef(parent, words), at);
    }
    const { eventType } = event;
    if (eventType === "COMPLETE") ledger.tell("lastSuccessAt", at, at);
    if (eventType === "FAIL" || eventType === "ABORT") ledger.tell("lastFailureAt", at, at);
    if (eventType === "COMPLETE" || eventType === "FAIL" || eventType === "ABORT") ledger.tell("lastOutcome", eventType.toLowerCase(), at);
  }

  function tellDataset(dataset: Named, at: string): Open {
    const ref = datasetRef(dataset, words);
    const opened = ledgerOf(ref, placeOf(dataset), { kind: "Resource", type: "dataset" });
    const facets = record(dataset.facets);
    const { ledger } = opened;
    ledger.tell("description", descriptionIn(facets), at);
    ledger.tell("owner", ownerIn(facets), at);
    ledger.tell("schema", schemaIn(facets), at);
    ledger.tell("columnLineage", columnsIn(facets), at);
    const source = textOf(record(facets["dataSource"])["uri"]);
    ledger.tell("dataSource", source === undefined ? undefined : withoutCredentials(source), at);
    if ((newest.get(ref) ?? "") <= at) newest.set(ref, at);
    const change = record(facets["lifecycleStateChange"]);
    if (change["lifecycleStateChange"] === "DROP") removed.set(ref, at);
    const previous = record(change["previousIdentifier"]);
    const [namespace, name] = [textOf(previous["namespace"]), textOf(previous["name"])];
    if (change["lifecycleStateChange"] === "RENAME" && namespace !== undefined && name !== undefined)
      removed.set(datasetRef({ namespace, name }, words), at);
    return opened;
  }
}

function parentOf({ run }: LineageEvent): { namespace: string; name: string } | undefined {
  const job = record(record(record(run?.facets)["parent"])["job"]);
  const [namespace, name] = [textOf(job["namespace"]), textOf(job["name"])];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

const MAX_FIELDS = 1_000;

function descriptionIn(facets: Readonly<Record<string, unknown>>): string | undefined {
  return textOf(record(facets["documentation"])["description"])?.slice(0, 10_000);
}

/** Clients write `team:data`, `user:ada` or a plain name; the first counts. */
function ownerIn(facets: Readonly<Record<string, unknown>>): string | undefined {
  const owners = record(facets["ownership"])["owners"];
  const said = textOf(record(Array.isArray(owners) ? owners[0] : undefined)["name"]);
  if (said === undefined) return undefined;
  const [, sort = "", rest = said] = /^(?:([a-z]+):)?(.+)$/i.exec(said) ?? [];
  const kind = /^(user|person|individual)$/i.test(sort) ? "user" : "group";
  const [first, second] = rest.includes("/") ? [rest.slice(0, rest.indexOf("/")), rest.slice(rest.indexOf("/") + 1)] : ["default", rest];
  return `${kind}:${toEntityName(first!)}/${toEntityName(second!)}`.toLowerCase();
}

function schemaIn(facets: Readonly<Record<string, unknown>>): unknown {
  const fields = record(facets["schema"])["fields"];
  if (!Array.isArray(fields)) return undefined;
  return fields.slice(0, MAX_FIELDS).flatMap((field) => {
    const [name, type, description] = [textOf(record(field)["name"]), textOf(record(field)["type"]), textOf(record(field)["description"])];
    return name === undefined
      ? []
      : [{ name, ...(type === undefined ? {} : { type }), ...(description === undefined ? {} : { description }) }];
  });
}

/** Of each column the columns that it is made of, as `namespace/name#column`. */
function columnsIn(facets: Readonly<Record<string, unknown>>): unknown {
  const fields = record(facets["columnLineage"])["fields"];
  if (typeof fields !== "object" || fields === null) return undefined;
  const columns = Object.entries(fields as Record<string, unknown>).slice(0, MAX_FIELDS);
  return columns.map(([column, lineage]) => {
    const from = record(lineage)["inputFields"];
    const inputs = (Array.isArray(from) ? from : []).flatMap((input) => {
      const { namespace, name, field } = record(input);
      if (typeof namespace !== "string" || typeof name !== "string" || typeof field !== "string") return [];
      const place = placeOf({ namespace, name });
      return [`${place.namespace}/${place.name}#${field}`];
    });
    return { column, from: [...new Set(inputs)].sort() };
  });
}

function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, "//").replace(/[?;].*$/, "");
}
