import type { EntityRow } from "@roadbed/contracts/catalog";
import { describe, expect, it } from "vitest";

import { healthBySystem } from "./systems.ts";

const component = (name: string, system?: string): EntityRow => ({
  ref: `component:default/${name}`,
  kind: "Component",
  namespace: "default",
  name,
  tags: [],
  sample: false,
  ...(system !== undefined && { system: `system:default/${system}` }),
});

describe("healthBySystem", () => {
  const systems = healthBySystem(
    [component("a", "calm"), component("b", "trouble"), component("c", "trouble"), component("d", "trouble"), component("lonely")],
    [
      { service: "a", health: "ok", why: "" },
      { service: "c", health: "failing", why: "9 % fail" },
      { service: "b", health: "ok", why: "" },
    ],
  );
  it("puts trouble first, in systems and inside them", () => {
    expect(systems.map(({ system }) => system)).toEqual(["system:default/trouble", "system:default/calm"]);
    expect(systems[0]?.parts.map(({ name }) => name)).toEqual(["c", "b", "d"]);
  });
  it("calls a component without telemetry unknown, not well", () =>
    expect(systems[0]?.parts.at(-1)).toMatchObject({ name: "d", health: "unknown" }));
});
