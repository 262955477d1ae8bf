import { blobHash } from "@roadbed/git";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { RepositoryFile } from "../deps.ts";
import { carryOut } from "./carry-out.ts";
import { planUpgrade, type Side, type UpgradeSides } from "./plan-upgrade.ts";

type Tree = Readonly<Record<string, string>>;
const lines = (...changed: string[]): string => `a\n${changed[0] ?? "b"}\nc\nd\ne\n${changed[1] ?? "f"}\ng\n`;

describe("a file that", () => {
  const cases: [string, Tree, Tree, Tree, Tree, string[]][] = [
    ["the path changed", { x: "1" }, { x: "2" }, { x: "1" }, { x: "2" }, ["taken x"]],
    ["only somebody here changed", { x: "1" }, { x: "1" }, { x: "3" }, { x: "3" }, []],
    ["both changed to the same", { x: "1" }, { x: "2" }, { x: "2" }, { x: "2" }, []],
    ["both changed at other places", { x: lines() }, { x: lines("B") }, { x: lines("b", "F") }, { x: lines("B", "F") }, ["merged x"]],
    ["the path added", {}, { x: "1" }, {}, { x: "1" }, ["taken x"]],
    ["the path removed", { x: "1" }, {}, { x: "1" }, {}, ["removed x"]],
    ["the path removed and somebody changed", { x: "1" }, {}, { x: "2" }, { x: "2" }, ["conflict x"]],
    ["the path changed and somebody deleted", { x: "1" }, { x: "2" }, {}, {}, ["conflict x"]],
    ["was deleted here, and the path left as it was", { x: "1" }, { x: "1" }, {}, {}, []],
    ["is beside the path", { x: "1" }, { x: "2" }, { x: "1", own: "o" }, { x: "2", own: "o" }, ["taken x"]],
    ["is begun only, and both changed", { "src/x": "1\n" }, { "src/x": "2\n" }, { "src/x": "3\n" }, { "src/x": "3\n" }, ["kept src/x"]],
    ["is begun only, and was deleted here", { "src/x": "1" }, { "src/x": "2" }, {}, {}, ["kept src/x"]],
    ["deviates knowingly", { "dev/x": "1" }, { "dev/x": "2" }, { "dev/x": "3" }, { "dev/x": "3" }, ["kept dev/x"]],
  ];
  test.each(cases)("%s", async (_name, base, theirs, ours, expected, said) => {
    const result = await upgrade(base, theirs, ours);
    expect(result.tree).toEqual(expected);
    expect(result.said).toEqual(said);
  });

  test("both changed at the same place is marked, and both versions can be taken", async () => {
    const { tree, conflicts } = await upgrade({ x: "1\n" }, { x: "2\n" }, { x: "3\n" });
    expect(tree["x"]).toBe("<<<<<<< this repository\n3\n||||||| 1.0.0\n1\n=======\n2\n>>>>>>> 2.0.0\n");
    expect(conflicts).toMatchObject([{ path: "x", marked: true, ours: blobHash("3\n"), theirs: blobHash("2\n") }]);
  });

  test("was renamed here gets the path's change under its new name", async () => {
    const renamed = { here: { x: "y" } };
    expect((await upgrade({ x: lines() }, { x: lines("B") }, { y: lines("b", "F") }, renamed)).tree).toEqual({ y: lines("B", "F") });
    expect((await upgrade({ x: lines() }, { x: lines("B") }, { y: lines() }, renamed)).tree).toEqual({ y: lines("B") });
  });

  test("the path renamed takes what was changed here along", async () => {
    const renamed = { byPath: { x: "z" } };
    expect((await upgrade({ x: lines() }, { z: lines("B") }, { x: lines("b", "F") }, renamed)).tree).toEqual({ z: lines("B", "F") });
    expect((await upgrade({ x: "1" }, { z: "1" }, { x: "1" }, renamed)).tree).toEqual({ z: "1" });
    expect((await upgrade({ x: "1" }, { z: "2" }, { x: "1", z: "own" }, renamed)).said).toEqual(["conflict z"]);
  });
});

describe("whatever the three sides are", () => {
  const tree = fc.dictionary(
    fc.constantFrom("a", "b", "c", "src/d", "own/e"),
    fc.constantFrom("1\n", "2\n", lines(), lines("B"), lines("b", "F")),
    {
      maxKeys: 5,
    },
  );

  test("an untouched repository becomes what the new version makes", async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, async (base, theirs) => {
        expect((await upgrade(base, theirs, base)).tree).toEqual({ ...theirs });
      }),
      { numRuns: 60 },
    );
  });

  test("a version that makes the same changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, async (base, ours) => {
        const result = await upgrade(base, base, ours);
        expect([result.tree, result.said]).toEqual([{ ...ours }, []]);
      }),
      { numRuns: 60 },
    );
  });

  test("nothing that was written here is lost without a word, and what the path never had is not touched", async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, tree, async (base, theirs, ours) => {
        const result = await upgrade(base, theirs, ours);
        for (const [path, text] of Object.entries(ours)) {
          if (base[path] === undefined && theirs[path] === undefined) expect(result.tree[path]).toBe(text);
          const isChanged = text !== base[path] && text !== theirs[path];
          if (isChanged && result.tree[path] !== text) expect(result.said.some((word) => word.endsWith(` ${path}`))).toBe(true);
          if (isChanged && base[path] === theirs[path]) expect(result.tree[path]).toBe(text);
        }
      }),
      { numRuns: 60 },
    );
  });
});

interface Renamed {
  readonly here?: Record<string, string>;
  readonly byPath?: Record<string, string>;
}

async function upgrade(
  base: Tree,
  theirs: Tree,
  ours: Tree,
  renamed: Renamed = {},
): Promise<{ tree: Record<string, string>; said: string[]; conflicts: unknown }> {
  const sides: UpgradeSides = {
    base: sideOf(base),
    theirs: sideOf(theirs),
    ours: sideOf(ours),
    renamedHere: new Map(Object.entries(renamed.here ?? {})),
    renamedByPath: new Map(Object.entries(renamed.byPath ?? {})),
    managed: (path) => !path.startsWith("src/"),
    kept: (path) => (path.startsWith("dev/") ? "It deviates knowingly." : undefined),
  };
  const contents = new Map(
    [base, theirs, ours].flatMap((tree) => Object.values(tree).map((text) => [blobHash(text), Buffer.from(text)] as const)),
  );
  const result = await carryOut({
    steps: planUpgrade(sides),
    theirs: new Map(
      Object.entries(theirs).map(([path, text]): [string, RepositoryFile] => [
        path,
        { path, executable: false, content: Buffer.from(text) },
      ]),
    ),
    contents,
    labels: { base: "1.0.0", ours: "this repository", theirs: "2.0.0" },
  });
  const tree: Record<string, string> = { ...ours };
  for (const path of result.removed) delete tree[path];
  for (const { path, content } of result.files) tree[path] = Buffer.from(content).toString();
  return {
    tree,
    said: result.said
      .filter(({ outcome, why }) => outcome !== "removed" || !why.includes("calls it"))
      .map(({ outcome, path }) => `${outcome} ${path}`),
    conflicts: result.conflicts,
  };
}

function sideOf(tree: Tree): Map<string, Side> {
  return new Map(Object.entries(tree).map(([path, text]) => [path, { hash: blobHash(text), executable: false }]));
}
