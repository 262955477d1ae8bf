import { describe, expect, it } from "vitest";

import { actorWords } from "./actor-words.ts";

const names = new Map([
  ["usr_1", "Ada Lovelace"],
  ["tok_1", "reviewer"],
]);

describe("actorWords", () => {
  it("calls the reader you", () => expect(actorWords("user:usr_9", "user:usr_9", names)).toBe("you"));
  it("names people", () => expect(actorWords("user:usr_1", undefined, names)).toBe("Ada Lovelace"));
  it("tells an agent from a person", () => expect(actorWords("agent:tok_1", undefined, names)).toBe("reviewer (agent)"));
  it("says which part of Roadbed acted", () => expect(actorWords("system:relay", undefined, names)).toBe("Roadbed (relay)"));
  it("shortens an id it has no name for", () =>
    expect(actorWords("service:tok_01m7y0mctkfaae3axehnpq0swa", undefined, names)).toBe("service …pq0swa"));
});
