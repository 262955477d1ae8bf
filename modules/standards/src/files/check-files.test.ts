import { createCel, type Cel } from "@roadbed/cel";
import type { Resource } from "@roadbed/contracts/standards";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { evaluatePolicies, type Judgement } from "../policy/evaluate-policies.ts";
import { loadPolicies } from "../policy/load-policies.ts";
import { checkChange, definitionsOf } from "./check-files.ts";
import { readManifests } from "./read-manifests.ts";

let cel: Cel;
let definitions: ReturnType<typeof definitionsOf>;
let judge: (resources: readonly Resource[]) => Promise<Judgement>;
beforeAll(() => {
  cel = createCel();
  const { policies } = loadPolicies([new URL("../../../../policies/", import.meta.url)], cel);
  const some = policies.filter(({ name }) => ["images-pinned", "workload-resources"].includes(name));
  definitions = definitionsOf(some);
  judge = (resources) => evaluatePolicies(cel, some, { moment: "pull-request" }, resources);
});
afterAll(() => cel.close());

const DIGEST = `sha256:${"a".repeat(64)}`;

function deployment(name: string, image: string, head = ""): string {
  return `${head}apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  template:
    spec:
      containers:
        - name: main
          image: ${image}
          resources:
            requests: { cpu: 100m, memory: 64Mi }
            limits: { memory: 64Mi }
`;
}

describe("a change of files", () => {
  test("is stopped by what it introduces, told at the line of the field that the rule reads", async () => {
    const checked = await checkChange(
      [{ path: "deploy/a.yaml", before: deployment("a", `shop@${DIGEST}`), after: deployment("a", "shop:latest", "# moved\n") }],
      judge,
      definitions,
    );
    expect(checked).toMatchObject({ verdict: "deny", introduced: 1, known: 0, resources: 1 });
    expect(checked.findings[0]).toMatchObject({
      policy: "images-pinned",
      file: "deploy/a.yaml",
      introduced: true,
      resource: "Deployment a",
    });
    // The container that the message names, below the line that was put in front.
    expect(checked.findings[0]).toMatchObject({ line: 10, column: 11 });
  });

  test("is not stopped by what was there before, also when the thing moves to another file", async () => {
    const debt = deployment("a", "shop:latest");
    const edited = await checkChange([{ path: "a.yaml", before: debt, after: debt.replace("cpu: 100m", "cpu: 200m") }], judge, definitions);
    expect(edited).toMatchObject({ verdict: "allow", introduced: 0, known: 1, mended: 0 });
    const moved = await checkChange(
      [
        { path: "a.yaml", before: debt },
        { path: "b/a.yaml", after: `${deployment("x", `shop@${DIGEST}`)}---\n${debt}` },
      ],
      judge,
      definitions,
    );
    expect(moved).toMatchObject({ verdict: "allow", introduced: 0, known: 1, resources: 2 });
    const mended = await checkChange([{ path: "a.yaml", before: debt, after: deployment("a", `shop@${DIGEST}`) }], judge, definitions);
    expect(mended).toMatchObject({ verdict: "allow", mended: 1, findings: [] });
  });

  test("is not stopped by what is waived, which is shown all the same", async () => {
    const waiver = {
      id: "wvr_1",
      reason: "until the registry moves",
      owner: "group:default/team-a",
      expiresAt: "2027-01-01T00:00:00.000Z",
    };
    const waiving = async (resources: readonly Resource[]) => {
      const { findings, evaluated } = await judge(resources);
      return { evaluated, findings: findings.map((one) => ({ ...one, waiver })) };
    };
    const checked = await checkChange([{ path: "a.yaml", after: deployment("a", "shop:latest") }], waiving, definitions);
    expect(checked).toMatchObject({ verdict: "allow", introduced: 1, findings: [{ waiver: { id: "wvr_1" } }] });
  });

  test("with a file that nobody can read says so, instead of passing it", async () => {
    const checked = await checkChange(
      [
        { path: "chart/templates/a.yaml", after: "metadata:\n  name: {{ .Release.Name }}\n  labels: {{- include }}\n" },
        { path: "b.yaml", after: "a: [1\nb: 2" },
        { path: "values.yaml", after: "replicas: 3" },
      ],
      judge,
      definitions,
    );
    expect(checked.unread.map(({ file }) => file)).toEqual(["chart/templates/a.yaml", "b.yaml"]);
    expect(checked.unread[0]!.mend).toContain("--before");
    expect(checked.resources).toBe(0);
  });

  test("is judged alike in whatever order its files come, and nothing is new when nothing changed", async () => {
    const files = ["a", "b", "c"].map((name) => ({
      path: `${name}.yaml`,
      before: deployment(name, "shop:1"),
      after: deployment(name, "shop:2"),
    }));
    const whole = await checkChange(files, judge, definitions);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(files, { minLength: 3 }), async (shuffled) => {
        expect((await checkChange(shuffled, judge, definitions)).findings).toEqual(whole.findings);
      }),
      { numRuns: 6 },
    );
  });
});

test("a list holds resources, JSON is read as YAML is, and what is of no kind is none", () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: one\n`;
  const [one] = readManifests("a.yaml", list).manifests;
  expect(one?.object).toMatchObject({ kind: "ConfigMap" });
  expect(one?.placeOf(["metadata", "name"])).toEqual({ line: 7, column: 7 });
  expect(readManifests("a.json", '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}').manifests).toHaveLength(1);
  expect(readManifests("a.yaml", "- 1\n---\nfoo: bar\n---\n").manifests).toEqual([]);
  expect(readManifests("a.yaml", "").manifests).toEqual([]);
});

test("no text makes reading fail", () => {
  fc.assert(fc.property(fc.string(), (content) => void readManifests("a.yaml", content)));
});
