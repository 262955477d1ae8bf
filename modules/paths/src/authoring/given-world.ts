import { Entity, formatRef } from "@roadbed/contracts/catalog";
import { blobHash } from "@roadbed/git";
import { z } from "zod";

import type { ActionDeps, Actions } from "../action/actions.ts";
import type { Catalog, Git, Platform } from "../deps.ts";

const Ref = z.string().regex(/^[^:/\s]+:[^:/\s]+\/[^:/\s]+$/, "must be kind:namespace/name, or an entity");

/** What a test of a path says is there, beside what is. */
export const Given = z.strictObject({
  /** References, or entities where the path reads more of them. */
  entities: z.array(z.union([Ref, Entity])).default([]),
  /** References, to those of what depends on them. */
  dependants: z.record(z.string(), z.array(z.string())).default({}),
  /** Repositories of the embedded host with their files; one that is named like a component is its repository. */
  repositories: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Operations that steps ask (`roadbed:ask`), to what they are answered. */
  answers: z.record(z.string(), z.unknown()).default({}),
});
export type Given = z.output<typeof Given>;

/** The neighbours that steps of a tried path see. */
export interface Neighbours extends Pick<ActionDeps, "catalog" | "git" | "platform" | "repositories"> {
  /** The actions with other neighbours. */
  actionsWith(over: Pick<ActionDeps, "catalog" | "git" | "platform" | "repositories">): Actions;
}

/** The neighbours with what a test gives. Nothing of it is kept. */
export function inGivenWorld(deps: Neighbours, given: Given): { readonly catalog: Catalog; readonly git: Git; readonly actions: Actions } {
  const catalog = withEntities(deps.catalog, given);
  const git: Git = {
    ...deps.git,
    repositoryExists: async (ctx, name) => Object.hasOwn(given.repositories, name) || deps.git.repositoryExists(ctx, name),
    async repositoryOf(ctx, ref) {
      const name = ref.slice(ref.indexOf("/") + 1);
      return Object.hasOwn(given.repositories, name) ? name : deps.git.repositoryOf?.(ctx, ref);
    },
  };
  const actions = deps.actionsWith({
    catalog,
    git,
    platform: deps.platform && withAnswers(deps.platform, given.answers),
    repositories: deps.repositories && withFiles(deps.repositories, given.repositories),
  });
  return { catalog, git, actions };
}

function withEntities(catalog: Catalog, { entities, dependants }: Given): Catalog {
  const known = new Map(entities.map((one) => (typeof one === "string" ? [one.toLowerCase(), bare(one)] : [refOf(one), one])));
  return {
    ...catalog,
    get: async (ctx, ref) => known.get(ref.toLowerCase()) ?? catalog.get(ctx, ref),
    refs: async (ctx, kinds) => [
      ...(await catalog.refs(ctx, kinds)),
      ...[...known.keys()].filter((ref) => kinds.includes(ref.split(":")[0] ?? "")),
    ],
    // Nothing real depends on what is only given.
    async dependantsOf(ref) {
      const said = dependants[ref] ?? dependants[ref.toLowerCase()];
      if (said !== undefined) return said.map((one) => ({ ref: one }));
      return known.has(ref.toLowerCase()) ? [] : ((await catalog.dependantsOf?.(ref)) ?? []);
    },
  };
}

function withAnswers(platform: Platform, answers: Given["answers"]): Platform {
  return {
    ...platform,
    find: (name) => platform.find(name),
    perform: async (call, name, input) => (Object.hasOwn(answers, name) ? answers[name] : platform.perform(call, name, input)),
  };
}

function withFiles(
  repositories: NonNullable<ActionDeps["repositories"]>,
  given: Given["repositories"],
): NonNullable<ActionDeps["repositories"]> {
  return {
    ...repositories,
    async tree(name, ref) {
      const files = given[name];
      if (files === undefined) return repositories.tree(name, ref);
      return {
        commit: "0".repeat(40),
        files: Object.entries(files).map(([path, text]) => ({ path, hash: blobHash(Buffer.from(text)), executable: false })),
      };
    },
  };
}

function refOf({ kind, metadata: { namespace = "default", name } }: Entity): string {
  return formatRef({ kind, namespace, name }).toLowerCase();
}

function bare(ref: string): Entity {
  const [, kind = "Component", namespace = "default", name = ref] = /^([^:]+):([^/]+)\/(.+)$/.exec(ref) ?? [];
  const entity = { metadata: { name, namespace }, spec: {} };
  return { apiVersion: "backstage.io/v1alpha1", kind: kind.replace(/^./, (first) => first.toUpperCase()), ...entity };
}
