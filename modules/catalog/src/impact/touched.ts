import { formatRef } from "@roadbed/contracts/catalog";
import type { planImpact } from "@roadbed/contracts/catalog/graph";
import { InvalidError, type OutputOf, type Sql } from "@roadbed/core";

import { parseYaml } from "../descriptor/parse-yaml.ts";
import { canonical } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import type { DiffLine, FileChange } from "./read-diff.ts";

type Answer = OutputOf<typeof planImpact>;

/** What a diff of descriptors touches. */
export interface ReadChange {
  /** Numbers of the entities that it changes or removes. */
  readonly starts: readonly number[];
  readonly touched: NonNullable<Answer["touched"]>;
  readonly relations: NonNullable<Answer["relations"]>;
}

/**
 * Looks up whose descriptors the changed lines are: an entity reaches from its own line to that of the next in the file. Relations
 * are read off the lines themselves. What has no descriptor among the files touches nothing.
 */
export async function readChange(
  sql: Sql,
  { estate, kinds }: Catalogue,
  visible: Visibility,
  files: readonly FileChange[],
  source: string | undefined,
): Promise<ReadChange> {
  const described = await findDescribed(sql, files, source);
  const starts = new Set<number>();
  const touched = new Map<string, ReadChange["touched"][number]>();
  const relations: ReadChange["relations"][number][] = [];
  const note = (ref: string, how: "changed" | "added" | "removed", file: string): void => {
    const id = estate.idOf(ref);
    const known = id !== undefined && estate.at(id) !== undefined;
    if (known && !visible.sees(id)) return;
    if (known) starts.add(id);
    touched.set(ref, { ref, how: how === "added" && known ? "changed" : how, file });
  };
  for (const file of files) {
    const path = file.after ?? file.before ?? "";
    if (file.before === undefined) for (const ref of addedIn(file)) note(ref, "added", path);
    const owned = described.get(file) ?? [];
    for (const { ref, begin, end } of owned) {
      const lines = file.lines.filter(({ old }) => old >= begin && old < end);
      if (file.after !== undefined && !lines.some(({ sign }) => sign !== " ")) continue;
      note(ref, file.after === undefined ? "removed" : "changed", path);
      if (touched.has(ref)) relations.push(...relationsIn(kinds, ref, lines).map((relation) => ({ ...relation, file: path })));
    }
  }
  return { starts: [...starts], touched: [...touched.values()], relations };
}

interface Described {
  readonly ref: string;
  /** Lines of the file that are its own: [begin, end). */
  readonly begin: number;
  readonly end: number;
}

/** The entities that the files describe, by file. Throws `InvalidError` when several sources have a file of that path and none is named. */
async function findDescribed(sql: Sql, files: readonly FileChange[], source: string | undefined): Promise<Map<FileChange, Described[]>> {
  const paths = files.flatMap(({ before }) => (before === undefined ? [] : [before]));
  const { rows } = await sql.query<{ ref: string; location: string; line: number | null; source_id: string; source_name: string }>(
    `select e.ref, e.location, e.line, s.id as source_id, s.name as source_name
     from catalog.entity e join catalog.source s on s.id = e.source_id
     where substring(e.location from '[^/]+$') = any($1) and ($2::text is null or s.id = $2 or s.name = $2)
     order by e.location, e.line`,
    [[...new Set(paths.map((path) => path.slice(path.lastIndexOf("/") + 1)))], source ?? null],
  );
  const found = new Map<FileChange, Described[]>();
  for (const file of files) {
    if (file.before === undefined) continue;
    const own = narrowed(
      rows.filter(({ location }) => location === file.before || location.endsWith(`/${file.before}`)),
      file,
    );
    found.set(
      file,
      own.map(({ ref, line }, at) => ({ ref, begin: at === 0 ? 0 : (line ?? 0), end: own[at + 1]?.line ?? Infinity })),
    );
  }
  return found;
}

/** Where several sources have the path: those whose entities the lines of the diff name. */
function narrowed<T extends { readonly ref: string; readonly source_id: string; readonly source_name: string }>(
  rows: readonly T[],
  file: FileChange,
): readonly T[] {
  const sources = new Map(rows.map((row) => [row.source_id, row.source_name]));
  if (sources.size <= 1) return rows;
  const text = file.lines.map((line) => line.text).join("\n");
  const named = rows.filter(({ ref }) => new RegExp(`name:\\s*["']?${escape(ref.slice(ref.indexOf("/") + 1))}["']?\\s*$`, "im").test(text));
  const left = new Set(named.map(({ source_id }) => source_id));
  if (left.size === 1) return rows.filter(({ source_id }) => left.has(source_id));
  throw new InvalidError(`${file.before} is a file of several sources: ${[...sources.values()].slice(0, 5).join(", ")}.`, {
    mend: "Say with source which of them the diff is about.",
    problems: [{ at: "source", reason: "is needed here" }],
  });
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** The entities that a new file describes, as far as they can be read. */
function addedIn({ lines }: FileChange): string[] {
  const refs: string[] = [];
  for (const parsed of parseYaml(lines.map(({ text }) => text).join("\n"))) {
    if ("unreadable" in parsed) continue;
    const { kind, metadata } = (parsed.document.value ?? {}) as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } };
    if (typeof kind !== "string" || typeof metadata?.name !== "string") continue;
    const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
    refs.push(formatRef({ kind, namespace, name: metadata.name }));
  }
  return refs;
}

/** Relations that the added and removed lines state: under the key that stands before them. */
function relationsIn(
  kinds: Catalogue["kinds"],
  ref: string,
  lines: readonly DiffLine[],
): { from: string; type: string; to: string; change: "added" | "removed" }[] {
  const lower = ref.slice(0, ref.indexOf(":"));
  const kind = kinds.names.find((name) => name.toLowerCase() === lower) ?? "";
  const namespace = ref.slice(ref.indexOf(":") + 1, ref.indexOf("/"));
  const fields = kind === "" ? {} : kinds.fieldsOf(kind, undefined);
  const found: { from: string; type: string; to: string; change: "added" | "removed" }[] = [];
  let key = "";
  for (const { sign, text } of lines) {
    const [, name, rest] = /^\s*(\w+):\s*(.*)$/.exec(text) ?? [];
    if (name !== undefined) key = name;
    const item = /^\s*-\s+(.+)$/.exec(text)?.[1];
    const relation = fields[key]?.relation;
    if (sign === " " || relation === undefined) continue;
    for (const word of wordsOf(rest ?? item ?? "")) {
      try {
        found.push({
          from: ref,
          type: relation.type,
          to: canonical(word, relation.defaultKind, namespace),
          change: sign === "+" ? "added" : "removed",
        });
      } catch {
        // No reference: the descriptor will be told so when it is read.
      }
    }
  }
  // A line that only moved says nothing new.
  return found.filter((one) => !found.some((other) => other.change !== one.change && other.type === one.type && other.to === one.to));
}

function wordsOf(text: string): string[] {
  return text
    .replace(/\s#.*$/, "")
    .replaceAll(/[[\]"']/g, " ")
    .split(/[\s,]+/)
    .filter((word) => word !== "" && word !== "-");
}
