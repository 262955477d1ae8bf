import { describe, expect, it } from "vitest";

import { answerOf } from "./answer.ts";

const calm = { loading: false, unreachable: false, incidents: [], sick: [], services: 12, components: 40 } as const;

describe("answerOf", () => {
  it("says that all is well only when something was measured", () => {
    expect(answerOf(calm).title).toBe("Everything is all right");
    expect(answerOf({ ...calm, services: 0 }).title).toBe("No service sends telemetry");
  });
  it("never calls an unknown estate well", () => expect(answerOf({ ...calm, unreachable: true }).title).toMatch(/cannot tell/));
  it("names an open incident before anything else", () => {
    const answer = answerOf({ ...calm, incidents: [{ title: "Checkout times out" }], sick: [{ service: "cart", health: "failing" }] });
    expect(answer.title).toBe("One incident is open");
    expect(answer.sentence).toContain("Checkout times out");
  });
  it("tells failing from degraded", () => {
    expect(answerOf({ ...calm, sick: [{ service: "cart", health: "failing" }] }).title).toBe("cart is failing");
    expect(answerOf({ ...calm, sick: [{ service: "cart", health: "degraded" }] }).title).toMatch(/^Mostly well/);
  });
});
