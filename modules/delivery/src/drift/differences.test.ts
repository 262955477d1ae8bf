import fc from "fast-check";
import { expect, test } from "vitest";

import { parseManifest } from "../workload/manifest.ts";
import { acceptedFrom, differencesOf, withAccepted, type Actual, type Wanted } from "./differences.ts";

const manifest = parseManifest("kind: service\nstart: [node, server.mjs]\nenv: { LOG_LEVEL: info }\nscale: { replicas: 2 }\n");
const wanted: Wanted = { commit: "a".repeat(40), manifest, suspended: false };
const same: Actual = { commit: wanted.commit, manifest, suspended: false, stale: [] };

test("what runs as Git says has no difference", () => {
  expect(differencesOf(wanted, same)).toEqual([]);
});

test("each difference names its field, what Git says and what runs", () => {
  const changed = { ...manifest, env: { LOG_LEVEL: "debug", EXTRA: "1" }, scale: { replicas: 5 }, start: ["node", "other.mjs"] };
  expect(differencesOf(wanted, { ...same, manifest: changed })).toEqual([
    { field: "env.EXTRA", runs: "1" },
    { field: "env.LOG_LEVEL", git: "info", runs: "debug" },
    { field: "scale.replicas", git: "2", runs: "5" },
    { field: "start", git: '["node","server.mjs"]', runs: '["node","other.mjs"]' },
  ]);
  expect(differencesOf(wanted, { ...same, commit: "b".repeat(40), manifest: changed })).toEqual([
    { field: "commit", git: wanted.commit, runs: "b".repeat(40) },
  ]);
  expect(differencesOf(wanted, { ...same, suspended: true, stale: ["DATABASE_URL"] })).toEqual([
    { field: "runs", git: "running", runs: "stopped" },
  ]);
  expect(differencesOf(wanted, { ...same, stale: ["ORDERS_TOKEN", "DATABASE_URL"] }).map(({ field }) => field)).toEqual([
    "variable.DATABASE_URL",
    "variable.ORDERS_TOKEN",
  ]);
  expect(differencesOf(wanted, undefined)).toEqual([{ field: "commit", git: wanted.commit }]);
});

test("another commit is a matter of releases, and a variable that is old one of a restart: neither is accepted as it is", () => {
  const other = { ...same, commit: "b".repeat(40) };
  expect(acceptedFrom(differencesOf(wanted, other), other, {})).toBeUndefined();
  const stale = { ...same, stale: ["DATABASE_URL"] };
  expect(acceptedFrom(differencesOf(wanted, stale), stale, {})).toBeUndefined();
});

test("what was accepted is no difference any more, whatever it was, also on top of what was accepted before", () => {
  const env = fc.dictionary(fc.stringMatching(/^[A-Z]{1,6}$/), fc.string({ maxLength: 5 }), { maxKeys: 4 });
  const change = fc.record({ env, replicas: fc.integer({ min: 1, max: 20 }), suspended: fc.boolean() });
  fc.assert(
    fc.property(change, change, (first, second) => {
      const before = accept(first, {});
      const after = accept(second, before);
      const git = { ...wanted, manifest: withAccepted(manifest, after), suspended: after.suspended === true };
      expect(differencesOf(git, actualOf(second))).toEqual([]);
    }),
  );

  function actualOf({
    env: variables,
    replicas,
    suspended,
  }: {
    env: Record<string, string>;
    replicas: number;
    suspended: boolean;
  }): Actual {
    return { ...same, manifest: { ...manifest, env: variables, scale: { replicas } }, suspended };
  }
  function accept(
    change: { env: Record<string, string>; replicas: number; suspended: boolean },
    before: ReturnType<typeof acceptedFrom> & object,
  ) {
    const git = { ...wanted, manifest: withAccepted(manifest, before), suspended: before.suspended === true };
    const actual = actualOf(change);
    return acceptedFrom(differencesOf(git, actual), actual, before)!;
  }
});
