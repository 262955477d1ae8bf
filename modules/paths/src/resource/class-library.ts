import { NotFoundError, type Logger, type Sql } from "@roadbed/core";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { nearest } from "../template/nearest.ts";
import { CLASS_FILE, readClass, type Class, type ClassFiles } from "./class.ts";

/** Every class that can be requested. */
export interface ClassLibrary {
  /** Ordered by type and class. */
  list(sql: Sql): Promise<readonly Class[]>;
  /** Throws `NotFoundError` that names what is near. */
  get(sql: Sql, type: string, name: string): Promise<Class>;
}

interface Row extends Record<string, unknown> {
  readonly yaml: string;
  readonly files: ClassFiles;
  readonly actor: string;
  readonly at: Date;
}

/** The shipped classes, read anew at each use, and the saved ones, which count before them. */
export function createClassLibrary({ folder, log }: { readonly folder: string; readonly log: Logger }): ClassLibrary {
  async function list(sql: Sql): Promise<readonly Class[]> {
    const { rows } = await sql.query<Row>("select yaml, files, actor, at from paths.resource_class order by type, class");
    const saved = rows.map(({ yaml, files, actor, at }) => readClass(yaml, { files, origin: "saved", actor, at }));
    const all = new Map([...(await readShipped(folder, log)), ...saved].map((one) => [keyOf(one), one]));
    return [...all.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
  return {
    list,
    async get(sql, type, name) {
      const all = await list(sql);
      const found = all.find((one) => one.type === type && one.class === name);
      if (found) return found;
      const ofType = all.filter((one) => one.type === type);
      const near = nearest(`${type}/${name}`, (ofType.length > 0 ? ofType : all).map(keyOf));
      throw new NotFoundError(
        "resource class",
        `${type}/${name}`,
        near === undefined ? "See roadbed resource-class list." : `Did you mean ${near}?`,
      );
    },
  };
}

function keyOf({ type, class: name }: Class): string {
  return `${type}/${name}`;
}

/** One that cannot be read is told in the log, and the others count. */
async function readShipped(folder: string, log: Logger): Promise<Class[]> {
  const names = await readdir(folder).catch(() => []);
  const classes: Class[] = [];
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const home = join(folder, name);
    const yaml = await readFile(join(home, CLASS_FILE), "utf8").catch(() => undefined);
    if (yaml === undefined) continue;
    try {
      classes.push(readClass(yaml, { files: await filesIn(home), origin: "shipped" }));
    } catch (error) {
      log.warn("a class of resources cannot be read", { folder: home, error: (error as Error).message });
    }
  }
  return classes;
}

async function filesIn(home: string): Promise<ClassFiles> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !(entry.name === CLASS_FILE && entry.parentPath === home));
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [relative(home, path).split(sep).join("/"), (await readFile(path)).toString("base64")] as const;
      }),
    ),
  );
}
