import { examine, InvalidError, toProblem } from "@roadbed/core";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { z } from "zod";

import { toEntityName } from "../lib/names.ts";

const Text = z.string().max(20_000);
const Facets = z.record(z.string(), z.unknown()).nullish();
const Named = z.looseObject({ namespace: Text.min(1), name: Text.min(1), facets: Facets });
export type Named = z.output<typeof Named>;
const Datasets = z.array(Named).max(5_000).nullish();

/** An event of a run, of a job or of a data set: which, shows by what is in it. As the standard's schema says, and no stricter. */
export const LineageEvent = z
  .looseObject({
    eventTime: z.iso.datetime({ offset: true, local: true }),
    eventType: z.enum(["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]).nullish(),
    run: z.looseObject({ runId: Text, facets: Facets }).nullish(),
    job: Named.nullish(),
    dataset: Named.nullish(),
    inputs: Datasets,
    outputs: Datasets,
  })
  .refine(({ job, dataset }) => Boolean(job) || Boolean(dataset), { message: "names neither a job nor a dataset", path: ["job"] });
export type LineageEvent = z.output<typeof LineageEvent>;

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_EVENTS = 1_000;

/** One event, or a list of them; packed with gzip where the client does so. Throws `InvalidError`. */
export function parseEvents(body: Uint8Array, encoding: string | undefined): LineageEvent[] {
  const value = parseJson(encoding === "gzip" ? unpack(body) : body);
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MAX_EVENTS) throw new InvalidError(`One message may hold ${MAX_EVENTS} events.`);
  return list.map((one) => {
    const { value: event, faults } = examine(LineageEvent, one);
    if (faults === undefined) return event;
    const problems = faults.map(toProblem);
    throw new InvalidError("This is no event of OpenLineage.", {
      problems,
      mend: "Point the HTTP transport of an OpenLineage client here, version 1 or 2 of the standard.",
    });
  });
}

function unpack(body: Uint8Array): Uint8Array {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new InvalidError("The message says that it is packed with gzip, and is not, or is too large.", { cause });
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new InvalidError("The message is no JSON.", { mend: "Let the client send application/json.", cause });
  }
}

/** Instants of clients in whichever zone, so that they can be compared as texts; without a zone they mean UTC. */
export function instantOf(text: string): string {
  return new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`).toISOString();
}

const ALIASES: Readonly<Record<string, string>> = { s3a: "s3", s3n: "s3", postgresql: "postgres", mssql: "sqlserver", gcs: "gs" };

/** The same place is named by several words, depending on who reads it: Spark says `s3a`, everybody else `s3`. */
export function placeOf({ namespace, name }: { readonly namespace: string; readonly name: string }): { namespace: string; name: string } {
  const [, scheme, rest] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/.exec(namespace) ?? [];
  if (scheme === undefined) return { namespace, name };
  const lower = scheme.toLowerCase();
  return {
    namespace: `${ALIASES[lower] ?? lower}://${rest!.replace(/\/+$/, "")}`,
    name: name.length > 1 ? name.replace(/^\/(?=[^/])/, "") : name,
  };
}

/** Names are unique within a namespace of the standard only, and longer than ours: a mark of both makes them so here. */
export function entityNameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  const mark = createHash("sha256").update(`${namespace}\n${name}`).digest("hex").slice(0, 8);
  const tail = name.length > 50 ? name.slice(-50) : name;
  return `${toEntityName(tail)
    .slice(0, 50)
    .replace(/[^A-Za-z0-9]+$/, "")}-${mark}`.toLowerCase();
}
