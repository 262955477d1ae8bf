import { expect, test } from "vitest";

import { readQuestion } from "./read-question.ts";

test.each([
  ["component:default/Orders", { kind: "reference", ref: "component:default/orders" }],
  ["Component:orders", { kind: "reference", ref: "component:default/orders" }],
  ["Orders", { kind: "name", name: "orders" }],
  ["https://git.example/team/orders", { kind: "address", address: "https://git.example/team/orders" }],
  ["git@git.example:team/orders.git", { kind: "address", address: "git@git.example:team/orders.git" }],
  ["/srv/catalog/orders", { kind: "path", path: "/srv/catalog/orders" }],
  ["./orders/catalog-info.yaml", { kind: "path", path: "orders/catalog-info.yaml" }],
  ["orders/catalog-info.yaml", { kind: "path", path: "orders/catalog-info.yaml" }],
  ["catalog-info.yaml", { kind: "path", path: "catalog-info.yaml" }],
  ["services/orders", { kind: "path", path: "services/orders" }],
  [":", { kind: "name", name: ":" }],
])("%s is understood", (text, question) => {
  expect(readQuestion(text)).toEqual(question);
});
