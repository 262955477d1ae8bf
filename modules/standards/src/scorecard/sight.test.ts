import { expect, test } from "vitest";

import { showOnly, sightOf } from "./sight.ts";

const NAMES = ["entity", "related", "owner", "repo"];
const subject = {
  entity: {
    metadata: { name: "a", description: "d", labels: { x: "1" } },
    spec: { type: "service", definition: "very long" },
    relations: [1],
  },
  related: { partOf: [{ ref: "s" }], dependsOn: [{ ref: "d" }] },
  owner: { found: true, kind: "group" },
  repo: { found: true },
};

function seen(...expressions: readonly string[]): unknown {
  return showOnly(subject, sightOf(expressions.join("\n"), NAMES));
}

test.each<[string, unknown]>([
  [
    "has(entity.spec.type) && entity.metadata.?labels.orValue({}).size() > 0",
    { entity: { metadata: { labels: { x: "1" } }, spec: { type: "service" } } },
  ],
  ["related.partOf.exists(place, place.found)", { related: { partOf: [{ ref: "s" }] } }],
  ["related . ? partOf.orValue([]).size() > 0", { related: { partOf: [{ ref: "s" }] } }],
  ["owner.found", { owner: { found: true } }],
  ["1 == 1", {}],
])("%s sees what it names", (expression, shown) => expect(seen(expression)).toEqual(shown));

test.each<[string, string]>([
  ["a name by itself", "related.exists(type, related[type].size() > 0)"],
  ["a function of the whole", "[entity].exists(e, has(e.spec.definition))"],
  ["a field by its index", 'entity["spec"].definition.size() > 0'],
  ["both ways", 'entity.metadata.name == "a" && entity.size() > 0'],
])("%s sees all of it", (_, expression) => {
  const shown = seen(expression) as Record<string, unknown>;
  const name = expression.includes("related") ? "related" : "entity";
  expect(shown[name]).toEqual(subject[name as "entity"]);
});

test("what is shared by several subjects stays one thing", () => {
  const shared = { ref: "s" };
  const sight = sightOf("related.partOf.size() > 0", NAMES);
  const [a, b] = [1, 2].map(() => showOnly({ related: { partOf: [shared] } }, sight)) as { related: { partOf: object[] } }[];
  expect(a!.related.partOf[0]).toBe(b!.related.partOf[0]);
});
