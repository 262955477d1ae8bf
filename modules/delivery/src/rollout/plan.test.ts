import { describe, expect, test } from "vitest";

import { parseManifest } from "../workload/manifest.ts";
import { isDecided, planFor } from "./plan.ts";

const parsed = (rollout: string) => parseManifest(`kind: service\nstart: [node]\n${rollout}`).rollout;

describe("rollout in roadbed.yaml", () => {
  test("is all at once where nothing is said, and has an environment's own way where it says one", () => {
    expect(planFor(undefined, "dev")).toMatchObject({ strategy: "all-at-once", steps: [] });
    const rollout = parsed(
      "rollout:\n  strategy: canary\n  steps: [{ weight: 5 }, { analysis: {} }]\n  environments:\n    dev: { strategy: rolling }\n    prod: { steps: [{ weight: 1 }, { analysis: { deadlineSeconds: 60 } }] }\n",
    );
    expect(planFor(rollout, "dev")).toMatchObject({ strategy: "rolling", steps: [] });
    expect(planFor(rollout, "staging").steps).toEqual([{ kind: "weight", weight: 5 }, { kind: "analysis" }]);
    expect(planFor(rollout, "prod").steps).toEqual([
      { kind: "weight", weight: 1 },
      { kind: "analysis", deadlineSeconds: 60 },
    ]);
    expect(isDecided(planFor(rollout, "prod"))).toBe(true);
    expect(isDecided(planFor(rollout, "dev"))).toBe(false);
  });

  test("has steps of its own for each strategy, and every setting its default", () => {
    expect(planFor(parsed("rollout: { strategy: canary }\n"), "dev").steps.map(({ kind }) => kind)).toEqual([
      "weight",
      "analysis",
      "weight",
      "analysis",
    ]);
    expect(planFor(parsed("rollout: { strategy: blue-green, lookSeconds: 0, keepSeconds: 60 }\n"), "dev").steps).toEqual([
      { kind: "header", name: "x-roadbed-preview" },
      { kind: "weight", weight: 100 },
      { kind: "pause", seconds: 60 },
    ]);
    expect(planFor(parsed("rollout: { strategy: shadow, sticky: { cookie: true } }\n"), "dev")).toMatchObject({
      sticky: { by: "cookie" },
      steps: [{ kind: "mirror", percent: 100, unsafe: false }, { kind: "pause" }, { kind: "pause" }],
      analysis: { falseAlarm: 0.02, falsePass: 0.05, everySeconds: 10, errors: { within: 1.5, orBelow: 0.005 } },
      tripwires: { failedShare: 0.2, leastRequests: 20, crashes: 3 },
    });
  });

  test.each([
    ["rollout: { strategy: rolling, steps: [{ weight: 5 }] }", "only canary and shadow have steps"],
    ["rollout: { strategy: shadow, steps: [{ weight: 5 }] }", "a shadow answers nobody"],
    ["rollout: { strategy: canary, steps: [{ analysis: {} }] }", "an analysis needs a weight before it"],
    ["rollout: { strategy: canary, steps: [{ weight: 101 }] }", "steps.0"],
    ["rollout: { strategy: canary, steps: [{ wait: 5 }] }", "must be one of weight, pause, analysis, header and mirror"],
    ["rollout: { strategy: canary, steps: [{ header: { name: cookie } }] }", "is a header that has another meaning"],
    ["rollout: { strategy: sudden }", "rollout.strategy"],
    ["rollout: { strategy: canary, analysis: { falseAlarm: 0.9 } }", "falseAlarm"],
  ])("refuses %j and says why", (text, words) => {
    expect(() => parsed(`${text}\n`)).toThrow(expect.objectContaining({ code: "INVALID", message: expect.stringContaining(words) }));
  });

  test("is not for what answers no requests", () => {
    expect(() => parseManifest("kind: site\nrollout: { strategy: canary }\n")).toThrow(/a site answers no requests/);
    expect(() => parseManifest("kind: worker\nstart: [node]\nrollout: { strategy: blue-green }\n")).toThrow(/a worker answers no requests/);
    expect(parseManifest("kind: worker\nstart: [node]\nrollout: { strategy: rolling }\n").rollout?.strategy).toBe("rolling");
  });
});
