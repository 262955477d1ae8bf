import { expect, test } from "vitest";
import { z } from "zod";

import { defineOperation, handle, perform, type Runtime } from "./operation.ts";

const keep = defineOperation({
  name: "shelf.item.keep",
  summary: "Keep anything.",
  scope: "shelf:write",
  risk: "low",
  http: { method: "POST", path: "/x" },
  input: z.object({ values: z.record(z.string(), z.unknown()) }),
  output: z.object({ kept: z.boolean() }),
});
const runtime: Runtime = {
  may: async () => {},
  read: () => Promise.reject(new Error("nothing reads here")),
  write: async (call, _operation, _input, _resource, work) => work(call as never),
};
const call = {
  actor: { kind: "service", id: "s", name: "s" },
  scopes: new Set(["*"]),
  face: "http",
  requestId: "r",
  signal: AbortSignal.timeout(1_000),
} as const;
const handler = handle(keep, async () => ({ kept: true }));

test("input nested deeper than anything real is refused before anybody walks it", async () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) });
  expect(await perform(runtime, handler, call, { values: nested(90) })).toEqual({ kept: true });
  const bottomless = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`) as object;
  await expect(perform(runtime, handler, call, { values: bottomless })).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ reason: expect.stringContaining("nested") }],
  });
});
