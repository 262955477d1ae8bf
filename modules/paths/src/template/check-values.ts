import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import type { Catalog, Git } from "../deps.ts";
import { parseRepoUrl } from "../render/filters.ts";
import type { Renderer } from "../render/renderer.ts";
import type { SchemaProblem } from "../render/validate-values.ts";
import { fieldsOf, valueAt, type Field } from "./form.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./template.ts";

export interface Checked {
  readonly problems: readonly SchemaProblem[];
  /** The values with the schemas' defaults. */
  readonly values: Record<string, unknown>;
}

export type CheckValues = (ctx: Ctx, path: Path, values: Record<string, unknown>) => Promise<Checked>;

/** What is wrong with the values of a form: by schema, and by what is there already and what is not. */
export function makeCheckValues({
  catalog,
  git,
  renderer,
}: {
  readonly catalog: Catalog;
  readonly git: Git;
  readonly renderer: Renderer;
}): CheckValues {
  return async (ctx, path, given) => {
    const { problems, values } = await renderer.validate(path.pages, given);
    const fields = fieldsOf(path);
    const found = [...problems, ...unknownFields(fields, path, given)];
    const doubtful = new Set(found.map(({ field }) => field));
    for (const field of fields) {
      const value = valueAt(values, field.path);
      if (doubtful.has(field.path) || value === undefined || value === "") continue;
      for (const one of Array.isArray(value) ? value : [value]) {
        if (typeof one === "string") found.push(...(await checkMeaning(ctx, path, field, one)));
      }
    }
    return { problems: found, values };
  };

  async function checkMeaning(ctx: Ctx, path: Path, field: Field, value: string): Promise<SchemaProblem[]> {
    const widget = field.schema["ui:field"];
    if (widget === "OwnerPicker") return checkEntity(ctx, field, value, ["group", "user"], "owner");
    if (widget === "EntityPicker" || widget === "MultiEntityPicker") return checkPicked(ctx, field, value);
    return [...(await checkName(ctx, path, field, value)), ...(await checkRepository(ctx, path, field, value))];
  }

  async function checkPicked(ctx: Ctx, field: Field, value: string): Promise<SchemaProblem[]> {
    const options = optionsOf(field);
    if (options["allowArbitraryValues"] === true) return [];
    const kinds = kindsOf(options);
    return checkEntity(ctx, field, value, kinds, kinds.length === 1 ? (kinds[0] ?? "entity") : "entity");
  }

  async function checkEntity(ctx: Ctx, field: Field, value: string, kinds: readonly string[], noun: string): Promise<SchemaProblem[]> {
    const refs = candidates(value, optionsOf(field), kinds);
    if (refs === undefined)
      return [{ field: field.path, reason: `"${value}" is not a reference`, mend: "Write it as kind:namespace/name." }];
    for (const ref of refs) if ((await catalog.get(ctx, ref)) !== undefined) return [];
    const near = nearest(value, await catalog.refs(ctx, kinds));
    return [
      {
        field: field.path,
        reason: `there is no ${noun} "${value}" in the catalogue`,
        mend:
          near === undefined
            ? `Choose ${noun === "owner" ? "a group or user" : `a ${noun}`} that the catalogue knows.`
            : `Did you mean ${near}?`,
      },
    ];
  }

  async function checkName(ctx: Ctx, path: Path, field: Field, value: string): Promise<SchemaProblem[]> {
    for (const kind of uniqueKinds(path, field).filter((one) => one !== "repository")) {
      const ref = formatRef({ kind, namespace: "default", name: value });
      if ((await catalog.get(ctx, ref)) !== undefined) {
        return [{ field: field.path, reason: `${ref} is there already`, mend: "Choose another name." }];
      }
    }
    return [];
  }

  async function checkRepository(ctx: Ctx, path: Path, field: Field, value: string): Promise<SchemaProblem[]> {
    if (!path.steps.some(({ action }) => action === "publish:git")) return [];
    const isUrl = field.schema["ui:field"] === "RepoUrlPicker";
    if (!isUrl && !uniqueKinds(path, field).includes("repository")) return [];
    const name = isUrl ? repositoryNameOf(value) : value;
    if (name === undefined) return [{ field: field.path, reason: "does not name a repository", mend: "Write it as host?owner=…&repo=…" }];
    if (!(await git.repositoryExists(ctx, name))) return [];
    return [{ field: field.path, reason: `a repository named ${name} is there already`, mend: "Choose another name." }];
  }
}

/** A value that no page knows is a slip of the pen: it would be dropped without a word. */
function unknownFields(fields: readonly Field[], path: Path, values: Record<string, unknown>): SchemaProblem[] {
  if (
    path.pages.length === 0 ||
    path.pages.some(({ schema }) => schema["additionalProperties"] === true || schema["patternProperties"] !== undefined)
  )
    return [];
  const names = fields.map((field) => field.path).filter((name) => !name.includes("."));
  return Object.keys(values)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const near = nearest(name, names);
      return { field: name, reason: "is not a field of this path", mend: near === undefined ? "Remove it." : `Did you mean ${near}?` };
    });
}

/** The kinds in which a name must be free: `roadbed:unique: component`, a list of kinds, or an EntityNamePicker of a path that registers. */
function uniqueKinds(path: Path, { schema }: Field): string[] {
  const marked = schema["roadbed:unique"];
  if (typeof marked === "string") return [marked];
  if (Array.isArray(marked)) return marked.map(String);
  const registers = path.steps.some(({ action }) => action === "catalog:register");
  return schema["ui:field"] === "EntityNamePicker" && registers ? ["component"] : [];
}

function optionsOf({ schema }: Field): Record<string, unknown> {
  const options = schema["ui:options"];
  return typeof options === "object" && options !== null ? (options as Record<string, unknown>) : {};
}

function kindsOf(options: Record<string, unknown>): string[] {
  const filters = [options["catalogFilter"] ?? []].flat() as Record<string, unknown>[];
  const named = [
    ...filters.flatMap((filter) => [filter["kind"] ?? []].flat()),
    ...[options["allowedKinds"] ?? []].flat(),
    options["defaultKind"] ?? [],
  ].flat();
  return [...new Set(named.filter((kind): kind is string => typeof kind === "string").map((kind) => kind.toLowerCase()))];
}

/** What a full or short reference may stand for. */
function candidates(value: string, options: Record<string, unknown>, kinds: readonly string[]): string[] | undefined {
  const namespace = typeof options["defaultNamespace"] === "string" ? options["defaultNamespace"] : "default";
  const tried = kinds.length === 0 ? [undefined] : kinds;
  try {
    return [...new Set(tried.map((kind) => formatRef(parseRef(value, { namespace, ...(kind === undefined ? {} : { kind }) }))))];
  } catch {
    return undefined;
  }
}

function repositoryNameOf(url: string): string | undefined {
  try {
    return url.includes("?") ? parseRepoUrl(url).repo : url;
  } catch {
    return undefined;
  }
}
