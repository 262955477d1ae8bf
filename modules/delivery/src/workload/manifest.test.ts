import { describe, expect, test } from "vitest";

import { parseManifest } from "./manifest.ts";

describe("parseManifest", () => {
  test("fills in what is left out", () => {
    expect(parseManifest("kind: service\nstart: [node, server.js]\n")).toEqual({
      kind: "service",
      build: [],
      start: ["node", "server.js"],
      env: {},
      limits: { memoryMb: 256 },
      site: { dir: "public" },
    });
  });

  test("reads all fields, numbers and booleans as text", () => {
    const text =
      "kind: worker\nbuild:\n  - [npm, run, build]\nstart: [node, a.js, 1]\nhealth: /h?x=1\nenv: { A: 1, B_2: true, C: x }\nlimits: { memoryMb: 64 }\n";
    expect(parseManifest(text)).toMatchObject({
      build: [["npm", "run", "build"]],
      start: ["node", "a.js", "1"],
      env: { A: "1", B_2: "true", C: "x" },
    });
  });

  test.each([
    ["kind: service", "roadbed.yaml:1: start: is needed for a service"],
    ["kind: site\nstart: [node]", "roadbed.yaml:2: start: a site has no process"],
    ["kind: service\nstart: [node]\nhealth: healthz", "roadbed.yaml:3: health: must be a path that begins with /"],
    ["kind: service\nstart: [node]\nenv:\n  PATH: /x", "roadbed.yaml:4: env.PATH"],
    ["kind: service\nstart: [node]\nenv:\n  OTEL_EXPORTER_OTLP_HEADERS: x", "is set by the platform"],
    ["kind: service\nstart: [node]\nlimits: { memoryMb: 1 }", "limits.memoryMb"],
    ["kind: site\nsite: { dir: ../etc }", "must not lead out of the repository"],
    ["kind: site\nsite: { dir: /etc }", "must be a path inside the repository"],
    ["kind: service\nstart: node server.js", "roadbed.yaml:2: start"],
    ["kind: service\nstart: []", "must name a program"],
    ["kind: service\nstart: [node]\nsurprise: 1", "surprise"],
    ["kind: job\nstart: [node]", "schedule: is needed for a job"],
    ["kind: service\nstart: [node]\nschedule: { cron: '* * * * *' }", "schedule: only a job has one"],
    ["kind: job\nstart: [node]\nschedule: { cron: '61 * * * *' }", '"61" is no minute of a schedule'],
    ["kind: job\nstart: [node]\nschedule: { cron: '* * * * *', timeZone: Mars }", "must be a time zone"],
    ["kind: site\nscale: { replicas: 2 }", "roadbed.yaml:2: scale: a site has no processes"],
    ["kind: service\nstart: [node]\nscale: { replicas: 21 }", "scale.replicas"],
    ["kind: [", "roadbed.yaml:1"],
    ["", "roadbed.yaml:1"],
    ["a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]", "alias"],
    [`x: ${"y".repeat(70_000)}`, "larger than"],
  ])("refuses %j and says where", (text, words) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: "INVALID", message: expect.stringContaining(words) }));
  });
});
