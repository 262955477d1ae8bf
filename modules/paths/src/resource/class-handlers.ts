import {
  deleteResourceClass,
  listResourceClasses,
  saveResourceClass,
  showResourceClass,
  type ResourceClass,
} from "@roadbed/contracts/paths/resource-classes";
import { encodeCursor, formatActor, handle, InvalidError, NotFoundError, readCursor, TooLargeError, type Handler } from "@roadbed/core";
import { z } from "zod";

import { CLASS_FILE, readClass, type Class } from "./class.ts";
import type { ClassLibrary } from "./class-library.ts";
import type { Provisioner } from "./provisioner.ts";
import { fit, provisionerOf } from "./request-resource.ts";

const MOST_BYTES = 2_000_000;

export function makeClassHandlers(deps: {
  readonly classes: ClassLibrary;
  readonly provisioners: ReadonlyMap<string, Provisioner>;
}): Handler[] {
  const { classes, provisioners } = deps;
  return [
    handle(listResourceClasses, async ({ sql }, { type, limit, cursor }) => {
      const after = readCursor(z.number().int().min(0), cursor) ?? 0;
      const all = (await classes.list(sql)).filter((one) => type === undefined || one.type === type);
      const items = all.slice(after, after + limit).map(viewOf);
      return { items, total: all.length, ...(after + limit < all.length ? { nextCursor: encodeCursor(after + limit) } : {}) };
    }),
    handle(showResourceClass, async ({ sql }, { type, class: name }) => {
      const found = await classes.get(sql, type, name);
      const texts = Object.entries(found.files).map(([path, base64]) => ({ path, text: Buffer.from(base64, "base64").toString("utf8") }));
      return { ...viewOf(found), yaml: found.yaml, texts };
    }),
    handle(saveResourceClass, async (ctx, { folder }) => {
      const yaml = textOf(folder);
      const files = Object.fromEntries(
        folder.filter(({ path }) => path !== CLASS_FILE).map(({ path, base64 }) => [checkedPath(path), base64]),
      );
      if (folder.reduce((sum, { base64 }) => sum + base64.length * 0.75, 0) > MOST_BYTES)
        throw new TooLargeError(`A class may hold ${MOST_BYTES / 1e6} MB.`);
      const at = ctx.now();
      const actor = formatActor(ctx.actor);
      const of = readClass(yaml, { files, origin: "saved", actor, at });
      for (const module of of.modules) {
        const provisioner = provisionerOf(provisioners, module.provisioner);
        // What a request must set is missing here; everything else is checked now rather than at the first request.
        if (of.open.length === 0) fit(provisioner, of, { ...module.inputs });
      }
      await ctx.sql.query(
        `insert into paths.resource_class (type, class, yaml, files, actor, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (type, class) do update set yaml = excluded.yaml, files = excluded.files, actor = excluded.actor, at = excluded.at`,
        [of.type, of.class, yaml, JSON.stringify(files), actor, at],
      );
      return viewOf(of);
    }),
    handle(deleteResourceClass, async ({ sql }, { type, class: name }) => {
      const { rowCount } = await sql.query("delete from paths.resource_class where type = $1 and class = $2", [type, name]);
      if (rowCount === 0)
        throw new NotFoundError("saved resource class", `${type}/${name}`, "Shipped ones are not taken away: save one of the same name.");
      return { deleted: true };
    }),
  ];
}

function textOf(folder: readonly { readonly path: string; readonly base64: string }[]): string {
  const file = folder.find(({ path }) => path === CLASS_FILE);
  if (file) return Buffer.from(file.base64, "base64").toString("utf8");
  throw new InvalidError(`There is no ${CLASS_FILE} in this folder.`, { mend: "Name the folder that holds it." });
}

/** Written to a folder later: no name leads out of it, and none is hidden. */
function checkedPath(path: string): string {
  const parts = path.split("/");
  const bad = parts.some(
    (part) => part === "" || part === ".." || part === "." || part.startsWith(".") || part.includes("\\") || part.includes("\0"),
  );
  if (!bad) return path;
  throw new InvalidError(`${path} cannot be the name of a file of a class.`, {
    problems: [{ at: path, reason: "leads elsewhere or is hidden" }],
  });
}

function viewOf({ type, class: name, title, description, promises, modules, origin, files, actor, at }: Class): ResourceClass {
  return {
    type,
    class: name,
    title,
    ...(description === undefined ? {} : { description }),
    promises: [...promises],
    modules: modules.map(({ environments, provisioner, inputs, cost }) => ({
      environments: [...environments],
      provisioner,
      inputs: { ...inputs },
      ...(cost === undefined ? {} : { cost }),
    })),
    origin,
    files: Object.keys(files),
    ...(actor === undefined ? {} : { actor }),
    ...(at === undefined ? {} : { at: at.toISOString() }),
  };
}
