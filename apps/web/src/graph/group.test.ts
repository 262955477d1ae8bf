import { describe, expect, it } from "vitest";

import { buildScene, groupId, type GraphNode } from "./group.ts";

const node = (name: string, system?: string): GraphNode => ({
  ref: `component:default/${name}`,
  kind: "Component",
  name,
  found: true,
  depth: 0,
  ...(system !== undefined && { system: `system:default/${system}` }),
});
const edge = (from: string, to: string) => ({ from: `component:default/${from}`, to: `component:default/${to}`, type: "dependsOn" });

const nodes = [node("cart", "shop"), node("web", "shop"), node("ledger", "money"), node("fraud", "money"), node("alone")];
const edges = [edge("cart", "ledger"), edge("web", "ledger"), edge("cart", "fraud"), edge("web", "cart")];

describe("buildScene", () => {
  it("shows groups with counts, and counts the relations between them", () => {
    const scene = buildScene({ nodes, edges }, "system", new Set());
    expect(scene.entities).toHaveLength(0);
    expect(scene.groups.map(({ label, count }) => [label, count])).toEqual([
      ["system:default/shop", 2],
      ["system:default/money", 2],
      ["without system", 1],
    ]);
    expect(scene.edges).toEqual([
      { id: expect.any(String), from: groupId("system:default/shop"), to: groupId("system:default/money"), type: "relations", count: 3 },
    ]);
  });

  it("opens one group and leaves the others closed", () => {
    const scene = buildScene({ nodes, edges }, "system", new Set(["system:default/shop"]));
    expect(scene.entities.map(({ name }) => name).sort()).toEqual(["cart", "web"]);
    expect(scene.frames).toHaveLength(1);
    expect(scene.edges).toHaveLength(3);
    const [frame] = scene.frames;
    for (const { x, y } of scene.entities) {
      expect(x).toBeGreaterThanOrEqual(frame?.x ?? 0);
      expect(y).toBeGreaterThan(frame?.y ?? 0);
      expect(x).toBeLessThan((frame?.x ?? 0) + (frame?.width ?? 0));
    }
  });

  it("draws everything without groups", () => {
    const scene = buildScene({ nodes, edges }, "none", new Set());
    expect(scene.entities).toHaveLength(5);
    expect(scene.groups).toHaveLength(0);
  });

  it("stays quick at a thousand entities", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => node(`n${index}`, `s${index % 40}`));
    const links = many.flatMap((_, index) => [edge(`n${index}`, `n${(index * 7) % 1_000}`), edge(`n${index}`, `n${(index * 13) % 1_000}`)]);
    expect(buildScene({ nodes: many, edges: links }, "none", new Set()).entities).toHaveLength(1_000);
    expect(buildScene({ nodes: many, edges: links }, "system", new Set()).groups).toHaveLength(40);
  });
});
