import { describe, expect, it } from "vitest";

import { buildScene, groupId, type Graph, type GraphNode, type Picture } from "./group.ts";

const ref = (name: string): string => `component:default/${name}`;
const node = (name: string, group?: string): GraphNode => ({
  ref: ref(name),
  kind: "Component",
  name,
  found: true,
  depth: 0,
  ...(group !== undefined && { group }),
});
const edge = (from: string, to: string): Graph["edges"][number] => ({
  from: ref(from),
  to: ref(to),
  type: "dependsOn",
  origins: ["declared"],
});
const group = (key: string, count: number, open: boolean): Graph["groups"][number] => ({
  key,
  label: key,
  count,
  open,
  shown: open ? count : 0,
});
const bundle = (from: string, to: string, over: Partial<Graph["bundles"][number]> = {}): Graph["bundles"][number] => ({
  from,
  to,
  declared: 2,
  observed: 0,
  inferred: 0,
  drift: 0,
  calls: 0,
  errors: 0,
  ...over,
});

describe("buildScene", () => {
  it("shows closed groups with counts, and what runs between them", () => {
    const scene = buildScene({
      nodes: [],
      groups: [group("shop", 2, false), group("money", 3, false)],
      edges: [],
      bundles: [bundle("shop", "money", { observed: 5, calls: 200, errors: 20, drift: 1 })],
    });
    expect(scene.groups.map(({ key, count }) => [key, count])).toEqual([
      ["shop", 2],
      ["money", 3],
    ]);
    expect(scene.edges).toEqual([
      expect.objectContaining({
        from: groupId("shop"),
        to: groupId("money"),
        count: 5,
        origins: ["declared", "observed"],
        errorShare: 0.1,
        drift: 1,
      }),
    ]);
    expect(scene.groups[0]?.x).toBeLessThan(scene.groups[1]?.x ?? 0);
  });

  it("frames the members of an open group, with lines to the closed ones", () => {
    const picture: Picture = {
      nodes: [node("cart", "shop"), node("web", "shop"), node("alone")],
      groups: [group("shop", 2, true), group("money", 2, false)],
      edges: [edge("web", "cart"), edge("cart", "alone")],
      bundles: [bundle(ref("cart"), "money")],
    };
    const scene = buildScene(picture);
    const [frame] = scene.frames;
    for (const { name, x, y } of scene.entities.filter(({ name: one }) => one !== "alone")) {
      expect(name).not.toBe("alone");
      expect(x).toBeGreaterThanOrEqual(frame?.x ?? 0);
      expect(y).toBeGreaterThan(frame?.y ?? 0);
      expect(x).toBeLessThan((frame?.x ?? 0) + (frame?.width ?? 0));
    }
    expect(scene.edges.map(({ from, to }) => [from, to])).toContainEqual([ref("cart"), groupId("money")]);
    expect(buildScene({ ...picture, nodes: [...picture.nodes].reverse(), edges: [...picture.edges].reverse() }).frames).toEqual(
      scene.frames,
    );
  });

  it("stays quick at a thousand entities", () => {
    const nodes = Array.from({ length: 1_000 }, (_, index) => node(`n${index}`));
    const edges = nodes.flatMap((_, index) => [
      edge(`n${index}`, `n${(index * 7) % 1_000}`),
      edge(`n${index}`, `n${(index * 13) % 1_000}`),
    ]);
    const scene = buildScene({ nodes, edges, groups: [], bundles: [] });
    expect(scene.entities).toHaveLength(1_000);
    expect(scene.edges.length + scene.leftOut).toBe(2_000);
  });
});
