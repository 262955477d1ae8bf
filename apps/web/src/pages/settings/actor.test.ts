import { expect, it } from "vitest";

import { nameOfActor } from "./actor.ts";

it("says who it was by name, where the name is known", () => {
  const names = new Map([
    ["usr_1", "Ada"],
    ["tok_1", "build of orders"],
  ]);
  expect(nameOfActor("user:usr_1", names)).toBe("Ada");
  expect(nameOfActor("service:tok_1", names)).toBe("build of orders");
  expect(nameOfActor("agent:tok_1", names)).toBe("build of orders (agent)");
  expect(nameOfActor("user:usr_2", names)).toBe("user:usr_2");
  expect(nameOfActor("system:delivery.deploy", names)).toBe("Roadbed: delivery.deploy");
  expect(nameOfActor("anonymous", names)).toBe("anonymous");
});
