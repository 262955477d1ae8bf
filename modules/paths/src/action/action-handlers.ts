import { listActions, showAction, type ActionDetail } from "@roadbed/contracts/paths/authoring";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler } from "@roadbed/core";
import { stringify } from "yaml";
import { z } from "zod";

import { nearest } from "../template/nearest.ts";
import type { Action } from "./action.ts";
import type { Actions } from "./actions.ts";

/** The catalogue of actions. */
export function makeActionHandlers(actions: Actions): Handler[] {
  const all = [...actions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [
    handle(listActions, async (_ctx, { limit, cursor, text }) => {
      const wanted = text?.toLowerCase() ?? "";
      const fitting = all.filter(({ id, description }) => `${id} ${description}`.toLowerCase().includes(wanted));
      const from = readCursor(z.number().int().min(0), cursor) ?? 0;
      const items = fitting.slice(from, from + limit).map(({ id, description, reach }) => ({ id, description, reach }));
      return { items, total: fitting.length, ...(from + limit < fitting.length ? { nextCursor: encodeCursor(from + limit) } : {}) };
    }),
    handle(showAction, async (_ctx, { id }) => {
      const action = actions.get(id);
      if (action !== undefined) return toDetail(action);
      const near = nearest(id, [...actions.keys()]);
      throw new NotFoundError("action", id, near === undefined ? "See: roadbed action list" : `Did you mean ${near}?`);
    }),
  ];
}

function toDetail(action: Action): ActionDetail {
  const { id, description, reach, examples = [] } = action;
  return {
    id,
    description,
    reach,
    input: schemaOf(action.input),
    ...(action.output === undefined ? {} : { output: schemaOf(action.output) }),
    preview: isPreviewed(action),
    examples: examples.map((example) => ({
      description: example.description,
      yaml: stringify([{ id: lastWord(id), action: id, input: example.input }], { lineWidth: 0 }),
    })),
  };
}

/** Whether a preview does it. */
export function isPreviewed({ reach, supportsPreview }: Action): boolean {
  return reach === "local" && supportsPreview !== false;
}

/** As people write it, before defaults are filled in. */
export function schemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}

function lastWord(id: string): string {
  return id.split(":").at(-1) ?? id;
}
