import type { PartStanding } from "@roadbed/contracts/delivery/releases";
import { expect, test } from "vitest";

import type { GateDeps, Subject } from "./gate.ts";
import { partsGate } from "./parts-gate.ts";

const part = (o: Partial<PartStanding>): PartStanding => ({ kind: "image", name: "orders", version: "1.4.0", standing: "present", ...o });
const runtime = { system: () => ({}), read: async (_call: unknown, work: (ctx: unknown) => Promise<unknown>) => work({}) };

function evaluate(standings: () => Promise<readonly PartStanding[]>) {
  const gate = partsGate({ runtime } as unknown as GateDeps, { release: { id: "rel_1" } } as Subject, standings);
  return gate.evaluate(AbortSignal.timeout(5_000));
}

test("a release whose image or model was deleted while it waited does not go on, and says which", async () => {
  const found = await evaluate(async () => [
    part({}),
    part({ kind: "image", name: "sidecar", standing: "gone", why: "The registry has no sidecar 1.4.0 any more." }),
    part({ kind: "model", name: "ranker", version: "7", standing: "gone" }),
  ]);
  expect(found).toMatchObject({ verdict: "blocked", why: "The registry has no sidecar 1.4.0 any more. ranker is gone." });
  expect(found.evidence).toContainEqual({ label: "model ranker", value: "7, gone", link: "/releases/rel_1" });
});

test("what cannot be asked for is said, and stops nothing; a question that fails is no answer", async () => {
  expect(await evaluate(async () => [part({ standing: "unchecked" })])).toMatchObject({
    verdict: "passed",
    evidence: [{ value: "1.4.0, not asked for" }],
  });
  await expect(
    evaluate(async () => {
      throw new Error("the registry is away");
    }),
  ).rejects.toThrow("the registry is away");
});
