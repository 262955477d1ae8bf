import { expect, test } from "vitest";

import { endGroup, runTerraform } from "./run-terraform.ts";
import { changesOf, driftOf, parsePlan, readOutputs, sensitiveTexts, unknownOf } from "./read-plan.ts";

const change = (over: object) => ({
  actions: ["no-op"],
  before: {},
  after: {},
  after_unknown: {},
  before_sensitive: {},
  after_sensitive: {},
  ...over,
});
const entry = (name: string, over: object, mode = "managed") => ({ address: `x.${name}`, mode, type: "x", name, change: change(over) });

/** As `show -json` writes it: recorded, and cut to what is read. */
const PLAN = JSON.stringify({
  format_version: "1.2",
  resource_changes: [
    entry("a", { actions: ["create"], after: { size: 1, tags: [{}] }, after_unknown: { id: true, tags: [{ owner: true }] } }),
    entry("b", {
      actions: ["delete", "create"],
      before: { key: "old-secret" },
      before_sensitive: { key: true },
      after: { key: "new-secret" },
      after_sensitive: { key: true },
    }),
    entry("c", {}),
    entry("d", { actions: ["read"], after_unknown: { id: true } }, "data"),
  ],
  resource_drift: [
    entry("e", {
      actions: ["update"],
      before: { size: 1, password: "theirs" },
      after: { size: 2, password: "ours" },
      after_sensitive: { password: true },
    }),
    entry("f", { actions: ["delete"] }),
  ],
});

test("a plan is read: what it would do, what only an apply tells, what drifted, and what nobody may read", () => {
  const plan = parsePlan(PLAN);
  expect(changesOf(plan).map(({ action, name }) => `${action} ${name}`)).toEqual(["create x.a", "replace x.b"]);
  expect(unknownOf(plan)).toEqual(["x.a.id", "x.a.tags[0].owner"]);
  expect(driftOf(plan)).toEqual([
    { what: "x.e.size", wanted: "1", found: "2" },
    { what: "x.e.password", wanted: "(sensitive)", found: "(sensitive)" },
    { what: "x.f", wanted: "it is there", found: "it is gone" },
  ]);
  expect(sensitiveTexts(plan)).toEqual(["old-secret", "new-secret", "ours"]);
  expect(() => parsePlan("{")).toThrow("not JSON");
  expect(() => parsePlan("{}")).toThrow("format_version");
});

test("outputs are told apart by what they say of themselves", () => {
  const text = JSON.stringify({ host: { value: "db" }, keys: { value: ["a"], sensitive: true } });
  expect(readOutputs(text)).toEqual({ open: { host: "db" }, secret: { keys: '["a"]' } });
});

test("what takes too long ends with all that it started, and sees nothing of the server", async () => {
  const run = (script: string, timeoutMs: number) =>
    runTerraform({
      file: "/bin/sh",
      folder: "/tmp",
      args: ["-c", script],
      env: { ONLY: "this" },
      timeoutMs,
      signal: new AbortController().signal,
    });
  expect((await run("env | grep -v -e PWD -e SHLVL -e '^_='", 10_000)).stdout.trim()).toBe("ONLY=this");
  const began = Date.now();
  await expect(run("sleep 61 & sleep 62", 300)).rejects.toThrow("took longer");
  expect(Date.now() - began).toBeLessThan(10_000);
  endGroup(undefined, "SIGKILL");
});
