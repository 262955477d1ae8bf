import { DomainError, formatActor, NotFoundError, type Ctx, type Logger } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import type { Library } from "../template/library.ts";
import { parsePath, type Path } from "../template/template.ts";
import { readTagRules, type TagRuleRow } from "./tag-rule-store.ts";
import { tagsOf, withoutTags, type Hidden, type Part } from "./without-tags.ts";

interface Deps extends Pick<PathsDeps, "conditions" | "people"> {
  readonly library: Library;
  readonly log: Logger;
}

/**
 * The library as the caller sees it: pages, fields and steps whose tag (`backstage:permissions`) a rule does not let them see are not
 * there, neither in the form nor in a run. The platform itself sees all of it. A path that has no step left for somebody is not found.
 */
export function guardLibrary({ library, ...deps }: Deps): Library {
  return {
    async list(ctx) {
      const seen = await Promise.all((await library.list(ctx)).map((path) => seenBy(deps, ctx, path)));
      return seen.filter((path) => path !== undefined);
    },
    async get(ctx, name) {
      const seen = await seenBy(deps, ctx, await library.get(ctx, name));
      if (seen === undefined) throw new NotFoundError("golden path", name, "See the list of paths.");
      return seen;
    },
  };
}

/** The path without parts that carry these tags, and with the tags, so that what it makes is rendered in the same way later. */
export function leaveOut(path: Path, hidden: Hidden | undefined): Path | undefined {
  if (hidden === undefined || hidden.parameters.length + hidden.steps.length === 0) return path;
  const entity = withoutTags(path.entity, hidden);
  if (entity === undefined) return undefined;
  const { folder, root } = path;
  const seen: Path = {
    ...parsePath({ entity, ...(folder === undefined ? {} : { folder }), ...(root === undefined ? {} : { root }) }),
    hidden,
  };
  wholes.set(seen, path);
  return seen;
}

/** The path with all of its parts: what is kept is one version for everybody. */
export function wholeOf(path: Path): Path {
  return wholes.get(path) ?? path;
}
const wholes = new WeakMap<Path, Path>();

async function seenBy(deps: Omit<Deps, "library">, ctx: Ctx, path: Path): Promise<Path | undefined> {
  if (ctx.actor.kind === "system") return path;
  const tags = tagsOf(path.entity);
  const all = [...new Set([...tags.parameters, ...tags.steps])];
  if (all.length === 0) return path;
  const rules = await readTagRules(ctx.sql, all);
  if (rules.length === 0) return path;
  const variables = await variablesOf(deps, ctx, path);
  const hiddenAs = async (part: Part): Promise<string[]> => {
    const about = rules.filter(({ tag }) => tags[part].has(tag));
    const seen = await Promise.all(about.map((rule) => holds(deps, rule, { ...variables, part })));
    return about.filter((_, index) => !seen[index]).map(({ tag }) => tag);
  };
  return leaveOut(path, { parameters: await hiddenAs("parameters"), steps: await hiddenAs("steps") });
}

/** A rule that cannot be asked lets nobody see. */
async function holds(
  { conditions, log }: Omit<Deps, "library">,
  { tag, when }: TagRuleRow,
  variables: Record<string, unknown>,
): Promise<boolean> {
  try {
    return (await conditions?.evaluate?.(when, variables)) === true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    log.warn("the rule about a tag of golden paths cannot be asked, so what carries it is hidden", { tag, reason: error.message });
    return false;
  }
}

async function variablesOf({ people }: Pick<Deps, "people">, ctx: Ctx, path: Path): Promise<Record<string, unknown>> {
  const refs = [...((await people?.identitiesOf?.(ctx)) ?? [])].sort();
  return {
    actor: {
      id: formatActor(ctx.actor),
      kind: ctx.actor.kind,
      ref: refs.find((ref) => ref.startsWith("user:")) ?? "",
      groups: refs.filter((ref) => ref.startsWith("group:")),
    },
    path: { ref: path.ref, name: path.name, type: path.type, owner: path.owner ?? "" },
  };
}
