import { describe, expect, it } from "vitest";

import { stateOfToken } from "./token-state.ts";

const now = Date.parse("2026-01-10T00:00:00Z");

describe("stateOfToken", () => {
  it("works without an end", () => expect(stateOfToken({}, now)).toBe("works"));
  it("warns in its last week", () => {
    expect(stateOfToken({ expiresAt: "2026-01-16T00:00:00Z" }, now)).toBe("ends soon");
    expect(stateOfToken({ expiresAt: "2026-01-18T00:00:00Z" }, now)).toBe("works");
  });
  it("has ended at its moment", () => expect(stateOfToken({ expiresAt: "2026-01-10T00:00:00Z" }, now)).toBe("ended"));
  it("is revoked, whatever its end says", () =>
    expect(stateOfToken({ revokedAt: "2026-01-01T00:00:00Z", expiresAt: "2027-01-01T00:00:00Z" }, now)).toBe("revoked"));
});
