import { chmod, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

import { folderOf } from "../testing/preview.ts";
import { collectResources } from "./collect-resources.ts";
import { listFiles, resolveInside } from "./workspace.ts";

test.each(["../../etc/passwd", "/etc/passwd", "a/../../b", "..", "a/\0b", "link/escape", "file-link"])(
  "%s leads out and is refused",
  async (path) => {
    const folder = await folderOf({ "a/x": "1" });
    await symlink("/etc", join(folder, "link"));
    await symlink("/etc/passwd", join(folder, "file-link"));
    await expect(resolveInside(folder, path, "targetPath")).rejects.toThrow(/leads out of its folder/);
  },
);

test("a path below the folder is given, there or not", async () => {
  const folder = await folderOf({ "a/x": "1" });
  expect(await resolveInside(folder, "a/x", "p")).toBe(join(folder, "a/x"));
  expect(await resolveInside(folder, "new/deep/./file", "p")).toBe(join(folder, "new/deep/file"));
  expect(await resolveInside(folder, ".", "p")).toBe(folder);
});

test("files are listed with their mode, without .git and without links", async () => {
  const folder = await folderOf({ "b/run.sh": "#!/bin/sh\n", ".git/config": "x", "a.txt": "é" });
  await writeFile(join(folder, "b/run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await chmod(join(folder, "b/run.sh"), 0o755);
  await symlink("/etc/passwd", join(folder, "passwd"));
  expect(await listFiles(folder)).toEqual([
    { path: "a.txt", bytes: 2, executable: false },
    { path: "b/run.sh", bytes: 10, executable: true },
  ]);
});

test("what policies look at is read: entities, manifests, and the images a Dockerfile begins from", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const folder = await folderOf({
    "catalog-info.yaml":
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: a }\n---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: { name: b }\n",
    "k8s/all.yml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n---\n# nothing\n",
    "values.yaml": "replicas: 2\n",
    "broken.yaml": "a: [1\n",
    "bomb.yaml": `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
      .split("")
      .map((name, n) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[n]}`).join(",")}]`)
      .join("\n")}\n`,
    Dockerfile: `ARG NODE=node:24@${digest}\n# FROM comment\nFROM --platform=linux/amd64 \${NODE} AS build\nRUN true\nFROM \\\n  nginx:latest\nCOPY --from=build /a /a\nFROM build\n`,
  });
  const { resources, descriptors, unreadable } = await collectResources(folder);
  expect(resources.map(({ file, object }) => `${file} ${String(object["kind"])}`)).toEqual([
    "Dockerfile Dockerfile",
    "catalog-info.yaml Component",
    "catalog-info.yaml API",
    "k8s/all.yml Deployment",
  ]);
  expect(resources[0]?.object["spec"]).toEqual({
    stages: [
      { image: `node:24@${digest}`, internal: false, name: "build" },
      { image: "nginx:latest", internal: false },
      { image: "build", internal: true },
    ],
  });
  expect(descriptors.map(({ file }) => file)).toEqual(["catalog-info.yaml"]);
  expect(unreadable.map((line) => line.split(":")[0])).toEqual(["bomb.yaml", "broken.yaml"]);
});
