import { join } from "node:path";

import { getDocs, getEntity, importSource, listSources } from "@roadbed/contracts/catalog";
import { DomainError, InvalidError } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { eventually } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, write, refs } = world;

describe("repositories", () => {
  const author = { name: "Ada", email: "ada@example.com" };

  test("of the embedded Git host are sources, and a push is followed", async () => {
    const repositories = openRepositories(join(world.home, "git"));
    await repositories.init("svc");
    const commit = (content: string) =>
      repositories.commitFiles("svc", {
        branch: "main",
        files: [
          { path: "catalog-info.yaml", content },
          { path: "docs/index.md", content: "# Svc" },
        ],
        message: "x",
        author,
      });
    await commit(component("svc"));
    const registered = await write((ctx) => world.catalog.registerRepository(ctx, { repository: "svc" }));
    expect(registered).toMatchObject({ refs: ["component:default/svc"], source: { kind: "repository", state: "ok" } });
    expect((await ask(getEntity, { ref: "component:default/svc" })).provenance.location).toBe("repository:svc/catalog-info.yaml");
    expect((await ask(getDocs, { ref: "component:default/svc" })).page.title).toBe("Svc");
    await write((ctx) => world.catalog.registerRepository(ctx, { repository: "svc" }));
    expect((await ask(listSources, {})).items).toHaveLength(1);
    await commit(component("svc").replace("type: service", "type: library"));
    expect(await world.catalog.notifyPush("svc")).toBe(1);
    await eventually(async () =>
      expect((await ask(getEntity, { ref: "component:default/svc" })).entity.spec).toMatchObject({ type: "library" }),
    );
  });

  test("elsewhere are cloned, and fetched when a push is told", async () => {
    const repositories = openRepositories(join(world.home, "git"));
    await repositories.init("remote");
    const commit = (name: string) =>
      repositories.commitFiles("remote", {
        branch: "main",
        files: [{ path: "catalog-info.yaml", content: component(name) }],
        message: "x",
        author,
      });
    await commit("one");
    const target = `file://${join(world.home, "git", "remote.git")}`;
    const { source } = await ask(importSource, { target });
    expect(source).toMatchObject({ kind: "git", name: "remote", target, state: "ok", entities: 1 });
    await commit("two");
    expect(await world.catalog.notifyPush(target)).toBe(1);
    await eventually(async () => expect(await refs()).toEqual(["component:default/two"]));
  });

  test("that do not answer are refused", async () => {
    await expect(ask(importSource, { target: "file:///nowhere/at/all.git" })).rejects.toBeInstanceOf(DomainError);
    await expect(ask(importSource, { target: "ext::sh -c touch% /tmp/x" })).rejects.toBeInstanceOf(InvalidError);
    expect((await ask(listSources, {})).items).toEqual([]);
  });
});
