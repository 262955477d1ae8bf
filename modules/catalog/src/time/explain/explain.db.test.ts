import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { deleteEntity, importSource, syncSource } from "@roadbed/contracts/catalog";
import { explainEntity } from "@roadbed/contracts/catalog/time";
import { expect, test } from "vitest";

import { component, entityOf, useWorld } from "../../world.suite.ts";

const world = useWorld();
const { ask, put, write } = world;
const ref = "component:default/a";
const why = (what: string) => ask(explainEntity, { what });

async function imported(): Promise<string> {
  return (await ask(importSource, { target: world.folder, watch: false })).source.id;
}

test("what is here is said to be here, by reference, name and place", async () => {
  await put("svc/a.yaml", component("a"));
  await imported();
  for (const what of [
    "component:default/A",
    "component:a",
    "A",
    join(world.folder, "svc/a.yaml"),
    "svc/a.yaml",
    join(world.folder, "svc"),
  ]) {
    expect([what, await why(what)]).toMatchObject([what, { verdict: "here", refs: [ref] }]);
  }
});

test("what was removed says when and why, what was renamed to what", async () => {
  await put("a.yaml", component("a"));
  const id = await imported();
  await ask(deleteEntity, { ref, reason: "nobody runs it" });
  expect(await why("a")).toMatchObject({
    verdict: "removed",
    says: expect.stringContaining("nobody runs it") as string,
    mend: `Restore it: roadbed entity restore ${ref}`,
  });
  await ask(syncSource, { id });
  await put("a.yaml", component("b"));
  await ask(syncSource, { id });
  expect(await why("a")).toMatchObject({ verdict: "renamed", refs: ["component:default/b"] });
});

test("what was refused is shown with file, line, reason and mend; who lost its name, to whom", async () => {
  await put("a.yaml", component("a").replace("  type: service\n", ""));
  await put("b.yaml", component("b"));
  const id = await imported();
  const refused = await why(ref);
  expect(refused).toMatchObject({ verdict: "refused", understoodAs: "reference" });
  expect(refused.steps.find(({ outcome }) => outcome === "stopped")).toMatchObject({
    file: "a.yaml",
    sourceId: id,
    detail: expect.stringContaining("spec.type") as string,
  });
  expect(await why("a.yaml")).toMatchObject({ verdict: "refused" });
  const other = join(world.home, "other");
  await mkdir(other, { recursive: true });
  await put("../other/b.yaml", component("b").replace("About", "Else"));
  await ask(importSource, { target: other, watch: false });
  expect(await why(join(other, "b.yaml"))).toMatchObject({
    verdict: "conflict",
    says: expect.stringContaining("belongs to the source") as string,
  });
  await ask(deleteEntity, { ref: "component:default/b" });
  await rm(join(world.folder, "b.yaml"));
  expect((await why("component:default/b")).verdict).not.toBe("unknown");
});

test("a file that is no descriptor, one that is not there, and a place that nobody reads", async () => {
  await put("a.yaml", component("a"));
  await put("values.yaml", "replicas: 2\n");
  await put("notes.md", "# Notes\n");
  await put("node_modules/x/catalog-info.yaml", component("x"));
  await imported();
  expect(await why("values.yaml")).toMatchObject({
    verdict: "not-a-descriptor",
    says: expect.stringContaining("no document in it") as string,
  });
  expect(await why("notes.md")).toMatchObject({ verdict: "not-a-descriptor", says: expect.stringContaining("only YAML") as string });
  expect(await why("node_modules/x/catalog-info.yaml")).toMatchObject({
    says: expect.stringContaining("node_modules are never read") as string,
  });
  expect(await why("A.yaml")).toMatchObject({ verdict: "no-such-file", mend: expect.stringContaining("capitals count") as string });
  expect(await why("../../etc/passwd")).toMatchObject({ verdict: "no-source" });
  expect(await why("/etc/passwd")).toMatchObject({ verdict: "no-source", mend: "Bring it: roadbed import /etc/passwd" });
  expect(await why("https://user:secret@git.example/team/x")).toMatchObject({
    verdict: "no-source",
    mend: "Bring it: roadbed import https://git.example/team/x",
  });
});

test("a source that cannot be read may hold it; what nobody names is guessed", async () => {
  await put("payments.yaml", component("payments"));
  const id = await imported();
  expect(await why("component:default/paymnts")).toMatchObject({ verdict: "unknown", mend: "Did you mean component:default/payments?" });
  await rename(world.folder, `${world.folder}-away`);
  await ask(syncSource, { id });
  expect(await why("component:default/other")).toMatchObject({
    verdict: "unreadable-source",
    mend: expect.stringContaining(`roadbed source sync ${id}`) as string,
  });
});

test("what somebody may not see was never there for them: present, removed, or never, the answer is the same", async () => {
  const viewers = { identitiesOf: async ({ actor }: { actor: { kind: string; id?: string } }) => new Set([`user:default/${actor.id}`]) };
  const by = world.open({ viewers });
  const bob = { actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["catalog:read"]) } as const;
  const asBob = async (what: string) => JSON.stringify(await ask(explainEntity, { what }, by, bob)).replaceAll(/qqq|zzz/g, "…");
  const never = await asBob("component:default/zzz");
  const secret = { ...entityOf("qqq"), metadata: { name: "qqq", annotations: { "roadbed.dev/visible-to": "user:ann" } } };
  await write((ctx) => by.registerEntity(ctx, { entity: secret, source: "calls" }));
  expect(await asBob("component:default/qqq")).toBe(never);
  expect(await asBob("qqq")).toBe(await asBob("zzz"));
  await ask(deleteEntity, { ref: "component:default/qqq" }, by);
  expect(await asBob("component:default/qqq")).toBe(never);
  await by.stop();
});
