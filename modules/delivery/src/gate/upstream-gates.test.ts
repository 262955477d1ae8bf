import { expect, test } from "vitest";

import type { Subject, Verified } from "./gate.ts";
import { soakGate, upstreamGate } from "./upstream-gates.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const ago = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const there: Verified = {
  environment: "staging",
  at: ago(20),
  promotion: "prm_1",
  health: "healthy",
  is_there: true,
  left_at: null,
  rolled_back: false,
};
const subject = (verified: readonly Verified[]): Subject =>
  ({ verified, now: NOW, environment: { upstream: ["staging", "canary"], soakMinutes: 30 } }) as unknown as Subject;
const upstream = (...verified: Verified[]) => upstreamGate(subject(verified)).evaluate(AbortSignal.timeout(1_000));
const soak = (...verified: Verified[]) => soakGate(subject(verified)).evaluate(AbortSignal.timeout(1_000));

test("verified is what became healthy in one of the environments before, and is not sick there and was not rolled back", async () => {
  expect(await upstream()).toMatchObject({ verdict: "waiting" });
  expect(await upstream({ ...there, environment: "dev" })).toMatchObject({ verdict: "waiting" });
  expect(await upstream(there)).toMatchObject({ verdict: "passed" });
  expect(await upstream({ ...there, health: "crashed" })).toMatchObject({ verdict: "blocked" });
  // Something newer is there now, and how that is says nothing of this one.
  expect(await upstream({ ...there, is_there: false, left_at: ago(1), health: "crashed" })).toMatchObject({ verdict: "passed" });
  expect(await upstream({ ...there, is_there: false, left_at: ago(1), rolled_back: true })).toMatchObject({ verdict: "blocked" });
});

test("soak time is counted without a break, says when it is over, and never ends for what was replaced", async () => {
  expect(await soak(there)).toMatchObject({
    verdict: "waiting",
    why: "It has been in staging for 20 of 30 minutes.",
    until: "2026-03-01T12:10:00.000Z",
  });
  expect(await soak({ ...there, at: ago(30) })).toMatchObject({ verdict: "passed" });
  expect(await soak(there, { ...there, environment: "canary", at: ago(45) })).toMatchObject({ verdict: "passed" });
  expect(await soak({ ...there, at: ago(90), left_at: ago(75) })).toMatchObject({ verdict: "blocked" });
  expect(await soak({ ...there, at: ago(90), left_at: ago(50) })).toMatchObject({ verdict: "passed" });
  // A clock that jumped back waits on.
  expect(await soak({ ...there, at: ago(-5) })).toMatchObject({ verdict: "waiting" });
});
