import { checkValues, listPaths, previewPath, showPath, type PathDetail, type PathSummary } from "@roadbed/contracts/paths";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { rehearse, type StartDeps } from "../run/start-run.ts";
import { offeredOn } from "./day-two.ts";
import { assertRunnable } from "../run/step-context.ts";
import type { Path } from "./template.ts";

export function makePathHandlers(deps: Omit<StartDeps, "sealer" | "sources">): Handler[] {
  const { library, actions } = deps;
  return [
    handle(listPaths, async (ctx, { limit, cursor, entityRef, operation }) => {
      const all = await library.list(ctx);
      const offered = entityRef === undefined ? all : await offeredOn(deps, ctx, all, entityRef);
      const paths = offered.filter((path) => operation === undefined || path.promises.operation === operation);
      const from = readCursor(z.number().int().min(0), cursor) ?? 0;
      const items = paths.slice(from, from + limit).map(toSummary);
      return { items, total: paths.length, ...(from + limit < paths.length ? { nextCursor: encodeCursor(from + limit) } : {}) };
    }),
    handle(showPath, async (ctx, { path: name }) => {
      const path = await library.get(ctx, name);
      return {
        ...toSummary(path),
        pages: path.pages.map(({ title, description, schema }) => ({
          title,
          ...(description === undefined ? {} : { description }),
          schema,
        })),
        ...promisesOf(path),
        steps: path.steps.map(({ id, name: stepName, action }) => ({ id, name: stepName, action })),
        missingActions: [...new Set(path.steps.map(({ action }) => action))].filter((action) => !actions.has(action)),
      };
    }),
    handle(checkValues, async (ctx, { path: name, values }) => {
      const path = await library.get(ctx, name);
      assertRunnable(path, actions);
      const { problems } = await deps.checkValues(ctx, path, values);
      return { ok: problems.length === 0, problems: [...problems] };
    }),
    handle(previewPath, async (ctx, { path: name, values, secrets = {} }) => {
      const path = await library.get(ctx, name);
      return (await rehearse(deps, ctx, path, values, secrets)).previewed.preview;
    }),
  ];
}

type Promised = Pick<PathDetail, "approvals" | "lifetime" | "guarantees" | "changelog" | "support" | "deprecation" | "appliesTo">;

function promisesOf({
  promises: { operation, appliesTo, guarantees, support, changelog, deprecation, lifetime, approvals = [] },
}: Path): Promised {
  return {
    approvals: approvals.map(({ name, when, by, count, because }) => ({
      rule: name,
      by: [...by],
      count,
      ...(when === undefined ? {} : { when }),
      ...(because === undefined ? {} : { because }),
    })),
    ...(lifetime === undefined
      ? {}
      : {
          lifetime: {
            hours: lifetime.afterMs / 3_600_000,
            atMostHours: lifetime.atMostMs / 3_600_000,
            ...(lifetime.parameter === undefined ? {} : { parameter: lifetime.parameter }),
          },
        }),
    guarantees: [...guarantees],
    changelog: changelog.map(({ version, date, changes }) => ({ version, changes: [...changes], ...(date === undefined ? {} : { date }) })),
    ...(support === undefined ? {} : { support }),
    ...(deprecation === undefined
      ? {}
      : {
          deprecation: {
            from: deprecation.from,
            ...(deprecation.reason === undefined ? {} : { reason: deprecation.reason }),
            ...(deprecation.replacedBy === undefined ? {} : { replacedBy: deprecation.replacedBy }),
          },
        }),
    ...(operation === "create"
      ? {}
      : {
          appliesTo: {
            parameter: appliesTo.parameter,
            kinds: [...appliesTo.kinds],
            ...(appliesTo.condition === undefined ? {} : { condition: appliesTo.condition }),
          },
        }),
  };
}

function toSummary({ ref, name, title, description, type, owner, tags, promises }: Path): z.output<typeof PathSummary> {
  return {
    ref,
    name,
    title,
    type,
    tags: [...tags],
    operation: promises.operation,
    ...(promises.version === undefined ? {} : { version: promises.version }),
    ...(promises.deprecation === undefined ? {} : { deprecatedFrom: promises.deprecation.from }),
    ...(promises.expectedMinutes === undefined ? {} : { expectedMinutes: promises.expectedMinutes }),
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
  };
}
