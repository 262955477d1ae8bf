import { describe, expect, test } from "vitest";

import { createSearchIndex, type SearchIndex } from "./search-index.ts";
import { isNear, tokens } from "./tokens.ts";

function indexOf(names: Readonly<Record<string, string>>): SearchIndex {
  const index = createSearchIndex();
  for (const [name, description] of Object.entries(names)) {
    index.put(name, [
      { text: name, weight: 10, isName: true },
      { text: description, weight: 2 },
    ]);
  }
  return index;
}

function found(index: SearchIndex, text: string): string[] {
  return index.query(text, 10).map(({ key }) => key);
}

describe("a search index", () => {
  const index = indexOf({
    payment: "Takes the money",
    "payment-gateway": "Talks to banks about each payment, payment after payment",
    "payments-report": "Monthly numbers",
    ledger: "Books every payment",
    web: "The shop",
    PaymentWebhooks: "Calls others back",
    メトリクス収集: "Übersicht der Größen",
  });

  test.each<[string, string[]]>([
    ["payment", ["payment"]],
    ["Payment", ["payment"]],
    ["payment gateway", ["payment-gateway"]],
    ["payment-g", ["payment-gateway"]],
    ["gatew", ["payment-gateway"]],
    ["paymnet", ["payment"]],
    ["webhooks", ["PaymentWebhooks"]],
    ["atewa", ["payment-gateway"]],
    ["größen", ["メトリクス収集"]],
    ["groszen", []],
    ["uber", ["メトリクス収集"]],
    ["リク", ["メトリクス収集"]],
    ["", []],
    ["zzzzzz", []],
  ])("%j finds %j first", (text, first) => {
    expect(found(index, text).slice(0, 1)).toEqual(first);
  });

  test("a name counts more than the same word in prose", () => {
    expect(found(index, "payment").indexOf("ledger")).toBeGreaterThan(found(index, "payment").indexOf("payments-report"));
  });

  test("all words must be there; when nothing has all, some will do", () => {
    expect(found(index, "monthly payments")).toEqual(["payments-report"]);
    expect(found(index, "monthly zzzzzz")).toEqual(["payments-report"]);
  });

  test("what is removed or replaced is not found any more", () => {
    const changing = indexOf({ one: "alpha", two: "beta" });
    expect(found(changing, "alp")).toEqual(["one"]);
    changing.put("one", [{ text: "gamma", weight: 1 }]);
    expect(found(changing, "alp")).toEqual([]);
    expect(found(changing, "gam")).toEqual(["one"]);
    changing.remove("one");
    changing.remove("unknown");
    expect(found(changing, "gamma")).toEqual([]);
    expect(changing.size).toBe(1);
  });

  test("matching asks for all words, as they begin", () => {
    expect([...index.matching("pay gat")]).toEqual(["payment-gateway"]);
    expect(index.matching("paymnet").size).toBe(0);
  });
});

test("tokens", () => {
  expect(tokens("PaymentGateway-v2 Über_uns")).toEqual(["payment", "gateway", "v2", "uber", "uns"]);
});

test.each([
  ["payment", "paymnet", 1, true],
  ["payment", "paymen", 1, true],
  ["payment", "paymants", 1, false],
  ["payment", "paymants", 2, true],
  ["abc", "xyz", 2, false],
])("%s and %s within %i: %s", (a, b, limit, near) => {
  expect(isNear(a, b, limit)).toBe(near);
});
