import { tmpdir } from "node:os";

import { createHttpServer, type Readiness } from "@roadbed/http";
import { expect, test } from "vitest";

import { checkDisk } from "./check-disk.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function readiness(free: number): Promise<{ status: number; body: Readiness }> {
  const app = createHttpServer({ log, checks: [checkDisk("/data", async () => free)] });
  const answer = await app.inject("/readyz");
  await app.close();
  return { status: answer.statusCode, body: answer.json<Readiness>() };
}

test("a server whose disk is full is not ready, and says so", async () => {
  expect(await readiness(2 ** 30 * 1.5)).toEqual({
    status: 200,
    body: { ready: true, parts: [{ name: "disk", state: "ok", detail: "1.5 GB free" }] },
  });
  expect(await readiness(12 * 2 ** 20)).toEqual({
    status: 503,
    body: { ready: false, parts: [{ name: "disk", state: "failing", detail: "12 MB free where the data is kept; free some space" }] },
  });
});

test("it looks at the disk of the folder; a folder that is gone is not ready either", async () => {
  expect(await checkDisk(tmpdir()).check()).toMatchObject({ detail: expect.stringMatching(/^[\d.]+ [GM]B free/) });
  await expect(checkDisk("/no/such/folder").check()).rejects.toThrow(/ENOENT/);
});
