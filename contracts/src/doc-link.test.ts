import { describe, expect, it } from "vitest";

import { linkOf, slugOf } from "./doc-link.ts";

const pages = ["index.md", "runbook.md", "guide/deploy.md", "guide/index.md"];

describe("linkOf", () => {
  it("finds pages relative to the page one reads", () => {
    expect(linkOf("runbook.md#steps", "index.md", pages)).toEqual({ kind: "page", path: "runbook.md" });
    expect(linkOf("../runbook", "guide/deploy.md", pages)).toEqual({ kind: "page", path: "runbook.md" });
    expect(linkOf("guide/", "index.md", pages)).toEqual({ kind: "page", path: "guide/index.md" });
  });
  it("never follows a script or another scheme", () => {
    for (const href of ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
      expect(linkOf(href, "index.md", pages)).toEqual({ kind: "dead" });
  });
  it("tells outside from inside", () => {
    expect(linkOf("https://a.b/c", "index.md", pages)).toEqual({ kind: "outside" });
    expect(linkOf("/catalog", "index.md", pages)).toEqual({ kind: "inside", href: "/catalog" });
    expect(linkOf("nowhere.md", "index.md", pages)).toEqual({ kind: "dead" });
  });
});

describe("slugOf", () => {
  it("is GitHub's", () => expect(slugOf("How it runs: `dev`")).toBe("how-it-runs-dev"));
});
