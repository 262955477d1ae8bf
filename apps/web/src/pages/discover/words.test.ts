import { describe, expect, it } from "vitest";

import type { Discovery } from "@roadbed/contracts/catalog/proposals";
import * as words from "./words.ts";

const { gradeOf, percent, shortRepository } = words;
/** Numbers and their nouns hold together by spaces that do not break. */
const spaced = (text: string): string => text.replaceAll(/[\u00A0\u202F]/g, " ");
const sentenceOfDiscovery = (of: Discovery): string => spaced(words.sentenceOfDiscovery(of));
const sentenceOfAcceptance = (of: Parameters<typeof words.sentenceOfAcceptance>[0]): string => spaced(words.sentenceOfAcceptance(of));

const at = (over: Partial<Discovery>): Discovery => ({
  id: "disc_1",
  kind: "folder",
  target: "/clones",
  status: "running",
  total: 0,
  done: 0,
  unchanged: 0,
  steps: [],
  notes: [],
  requestedAt: "2026-01-01T00:00:00.000Z",
  ...over,
});

describe("words of a discovery", () => {
  it("say how far it is and what came of it", () => {
    expect(sentenceOfDiscovery(at({ status: "queued" }))).toBe("Waiting for its turn.");
    expect(sentenceOfDiscovery(at({}))).toBe("Looking for repositories.");
    expect(sentenceOfDiscovery(at({ total: 12, done: 3, current: "shop/orders" }))).toBe("3 of 12 repositories read, now shop/orders.");
    const proposals = { added: 2, changed: 1, reopened: 0, withdrawn: 0, open: 9 };
    expect(sentenceOfDiscovery(at({ status: "succeeded", total: 12, done: 12, unchanged: 10, proposals }))).toBe(
      "12 repositories read (10 as before): 2 new proposals, 1 changed.",
    );
    expect(sentenceOfDiscovery(at({ status: "succeeded" }))).toContain("no repository in it");
  });

  it("say what was accepted and what was not", () => {
    expect(sentenceOfAcceptance({ accepted: [{ id: "a", ref: "x" }], failed: [{ id: "b", ref: "y", reason: "z" }], left: 0 })).toBe(
      "1 entity in the catalogue now; 1 could not be accepted.",
    );
  });

  it("grade confidence and shorten repositories from the left", () => {
    expect([0.8, 0.5, 0.49].map(gradeOf)).toEqual(["sure", "likely", "unsure"]);
    expect(spaced(percent(0.874))).toBe("87 %");
    expect(shortRepository("github.com/shop/orders")).toBe("shop/orders");
  });
});
