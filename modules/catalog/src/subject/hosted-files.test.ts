import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { HostedRepository } from "@roadbed/contracts/connector";
import { TooManyError } from "@roadbed/core";
import { quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createHostedFiles, type HostedFiles } from "./hosted-files.ts";

let folder: string;
let files: Record<string, string>;
let mark: string;
let remaining: number;
let asked: string[];
let fails: Error | undefined;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "hosted-"))));
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  files = { "README.md": "# Shop", "svc/package.json": "{}", "svc/src/a.ts": "1" };
  [mark, remaining, asked, fails] = ["1", 5_000, [], undefined];
});

/** A host that counts what it is asked. */
function hostedFiles(name: string | undefined): HostedFiles {
  const repository = async (_: object, path: string): Promise<HostedRepository | undefined> => {
    asked.push("repository");
    if (fails) throw fails;
    if (path !== "acme/shop") return undefined;
    return {
      url: "https://github.com/acme/shop",
      mark,
      budget: () => ({ remaining, limit: 5_000, resetAt: new Date(Date.now() + 60_000) }),
      list: async () => {
        asked.push("list");
        return { files: Object.entries(files).map(([path, text]) => ({ path, id: `${path} ${text}` })), isPart: false };
      },
      read: async (some) => {
        asked.push(`read ${some.map(({ path }) => path).join(" ")}`);
        return new Map(some.map(({ path }) => [path, Buffer.from(files[path]!)]));
      },
      commits: async () => [],
    };
  };
  return createHostedFiles({
    sql: { query: async () => ({ rows: [{ id: "src_1", name: "acme", connector: "github" }], rowCount: 1 }) } as never,
    log: quietLog,
    connectors: { get: () => ({ title: "GitHub", repository }) as never, settingsOf: async () => ({}), call: () => ({}) as never },
    folder: name === undefined ? undefined : join(folder, name),
  });
}

const place = (more: object = {}) => ({ sourceId: "src_1", repository: "acme/shop", dir: "", readAt: null, ...more });

test("nobody waits for a host: what is not known yet says so, and is told when it is there", async () => {
  const hosted = hostedFiles(undefined);
  const told: (readonly string[])[] = [];
  hosted.onRead((refs) => void told.push(refs));
  expect(await hosted.look("component:default/shop", place({ dir: "svc" }), ["package.json"])).toEqual({
    because: "it is being read from its host",
  });
  await hosted.settled();
  expect(told).toEqual([["component:default/shop"]]);
  const looked = await hosted.look("component:default/shop", place({ dir: "svc" }), ["package.json"]);
  if ("because" in looked) throw new Error(looked.because);
  expect(looked.paths).toEqual(["package.json", "src/a.ts"]);
  expect(looked.text("package.json")).toBe("{}");
  expect(asked).toEqual(["repository", "list", "read svc/package.json"]);
});

test("what is as it was costs one question, what was pushed is read, and only what is other", async () => {
  const hosted = hostedFiles(undefined);
  await hosted.look("a", place(), ["*.md", "svc/*.json"]);
  await hosted.settled();
  asked = [];
  await hosted.look("a", place({ readAt: new Date(Date.now() + 1_000) }), ["*.md", "svc/*.json"]);
  await hosted.settled();
  expect(asked).toEqual(["repository"]);
  asked = [];
  [mark, files["README.md"]] = ["2", "# Other"];
  const told: unknown[] = [];
  hosted.onRead((refs) => void told.push(refs));
  await hosted.look("a", place({ readAt: new Date(Date.now() + 1_000) }), ["*.md", "svc/*.json"]);
  await hosted.settled();
  expect(asked).toEqual(["repository", "list", "read README.md"]);
  expect(told).toEqual([["a"]]);
});

test("a restart forgets nothing, and a file that a new rule reads is fetched alone", async () => {
  const first = hostedFiles("kept");
  await first.look("a", place(), ["README.md"]);
  await first.settled();
  asked = [];
  const second = hostedFiles("kept");
  expect(await second.look("a", place(), ["README.md"])).not.toHaveProperty("because");
  expect(asked).toEqual([]);
  await second.look("a", place(), ["README.md", "svc/package.json"]);
  await second.settled();
  expect(asked).toEqual(["repository", "read svc/package.json"]);
});

test("why it is not known is said: no repository, no calls left, a host that wants to be left alone", async () => {
  const because = async (hosted: HostedFiles, more: object = {}): Promise<string> => {
    await hosted.look("a", place(more), []);
    await hosted.settled();
    const looked = await hosted.look("a", place(more), []);
    await hosted.settled();
    return "because" in looked ? looked.because : "known";
  };
  expect(await because(hostedFiles(undefined), { repository: "acme/none" })).toBe(
    "the host has no repository acme/none, or hides it from the token of acme",
  );
  remaining = 100;
  expect(await because(hostedFiles(undefined))).toContain("few calls");
  asked = [];
  fails = new TooManyError("GitHub allows no more calls for now.", 60);
  expect(await because(hostedFiles(undefined))).toContain("no more calls");
  expect(asked).toEqual(["repository"]);
});
