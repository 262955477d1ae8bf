import { getDocs, importSource, syncSource } from "@roadbed/contracts/catalog";
import { getDocAsset, listDocProblems, listDocs } from "@roadbed/contracts/catalog/docs";
import { expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const ref = "component:default/shop";
/** A picture of one point. */
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';

async function write(): Promise<string> {
  await world.put("catalog-info.yaml", component("shop"));
  await world.put(
    "mkdocs.yml",
    "site_name: Shop\nnav:\n  - index.md\n  - Guides:\n      - Back it up: guides/backup.md\nrepo_url: https://github.com/acme/shop\nedit_uri: edit/main/docs\n",
  );
  await world.put("docs/index.md", "# Shop\n\nSee [the backup](guides/backup.md), [this](guides/gone.md).\n\n![map](img/map.svg)\n");
  await world.put("docs/guides/backup.md", "# Backup\n\n[home](../index.md#shop)\n");
  await world.put("docs/guides/loose.md", "# Loose\n");
  await world.put("docs/img/map.svg", PICTURE);
  return (await world.ask(importSource, { target: world.folder, watch: false })).source.id;
}

test("a site of MkDocs is read without its generator: navigation, sections, editor, pictures", async () => {
  await write();
  const docs = await world.ask(getDocs, { ref });
  expect(docs.pages).toEqual([
    { path: "index.md", title: "Shop", section: [] },
    { path: "guides/backup.md", title: "Back it up", section: ["Guides"] },
    { path: "guides/loose.md", title: "Loose", section: [] },
  ]);
  expect(docs).toMatchObject({
    owner: "group:default/team-a",
    problems: 1,
    page: { editUrl: "https://github.com/acme/shop/edit/main/docs/index.md" },
  });
  const picture = await world.ask(getDocAsset, { ref, path: "img/map.svg" });
  expect(picture.type).toBe("image/svg+xml");
  expect(Buffer.from(picture.base64, "base64").toString()).toBe(PICTURE);
  await expect(world.ask(getDocAsset, { ref, path: "../catalog-info.yaml" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a page says since when its text has been the same, whatever else of the site changes", async () => {
  const id = await write();
  const before = await world.ask(getDocs, { ref, page: "guides/backup.md" });
  await world.put("docs/index.md", "# Shop, rewritten\n");
  await world.ask(syncSource, { id });
  const backup = await world.ask(getDocs, { ref, page: "guides/backup.md" });
  expect(backup.page.changedAt).toBe(before.page.changedAt);
  const index = await world.ask(getDocs, { ref });
  expect(index.page.title).toBe("Shop, rewritten");
  expect(Date.parse(index.page.changedAt)).toBeGreaterThan(Date.parse(before.page.changedAt));
  expect(index.problems).toBe(1);
});

test("what leads nowhere is reported with page, line and mend, and is gone once mended", async () => {
  const id = await write();
  const { items } = await world.ask(listDocProblems, {});
  expect(items).toEqual([
    {
      ref,
      page: "index.md",
      line: 3,
      link: "guides/gone.md",
      reason: "there is no page or file guides/gone.md",
      mend: "Correct the path: it is relative to index.md.",
      editUrl: "https://github.com/acme/shop/edit/main/docs/index.md",
    },
  ]);
  const { items: listed } = await world.ask(listDocs, { problems: "true" });
  expect(listed).toMatchObject([{ ref, title: "shop", owner: "group:default/team-a", pages: 3, problems: 1 }]);
  await world.put("docs/guides/gone.md", "# Here\n");
  await world.ask(syncSource, { id });
  expect((await world.ask(listDocProblems, { ref })).items).toEqual([]);
  expect((await world.ask(listDocs, { problems: "true" })).items).toEqual([]);
  expect((await world.ask(listDocs, { owner: "group:default/team-b" })).items).toEqual([]);
});

test("problems are read page by page", async () => {
  await world.put("catalog-info.yaml", component("shop"));
  await world.put("docs/index.md", Array.from({ length: 7 }, (_, at) => `[x](gone-${at}.md)`).join("\n"));
  await world.ask(importSource, { target: world.folder, watch: false });
  const links: string[] = [];
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await world.ask(listDocProblems, { limit: 3, cursor });
    links.push(...items.map(({ link }) => link));
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  expect(links).toEqual(Array.from({ length: 7 }, (_, at) => `gone-${at}.md`));
});
