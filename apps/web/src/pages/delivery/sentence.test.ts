import { describe, expect, it } from "vitest";

import { sentenceOf } from "./sentence.ts";

const workload = (
  name: string,
  health: "healthy" | "crashed" | "failed" | "unhealthy" | "starting" | "stopped",
  desired: "running" | "stopped" = "running",
) => ({
  entityRef: `component:default/${name}`,
  health,
  desired,
});
const say = (...workloads: ReturnType<typeof workload>[]): string => sentenceOf(workloads).replaceAll("\u00a0", " ");

describe("sentenceOf", () => {
  it("says when nothing runs", () => expect(say()).toBe("Nothing runs here yet."));
  it("says when all is well", () => {
    expect(say(workload("a", "healthy"))).toBe("The one workload is healthy.");
    expect(say(workload("a", "healthy"), workload("b", "healthy"))).toBe("All 2 workloads are healthy.");
  });
  it("names the one that is not well, and counts more", () => {
    expect(say(workload("a", "healthy"), workload("b", "crashed"))).toBe("1 of 2 workloads are healthy; b crashed.");
    expect(say(workload("a", "failed"))).toBe("0 of 1 workload is healthy; a did not start.");
    expect(say(workload("a", "unhealthy"), workload("b", "crashed"))).toBe("0 of 2 workloads are healthy; 2 are not well.");
  });
  it("does not hold a stop against what was stopped on purpose", () => {
    expect(say(workload("a", "healthy"), workload("b", "stopped", "stopped"))).toBe("The one workload is healthy; 1 stopped on purpose.");
    expect(say(workload("b", "stopped", "stopped"))).toBe("1 workload is stopped.");
  });
  it("calls a start neither well nor sick", () =>
    expect(say(workload("a", "starting"), workload("b", "healthy"))).toBe("1 of 2 workloads are healthy."));
});
