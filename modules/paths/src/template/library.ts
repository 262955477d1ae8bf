import { Entity } from "@roadbed/contracts/catalog";
import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { NotFoundError, type Ctx, type Logger } from "@roadbed/core";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

import type { Templates, TemplateSource } from "../deps.ts";
import { nearest } from "./nearest.ts";
import { parsePath, type Path } from "./template.ts";

/** The golden paths that can be followed: those that ship with the product, and those of the catalogue, which win by name. */
export interface Library {
  /** Sorted by title. A template that does not parse is left out and told to the log. */
  list(ctx: Ctx): Promise<readonly Path[]>;
  /** By name (`node-service`) or reference. Throws `NotFoundError` with the nearest name. */
  get(ctx: Ctx, nameOrRef: string): Promise<Path>;
}

export function createLibrary({
  goldenPathsDir,
  templates,
  log,
}: {
  readonly goldenPathsDir: string;
  readonly templates: Templates;
  readonly log: Logger;
}): Library {
  const told = new Set<string>();
  const read = createReader();

  async function list(ctx: Ctx): Promise<readonly Path[]> {
    return pathsOf(await sourcesOf(ctx));
  }

  async function sourcesOf(ctx: Ctx): Promise<readonly TemplateSource[]> {
    return [...(await readShipped(goldenPathsDir, read, tell)), ...(await templates.list(ctx))];
  }

  function pathsOf(sources: readonly TemplateSource[]): readonly Path[] {
    const paths = sources.flatMap((source) => tryParse(source));
    const byRef = new Map<string, Path>();
    for (const path of paths) {
      const known = byRef.get(path.ref);
      // The catalogue may know a shipped path only as a document: its files are still ours.
      byRef.set(path.ref, known && path.folder === undefined ? { ...path, folder: known.folder, root: known.root } : path);
    }
    return [...byRef.values()].sort((a, b) => a.title.localeCompare(b.title));
  }

  function tryParse(source: TemplateSource): Path[] {
    try {
      return [parsePath(source)];
    } catch (error) {
      tell(error);
      return [];
    }
  }

  function tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!told.has(message)) log.warn("a path does not parse", { reason: message });
    told.add(message);
  }

  return {
    list,
    async get(ctx, nameOrRef) {
      // One name, whichever of both kinds it is of.
      const ref = formatRef({ ...parseRef(nameOrRef, { kind: "template" }), kind: "template" });
      const sources = await sourcesOf(ctx);
      // One is asked for: the others need not be read.
      const [found] = pathsOf(sources.filter(({ entity }) => refOf(entity) === ref));
      if (found) return found;
      const near = nearest(
        nameOrRef,
        pathsOf(sources).map(({ name }) => name),
      );
      throw new NotFoundError("golden path", nameOrRef, near === undefined ? "See the list of paths." : `Did you mean ${near}?`);
    },
  };
}

/** As a path is called, whichever of both kinds it is of. */
function refOf({ metadata: { namespace = "default", name } }: Entity): string {
  return formatRef({ kind: "template", namespace, name });
}

type Read = (folder: string) => Promise<TemplateSource[]>;

/** Looks at each file each time, so that a changed path is seen at once, and parses only what has changed. */
function createReader(): Read {
  const known = new Map<string, { readonly stamp: string; readonly sources: TemplateSource[] }>();
  return async (folder) => {
    const found = await stat(join(folder, "template.yaml"), { bigint: true }).catch(() => undefined);
    const stamp = found === undefined ? "" : [found.mtimeNs, found.ctimeNs, found.size, found.ino].join(" ");
    const before = known.get(folder);
    if (before?.stamp === stamp) return before.sources;
    const sources = await readTemplateFolder(folder);
    known.set(folder, { stamp, sources });
    return sources;
  };
}

async function readShipped(dir: string, readFolder: Read, tell: (error: unknown) => void): Promise<TemplateSource[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name));
  const read = await Promise.all(
    folders.map((folder) =>
      readFolder(folder).catch((error: unknown) => {
        tell(error);
        return [];
      }),
    ),
  );
  // Shipped paths share skeletons, so they may name each other's folders.
  return read.flat().map((source) => ({ ...source, root: dir }));
}

/** The Template documents of a folder's `template.yaml`; none when it has no such file. Throws for one that is not YAML. */
export async function readTemplateFolder(folder: string): Promise<TemplateSource[]> {
  const file = join(folder, "template.yaml");
  if (!(await stat(file).catch(() => undefined))?.isFile()) return [];
  const documents = parseAllDocuments(await readFile(file, "utf8"));
  return documents.flatMap((document) => {
    if (document.errors[0]) throw new Error(`${file}: ${document.errors[0].message}`);
    const entity = Entity.safeParse(document.toJS({ maxAliasCount: 100 }));
    return entity.success && (entity.data.kind === "Template" || entity.data.kind === "GoldenPath")
      ? [{ entity: entity.data, folder }]
      : [];
  });
}
