import { describe, expect, it } from "vitest";

import { kindOfTarget, nameOfTarget, sentenceOfCounts } from "./words.ts";

const none = { read: 0, registered: 0, changed: 0, unchanged: 0, removed: 0, failed: 0, conflicts: 0 };
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");

describe("sentenceOfCounts", () => {
  it("tells what was done, and leaves out what was not", () =>
    expect(plain(sentenceOfCounts({ ...none, read: 12, registered: 10, unchanged: 2, failed: 1 }, 412.3))).toBe(
      "Found 12 entities in 412 ms: 10 new, 2 unchanged; 1 does not fit.",
    ));
  it("says one entity of one", () =>
    expect(plain(sentenceOfCounts({ ...none, read: 1, conflicts: 1 }, 20))).toBe(
      "Found 1 entity in 20 ms: 1 named by another source too.",
    ));
  it("is a sentence even when nothing was found", () => expect(plain(sentenceOfCounts(none, 3))).toBe("Found 0 entities in 3 ms."));
});

describe("kindOfTarget", () => {
  it.each(["https://git.example.org/a/b.git", "ssh://git@host/x", "git@github.com:backstage/backstage.git", "file:///srv/repo"])(
    "%s is a Git URL",
    (target) => expect(kindOfTarget(target)).toBe("git"),
  );
  it.each(["/srv/catalog", "./catalog", "..", "~/work", "C:\\catalog"])("%s is a folder", (target) =>
    expect(kindOfTarget(target)).toBe("folder"),
  );
  it.each(["", "catalog", "http", "https://"])("%s is neither yet", (target) => expect(kindOfTarget(target)).toBe("unclear"));
});

describe("nameOfTarget", () => {
  it.each([
    ["https://git.example.org/platform/catalog.git", "catalog"],
    ["git@github.com:backstage/backstage.git", "backstage"],
    ["/srv/catalog/", "catalog"],
    ["https://host/a/b?ref=main", "b"],
    ["", ""],
  ])("%s reads %s", (target, name) => expect(nameOfTarget(target)).toBe(name));
});
