import { checkValues, listPaths, previewPath, showPath, type PathSummary } from "@roadbed/contracts/paths";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { rehearse, type StartDeps } from "../run/start-run.ts";
import { assertRunnable } from "../run/step-context.ts";
import type { Path } from "./template.ts";

export function makePathHandlers(deps: Omit<StartDeps, "sealer" | "sources">): Handler[] {
  const { library, actions } = deps;
  return [
    handle(listPaths, async (ctx, { limit, cursor }) => {
      const paths = await library.list(ctx);
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
    handle(previewPath, async (ctx, { path: name, values }) => {
      const path = await library.get(ctx, name);
      return (await rehearse(deps, ctx, path, values, {})).previewed.preview;
    }),
  ];
}

function toSummary({ ref, name, title, description, type, owner, tags }: Path): z.input<typeof PathSummary> {
  return {
    ref,
    name,
    title,
    type,
    tags: [...tags],
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
  };
}
