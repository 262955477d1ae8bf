import { describe, expect, it } from "vitest";

import { coarsen } from "./coarsen.ts";

const MINUTE = 60_000;
const step = (minute: number, requests = 1, errors = 0, p95Ms = 10) => ({
  at: new Date(minute * MINUTE).toISOString(),
  requests,
  errors,
  p95Ms,
});

describe("coarsen", () => {
  it("leaves a busy service as it is", () => {
    const series = Array.from({ length: 60 }, (_, minute) => step(minute));
    expect(coarsen(series, MINUTE, 0, 60 * MINUTE)).toMatchObject({ stepMs: MINUTE });
  });
  it("joins the steps of a quiet one, and keeps what was counted", () => {
    const quiet = coarsen(
      [step(0, 2, 1, 30), step(3, 2, 0, 50), step(8), step(16), step(20), step(28), step(36), step(44), step(52)],
      MINUTE,
      0,
      60 * MINUTE,
    );
    expect(quiet.stepMs).toBeGreaterThan(MINUTE);
    expect(quiet.steps[0]).toEqual({ at: 0, requestsPerSecond: 4 / (quiet.stepMs / 1_000), errorRate: 0.25, p95Ms: 50 });
  });
  it("keeps an outage a gap", () => {
    const series = [
      ...Array.from({ length: 20 }, (_, minute) => step(minute)),
      ...Array.from({ length: 20 }, (_, minute) => step(40 + minute)),
    ];
    const { steps, stepMs } = coarsen(series, MINUTE, 0, 60 * MINUTE);
    expect(steps.some(({ at }) => at >= 24 * MINUTE && at + stepMs <= 40 * MINUTE)).toBe(false);
  });
});
