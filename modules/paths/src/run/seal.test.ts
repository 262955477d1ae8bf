import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createSealer } from "./seal.ts";

const CONTENT = { values: { name: "orders" }, secrets: { token: "s3cret" } };
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "seal-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("what one server sealed another opens when both were given the same key, whatever their folders", async () => {
  const key = Buffer.alloc(32, 7);
  const sealed = await createSealer(join(home, "a"), key).seal(CONTENT, "run_1");
  expect(sealed.toString("latin1")).not.toContain("s3cret");
  expect(await createSealer(join(home, "b"), key).open(sealed, "run_1")).toEqual(CONTENT);
});

test("with another key, or for another run, it says so in words and not as a fault to be tried again", async () => {
  const sealed = await createSealer(join(home, "a")).seal(CONTENT, "run_1");
  expect(await createSealer(join(home, "a")).open(sealed, "run_1")).toEqual(CONTENT);
  for (const [folder, run] of [
    ["b", "run_1"],
    ["a", "run_2"],
  ] as const)
    await expect(createSealer(join(home, folder)).open(sealed, run)).rejects.toMatchObject({
      code: "CONFLICT",
      mend: expect.stringContaining("ROADBED_SECRET_KEY"),
    });
});
