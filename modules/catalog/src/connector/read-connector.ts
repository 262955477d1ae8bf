import { hash } from "node:crypto";

import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { TooLargeError } from "@roadbed/core";

import type { Document } from "../descriptor/document.ts";
import { parseYaml } from "../descriptor/parse-yaml.ts";
import { resolvePlaceholders } from "../descriptor/placeholders.ts";
import { DISCOVERED_BY } from "../entity/entity-store.ts";
import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Kinds } from "../kinds/registry.ts";
import { breathe } from "../source/breathe.ts";
import type { Candidate, Enrichment, Problem, Snapshot } from "../source/snapshot.ts";
import type { Tree } from "../source/tree.ts";
import type { Budget } from "../source/source-store.ts";

/** Most that one reading may yield. */
const MAX_READINGS = 500_000;
const MAX_DOCUMENT_BYTES = 2_000_000;
const MAX_SAMPLES = 5;

/** What is worth keeping also of a reading that broke off. */
export interface Gleaned {
  budget?: Budget;
  readonly samples: unknown[];
}

/** Where a descriptor comes alone. */
const NO_FILES: Tree = { fingerprint: "", files: [], skipped: [], read: async () => undefined, locationOf: (path) => path };

type Known = Pick<Connector, "kind" | "defaults">;

/** Everything that a connector yields, as a snapshot. Throws what the connector throws: then nothing is known to be gone. */
export async function readConnector<S extends object>(
  connector: Connector<S>,
  settings: S,
  call: ConnectorCall,
  { kinds, gleaned = { samples: [] } }: { readonly kinds: Kinds; readonly gleaned?: Gleaned },
): Promise<Snapshot> {
  const started = performance.now();
  const startedAt = call.now();
  const reading = createReading(connector, kinds, gleaned);
  for await (const one of connector.read(settings, call)) {
    call.signal.throwIfAborted();
    await breathe();
    if (one.type === "descriptor") await reading.takeDescriptor(one);
    else reading.take(one);
  }
  return { ...reading.finish(), startedAt, durationMs: performance.now() - started };
}

/** What a message says, as a snapshot of nothing but that. */
export async function snapshotOf(connector: Known, kinds: Kinds, readings: readonly Reading[], gone: readonly string[]): Promise<Snapshot> {
  const reading = createReading(connector, kinds, { samples: [] });
  for (const one of readings) {
    if (one.type === "descriptor") await reading.takeDescriptor(one);
    else reading.take(one);
  }
  const snapshot = reading.finish();
  const described = new Set(snapshot.candidates.map(({ ref }) => ref));
  return { ...snapshot, gone: new Set(gone.map((ref) => ref.toLowerCase()).filter((ref) => !described.has(ref))), durationMs: 0 };
}

function createReading(connector: Known, kinds: Kinds, gleaned: Gleaned) {
  const byRef = new Map<string, Candidate>();
  const enrichments: Enrichment[] = [];
  const problems: Problem[] = [];
  const doubtful = new Set<string>();
  const doubtfulRefs = new Set<string>();
  const unchangedLocations: string[] = [];
  const counts = { read: 0, failed: 0 };
  let memory: Readonly<Record<string, unknown>> | undefined;
  let taken = 0;

  return { take, takeDescriptor, finish };

  function take(one: Exclude<Reading, { type: "descriptor" }>): void {
    if (++taken > MAX_READINGS)
      throw new TooLargeError(`The source says more than ${MAX_READINGS} things.`, { mend: "Connect a smaller part of it." });
    if (one.type === "entity") takeEntity(one);
    else if (one.type === "problem") takeProblem(one);
    else if (one.type === "state") memory = one.state;
    else if (one.type === "unchanged") unchangedLocations.push(one.locationPrefix);
    else if (one.type === "sample") {
      gleaned.samples.push(one.body);
      if (gleaned.samples.length > MAX_SAMPLES) gleaned.samples.shift();
    } else gleaned.budget = { remaining: one.remaining, limit: one.limit, resetAt: one.resetAt.toISOString() };
  }

  /** As a file of a folder is read; what lies beside it is not at hand. */
  async function takeDescriptor({ text, location }: Extract<Reading, { type: "descriptor" }>): Promise<void> {
    if (++taken > MAX_READINGS) throw new TooLargeError(`The source says more than ${MAX_READINGS} things.`);
    for (const parsed of parseYaml(text)) {
      await breathe();
      if ("unreadable" in parsed) {
        const { line, reason, mend } = parsed.unreadable;
        counts.read++;
        counts.failed++;
        problems.push({ file: location, line, at: "", reason, ...(mend === undefined ? {} : { mend }) });
        doubtful.add(location);
        continue;
      }
      const { value, faults } = await resolvePlaceholders(parsed.document.value, location, NO_FILES);
      for (const { path, reason, mend } of faults) {
        problems.push({
          file: location,
          line: parsed.document.lineOf(path),
          at: formatPath(path),
          reason,
          ...(mend === undefined ? {} : { mend }),
        });
      }
      if (faults.length > 0) doubtful.add(location);
      else takeEntity({ type: "entity", mode: "define", entity: value as Entity, location }, parsed.document);
    }
  }

  function takeProblem({ at, reason, mend, ref }: Extract<Reading, { type: "problem" }>): void {
    counts.read++;
    counts.failed++;
    problems.push({
      file: at,
      at: "",
      reason,
      ...(mend === undefined ? {} : { mend }),
      ...(ref === undefined ? {} : { ref: ref.toLowerCase() }),
    });
    if (ref === undefined) doubtful.add(at);
    else doubtfulRefs.add(ref.toLowerCase());
  }

  function takeEntity(reading: Extract<Reading, { type: "entity" }>, document?: Document): void {
    counts.read++;
    if (reading.mode === "enrich") return takeEnrichment(reading);
    const { entity, faults } = validateEntity(reading.otherwise ? discovered(reading.entity, connector.kind) : reading.entity, kinds);
    if (!entity) {
      counts.failed++;
      const ref = refOf(reading.entity);
      for (const { path, reason, mend } of faults) {
        problems.push({
          file: reading.location,
          ...(document ? { line: document.lineOf(path) } : {}),
          at: formatPath(path),
          reason,
          ...(mend === undefined ? {} : { mend }),
          ...(ref === undefined ? {} : { ref }),
        });
      }
      if (ref === undefined) doubtful.add(reading.location);
      else doubtfulRefs.add(ref);
      return;
    }
    define(entity, reading, document?.line ?? null);
  }

  function define(entity: Entity, reading: Extract<Reading, { type: "entity" }>, line: number | null): void {
    const { location, confidence, otherwise } = reading;
    const ref = refOf(entity)!;
    const first = byRef.get(ref);
    if (first) {
      if (first.location === location && line === null) return;
      counts.failed++;
      problems.push({ file: location, at: "metadata.name", reason: `${ref} is described twice: first at ${first.location}`, ref });
      return;
    }
    const json = JSON.stringify(entity);
    if (json.length > MAX_DOCUMENT_BYTES) {
      counts.failed++;
      problems.push({ file: location, at: "", reason: `has ${json.length} bytes; ${MAX_DOCUMENT_BYTES} is the most`, ref });
      doubtfulRefs.add(ref);
      return;
    }
    const digest = hash("sha256", json, "base64url");
    byRef.set(ref, {
      ref,
      entity,
      json,
      hash: digest,
      file: location,
      location,
      line,
      docsRoot: null,
      ...(confidence === undefined ? {} : { confidence }),
      ...(otherwise === undefined ? {} : { otherwise: enrichmentOf({ ...reading, entity: otherwise }, { ref }) }),
    });
  }

  function takeEnrichment(reading: Extract<Reading, { type: "entity" }>): void {
    const { entity, match, location } = reading;
    const ref = match ? undefined : refOf(entity);
    if (!match && ref === undefined) {
      counts.failed++;
      problems.push({ file: location, at: "metadata.name", reason: `${connector.kind} does not say which entity it means` });
      return;
    }
    enrichments.push(enrichmentOf(reading, match ?? { ref: ref! }));
  }

  function enrichmentOf(reading: Extract<Reading, { type: "entity" }>, about: Enrichment["about"]): Enrichment {
    const { entity, location, confidence, rule, observedAt } = reading;
    const { metadata, spec } = entity;
    const json = JSON.stringify({ ...(metadata ? { metadata } : {}), ...(spec ? { spec } : {}) });
    return {
      about,
      json,
      hash: hash("sha256", json, "base64url"),
      location,
      confidence: confidence ?? connector.defaults.confidence,
      ...(rule === undefined ? {} : { rule }),
      ...(observedAt ? { observedAt } : {}),
    };
  }

  function finish(): Omit<Snapshot, "durationMs"> {
    const { budget, samples } = gleaned;
    return {
      ...counts,
      fingerprint: null,
      candidates: [...byRef.values()],
      problems,
      doubtful,
      doubtfulRefs,
      docs: [],
      unchangedLocations,
      enrichments,
      samples,
      ...(memory ? { memory } : {}),
      ...(budget ? { budget } : {}),
    };
  }
}

function refOf(entity: Entity): string | undefined {
  const { kind, metadata } = entity ?? {};
  if (typeof kind !== "string" || typeof metadata?.name !== "string") return undefined;
  const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
  return formatRef({ kind, namespace, name: metadata.name }).slice(0, 200);
}

/** Says in the document that nobody wrote it: whoever does takes it over. */
function discovered(entity: Entity, kind: string): Entity {
  const { metadata } = entity;
  return { ...entity, metadata: { ...metadata, annotations: { ...metadata.annotations, [DISCOVERED_BY]: kind } } };
}
