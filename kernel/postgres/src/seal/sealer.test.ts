import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createSealer, type Sealer } from "./sealer.ts";

const CONTENT = { values: { name: "orders" }, secrets: { token: "s3cret" } };
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "seal-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function sealerIn(folder: string, key?: Buffer): Sealer {
  return createSealer({ file: join(home, folder, "the.key"), key, said: { what: "What was given", mend: "Give it anew." } });
}

test("what one server sealed another opens when both were given the same key, whatever their folders", async () => {
  const key = Buffer.alloc(32, 7);
  const sealed = await sealerIn("a", key).seal(CONTENT, "run_1");
  expect(sealed.toString("latin1")).not.toContain("s3cret");
  expect(await sealerIn("b", key).open(sealed, "run_1")).toEqual(CONTENT);
});

test("with another key, or for another subject, it says so in words and not as a fault to be tried again", async () => {
  const sealed = await sealerIn("a").seal(CONTENT, "run_1");
  expect(await sealerIn("a").open(sealed, "run_1")).toEqual(CONTENT);
  for (const [folder, subject] of [
    ["b", "run_1"],
    ["a", "run_2"],
  ] as const)
    await expect(sealerIn(folder).open(sealed, subject)).rejects.toMatchObject({ code: "CONFLICT", mend: "Give it anew." });
});
