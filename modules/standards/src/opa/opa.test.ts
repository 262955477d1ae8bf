import { gzipSync } from "node:zlib";

import { afterAll, describe, expect, test } from "vitest";

import { createOpaEngine } from "./engine.ts";
import { readBundle } from "./read-bundle.ts";
import { readResult } from "./read-result.ts";
import { assemblePolicy } from "./testing/assemble.ts";

const engine = createOpaEngine({ deadlineMs: 600, memoryMb: 32 });
afterAll(() => engine.close());

const bundle = readBundle(assemblePolicy());
const PINNED = { image: "shop@sha256:0" };
const LOOSE = { image: "shop:latest" };

/** As `tar` writes it. */
function tarball(files: Record<string, Uint8Array | string>): Uint8Array {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

describe("a compiled policy", () => {
  test("is asked through its entrypoints", async () => {
    const deny = engine.load(bundle, "k8s/deny");
    expect(await engine.ask(deny, [LOOSE, PINNED])).toEqual([
      { result: [{ result: ["the image is not pinned"] }] },
      { result: [{ result: [] }] },
    ]);
    expect(await engine.ask(engine.load(bundle, "k8s/allow"), [LOOSE, PINNED])).toEqual([
      { result: [{ result: false }] },
      { result: [{ result: true }] },
    ]);
    expect((await engine.ask(engine.load(bundle, "none/such"), [{}]))[0]?.fault).toContain("none/such");
  });

  test("that never ends is ended, is not tried on the next object, and the next policy works", async () => {
    const answers = await engine.ask(engine.load(bundle, "loop"), [{}, {}]);
    expect(answers.map(({ fault }) => fault)).toEqual([
      "took longer than 600 ms",
      "was not evaluated: it took longer than 600 ms on another object",
    ]);
    expect((await engine.ask(engine.load(bundle, "k8s/deny"), [LOOSE]))[0]).toMatchObject({ result: [{}] });
  });

  test("that takes all memory, or fails, says so, and the next works", async () => {
    expect((await engine.ask(engine.load(bundle, "grow"), [{}]))[0]?.fault).toBeDefined();
    expect((await engine.ask(engine.load(bundle, "trap"), [{}]))[0]?.fault).toContain("unreachable");
    expect((await engine.ask(engine.load(bundle, "k8s/deny"), [LOOSE]))[0]).toMatchObject({ result: [{}] });
  });

  test("is asked by several at once", async () => {
    const deny = engine.load(bundle, "k8s/deny");
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => engine.ask(deny, [i % 2 ? LOOSE : PINNED])));
    expect(answers.map(([one]) => JSON.stringify(one).includes("not pinned"))).toEqual(answers.map((_, i) => i % 2 === 1));
  });
});

describe("a bundle", () => {
  test("holds the module and its data", () => {
    const read = readBundle(tarball({ "/.manifest": "{}", "/data.json": '{"a":1}', "/policy.wasm": assemblePolicy() }));
    expect(read.data).toEqual({ a: 1 });
    expect(Uint8Array.from(read.wasm)).toEqual(assemblePolicy());
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["a text", Buffer.from("package x"), /neither/],
    ["an archive without a module", tarball({ "/policy.rego": "package x" }), /no policy.wasm/],
    ["what is no archive", gzipSync(Buffer.alloc(600, 65)), /./],
    ["another module", Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /no opa_eval/],
    ["a broken module", assemblePolicy().subarray(0, 60), /no WebAssembly/],
    ["a module with a memory of its own", assemblePolicy({ ownMemory: true }), /memory of its own/],
    ["data that is a list", tarball({ "data.json": "[]", "policy.wasm": assemblePolicy() }), /data.json/],
  ])("%s is refused in words", (_, bytes, reason) => {
    expect(() => readBundle(bytes)).toThrow(reason);
  });
});

test.each<[string, unknown[], unknown]>([
  ["a/allow", [{ result: true }], []],
  ["a/allow", [{ result: false }], [{ message: undefined, weak: false }]],
  ["a/allow", [], [{ message: undefined, weak: false }]],
  ["a/deny", [], []],
  ["a/deny", [{ result: true }], [{ message: undefined, weak: false }]],
  [
    "a/deny",
    [{ result: ["x", { msg: "y" }] }],
    [
      { message: "x", weak: false },
      { message: "y", weak: false },
    ],
  ],
  ["a/warn", [{ result: ["x"] }], [{ message: "x", weak: true }]],
  ["a", [{ result: { deny: [], warn: ["w"], other: 1 } }], [{ message: "w", weak: true }]],
  ["a", [{ result: { other: 1 } }], undefined],
  ["a/deny", [{ result: 5 }], undefined],
])("%s giving %j is read as %j", (entrypoint, results, expected) => {
  expect(readResult(results, entrypoint)).toEqual(expected);
});
