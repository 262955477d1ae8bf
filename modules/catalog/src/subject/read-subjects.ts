import type { Entity } from "@roadbed/contracts/catalog";
import { readOnCall } from "@roadbed/contracts/catalog/on-call";
import type { Sql } from "@roadbed/core";

import { RELATION_TYPES } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { readFacts } from "../facts/read-facts.ts";
import { candidatesFor } from "../ownership/rotas.ts";
import { breathe } from "../source/breathe.ts";
import type { Described, Folders } from "./repository-files.ts";

/** What the rules at hand read besides the entity itself and its relations: the rest is not read at all. */
export interface Wanted {
  readonly facts?: boolean;
  readonly onCall?: boolean;
  readonly docs?: boolean;
  /** Names and globs of files. */
  readonly files?: readonly string[];
}

/** What rules see of an entity: plain data, by the names that they use. */
export type Subject = Readonly<Record<string, unknown>>;

const MOST_RELATED = 200;
const MOST_PAGES = 200;
const MOST_SUMMARIES = 20_000;

/** Rules are the same for everybody: they see all, and who may see their results is asked when these are read. */
const EVERYTHING = { all: true, sees: () => true, seesSource: () => true, hidden: () => [] } as unknown as Visibility;

interface Row extends Described, Record<string, unknown> {
  readonly document: Entity;
  readonly docs_root: string | null;
}

export function createSubjectReader(
  catalogue: Catalogue,
  sql: Sql,
  folders: Folders,
): (refs: readonly string[], wanted: Wanted) => Promise<ReadonlyMap<string, Subject>> {
  const { estate, feed } = catalogue;
  /** Rotas of those who own much are asked for again and again. */
  let rotas = new Map<string, readonly string[]>();
  let rotasAt = -1;
  /** So are those to which many relate; and what is shared goes to the expressions' thread once for a batch. */
  let summaries = new Map<number, Record<string, unknown>>();
  let summariesAt = "";

  return async (refs, wanted) => {
    const { rows } = await sql.query<Row>(
      `select e.ref, e.document, e.source_id, e.docs_root, e.location, s.kind, s.target, s.branch, s.fingerprint, s.last_sync_at
       from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = any($1)`,
      [refs],
    );
    const [facts, docs, onCall] = [
      wanted.facts ? await factsOf(rows) : undefined,
      wanted.docs ? await docsOf(rows) : undefined,
      wanted.onCall ? await onCallOf(rows) : undefined,
    ];
    const subjects = new Map<string, Subject>();
    for (const row of rows) {
      await breathe();
      const files = wanted.files ? await folders.read(row, wanted.files) : undefined;
      const repo = files === undefined ? {} : "because" in files ? { unread: { repo: files.because } } : { repo: files };
      subjects.set(row.ref, {
        ...viewOf(row),
        source: { kind: row.kind, target: row.target, location: row.location },
        ...repo,
        ...(facts ? { facts: facts.get(row.ref) ?? {} } : {}),
        ...(docs ? { docs: docs.get(`${row.source_id} ${row.docs_root}`) ?? NO_DOCS } : {}),
        ...(onCall ? { onCall: onCall.get(row.ref) ?? { found: false, names: [] } } : {}),
      });
    }
    return subjects;
  };

  function viewOf({ ref, document }: Row): Record<string, unknown> {
    const id = estate.idOf(ref);
    const related: Record<string, unknown[]> = Object.fromEntries(RELATION_TYPES.map((type) => [type, []]));
    const relations: { type: string; targetRef: string }[] = [];
    for (const { type, id: other, ref: target } of id === undefined ? [] : estate.neighbours(id)) {
      relations.push({ type, targetRef: target });
      const list = (related[type] ??= []);
      if (list.length < MOST_RELATED) list.push(summaryOf(other, target));
    }
    const owner = (related["ownedBy"]?.[0] ?? NO_OWNER) as Record<string, unknown>;
    return {
      entity: { ...document, relations: relations.slice(0, 1_000), derived: estate.get(ref)?.derived ?? {} },
      related,
      owner,
    };
  }

  function summaryOf(id: number, ref: string): Record<string, unknown> {
    const state = `${feed.applied} ${catalogue.derived.engine.version}`;
    if (state !== summariesAt || summaries.size > MOST_SUMMARIES) summaries = new Map();
    summariesAt = state;
    let summary = summaries.get(id);
    if (!summary) summaries.set(id, (summary = summarise(id, ref)));
    return summary;
  }

  function summarise(id: number, ref: string): Record<string, unknown> {
    const item = estate.at(id);
    if (!item) return { ref, found: false, kind: ref.slice(0, ref.indexOf(":")) };
    const { kind, name, title, type, lifecycle, owner, system, tags, criticality } = item;
    return {
      ref,
      found: true,
      kind: kind.toLowerCase(),
      name,
      title: title ?? name,
      type: type ?? "",
      lifecycle: lifecycle ?? "",
      owner: owner ?? "",
      system: system ?? "",
      tags,
      criticality,
      // The text of a definition is not kept in memory; that there is one is.
      ...(kind === "API" ? { described: estate.sortValueOf(item, "spec.definition") !== undefined } : {}),
      ...(kind === "Group" ? { members: membersOf(id) } : {}),
      ...(kind === "User" ? { left: isGone(item.ref) } : {}),
    };
  }

  /** People of a group itself who have not left. */
  function membersOf(group: number): number {
    let count = 0;
    estate.forEachNeighbour(group, (other, code) => {
      if (code === HAS_MEMBER && estate.at(other)?.kind === "User" && !isGone(estate.refOf(other))) count++;
    });
    return count;
  }

  function isGone(ref: string): boolean {
    const item = estate.get(ref);
    return item !== undefined && estate.valueOf(item, "metadata.annotations.roadbed.dev/active") === "false";
  }

  async function factsOf(rows: readonly Row[]): Promise<Map<string, Record<string, unknown>>> {
    const refs = rows.map(({ ref }) => ref);
    const found = await readFacts(sql, refs, { now: new Date(), kinds: catalogue.kinds, seesSource: () => true });
    return new Map(
      [...found].map(([ref, { facts }]) => [
        ref,
        Object.fromEntries(
          facts.map(({ property, value, trust, stale, locked, winner, observedAt }) => [
            property,
            { value: value ?? null, trust, stale, locked, source: winner?.source ?? "", observedAt: observedAt ?? "" },
          ]),
        ),
      ]),
    );
  }

  async function docsOf(rows: readonly Row[]): Promise<Map<string, Record<string, unknown>>> {
    const wanted = rows.filter(({ docs_root }) => docs_root !== null);
    if (wanted.length === 0) return new Map();
    const { rows: found } = await sql.query<{
      source_id: string;
      root: string;
      pages: { path: string; title: string }[];
      problems: number;
    }>(
      `select d.source_id, d.root, d.problems, json_agg(json_build_object('path', p.path, 'title', p.title) order by p.position) as pages
       from unnest($1::text[], $2::text[]) as w(source_id, root) join catalog.doc_root d using (source_id, root)
       join catalog.doc_page p using (source_id, root) group by d.source_id, d.root, d.problems`,
      [wanted.map(({ source_id }) => source_id), wanted.map(({ docs_root }) => docs_root)],
    );
    return new Map(
      found.map(({ source_id, root, pages, problems }) => [
        `${source_id} ${root}`,
        { found: true, pages: pages.slice(0, MOST_PAGES), problems },
      ]),
    );
  }

  /** By whose rota somebody is called: who it is at this moment changes by the hour, whether there is one does not. */
  async function onCallOf(rows: readonly Row[]): Promise<Map<string, Record<string, unknown>>> {
    if (rotasAt !== feed.applied) rotas = new Map();
    rotasAt = feed.applied;
    const candidates = new Map(
      rows.flatMap(({ ref }) => (estate.get(ref) ? [[ref, candidatesFor(estate, ref, EVERYTHING)] as const] : [])),
    );
    const missing = new Set(
      [...candidates.values()]
        .flat()
        .map(({ ref }) => ref)
        .filter((ref) => !rotas.has(ref)),
    );
    for (const { ref, document } of rows) {
      if (missing.delete(ref)) rotas.set(ref, namesOf(document));
    }
    const documents = missing.size === 0 ? new Map() : await catalogue.readDocuments(sql, [...missing]);
    for (const ref of missing) rotas.set(ref, namesOf(documents.get(ref) as Entity | undefined));
    return new Map(
      [...candidates].map(([ref, all]) => {
        const found = all.find((one) => rotas.get(one.ref)!.length > 0);
        return [
          ref,
          found ? { found: true, names: rotas.get(found.ref)!, from: found.ref, because: found.because } : { found: false, names: [] },
        ];
      }),
    );
  }
}

const HAS_MEMBER = RELATION_TYPES.indexOf("hasMember");
const NO_OWNER = { ref: "", found: false, kind: "" };
const NO_DOCS = { found: false, pages: [], problems: 0 };

function namesOf(entity: Entity | undefined): readonly string[] {
  return entity === undefined ? [] : [...new Set(readOnCall(entity.spec?.["onCall"]).map(({ name }) => name))];
}
