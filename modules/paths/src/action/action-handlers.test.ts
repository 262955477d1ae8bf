import { listActions, showAction } from "@roadbed/contracts/paths/authoring";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { bareCtx, createWorld, PUBLIC_URL } from "../testing/ports.ts";
import { createActions } from "./actions.ts";
import { makeActionHandlers } from "./action-handlers.ts";

const actions = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL });
const handlers = makeActionHandlers(actions);
const call = async (name: string, input: object): Promise<any> =>
  handlers.find(({ operation }) => operation.name === name)!.run(bareCtx(), input);

test("each action has a schema, and its examples fit it", async () => {
  const { items } = await call(listActions.name, { limit: 500 });
  expect(items).toHaveLength(actions.size);
  for (const { id } of items) {
    const detail = await call(showAction.name, { id });
    expect(showAction.output.parse(detail).input["type"], id).toBe("object");
    for (const { yaml } of detail.examples)
      expect(actions.get(id)!.input.safeParse(parse(yaml)[0].input).error?.message, id).toBeUndefined();
  }
});

test("they are found by a word, in pages, and a slip of the pen is told", async () => {
  const first = await call(listActions.name, { limit: 2, text: "github" });
  const second = await call(listActions.name, { limit: 2, text: "github", cursor: first.nextCursor });
  expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual([
    "github:actions:dispatch",
    "github:autolinks:create",
    "github:branch-protection:create",
    "github:deployKey:create",
  ]);
  await expect(call(showAction.name, { id: "publish:githb" })).rejects.toMatchObject({ mend: "Did you mean publish:github?" });
});
