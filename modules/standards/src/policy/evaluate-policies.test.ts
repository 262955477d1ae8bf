import { createCel } from "@roadbed/cel";
import type { Resource } from "@roadbed/contracts/standards";
import { afterAll, expect, test } from "vitest";

import { evaluatePolicies, type Judgement } from "./evaluate-policies.ts";
import { readPolicyFile } from "./load-policies.ts";
import { policyText } from "./testing/policy-text.ts";

const cel = createCel({ deadlineMs: 10_000 });
afterAll(() => cel.close());

const deployment = (replicas: unknown, name = "shop"): Resource => ({
  file: `k8s/${name}.yaml`,
  object: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { replicas } },
});
const judge = (texts: readonly string[], resources: readonly Resource[]): Promise<Judgement> =>
  evaluatePolicies(
    cel,
    texts.flatMap((text) => readPolicyFile("p.yaml", text, cel).policies),
    "provision",
    resources,
  );

test("a rule that says no is a finding with its words, its reason, its mend and where", async () => {
  expect(await judge([policyText()], [deployment(3), deployment(1, "small")])).toEqual({
    admission: expect.any(Array),
    verdict: "deny",
    evaluated: 2,
    findings: [
      {
        policy: "example",
        title: "Example",
        severity: "deny",
        result: "fail",
        message: "Too few.",
        mend: "Add some.",
        why: "Because.",
        expression: "object.spec.replicas > 1",
        resource: "Deployment small",
        file: "k8s/small.yaml",
      },
    ],
  });
});

test("the verdict is the worst finding", async () => {
  const warn = policyText({ name: "w", severity: "warn" });
  expect((await judge([warn], [deployment(1)])).verdict).toBe("warn");
  expect((await judge([warn, policyText()], [deployment(1)])).verdict).toBe("deny");
  expect((await judge([warn, policyText()], [deployment(2)])).verdict).toBe("allow");
});

test("what cannot be evaluated counts as no, unless the policy says Ignore", async () => {
  const broken = await judge([policyText({ expression: "object.none.here" })], [deployment(2)]);
  expect(broken).toMatchObject({
    verdict: "deny",
    findings: [{ result: "error", message: expect.stringContaining("No such key: none"), mend: expect.stringContaining("has(") }],
  });
  expect(await judge([policyText({ expression: "object.none.here", failurePolicy: "Ignore" })], [deployment(2)])).toMatchObject({
    verdict: "allow",
    findings: [],
  });
  expect(await judge([policyText({ expression: "'yes'" })], [deployment(2)])).toMatchObject({ findings: [{ result: "error" }] });
});

test("a condition that is false leaves the resource out; one that fails counts as no", async () => {
  expect((await judge([policyText({ condition: "object.spec.replicas > 100" })], [deployment(1)])).findings).toEqual([]);
  expect((await judge([policyText({ condition: "object.none > 100" })], [deployment(1)])).findings).toMatchObject([{ result: "error" }]);
});

test("an expression sees the request as the API server would give it", async () => {
  const expression =
    "request.operation == 'CREATE' && request.kind.kind == 'Deployment' && request.resource.resource == 'deployments' && request.name == 'shop' && oldObject == null && params == null";
  expect((await judge([policyText({ expression })], [deployment(1)])).findings).toEqual([]);
});

test("an endless policy is stopped and does not spoil the others", async () => {
  const list = Array.from({ length: 300 }, (_, i) => i);
  const endless =
    "object.spec.replicas.all(a, object.spec.replicas.all(b, object.spec.replicas.all(c, object.spec.replicas.all(d, a + b + c + d < 10000))))";
  const { findings } = await judge(
    [policyText({ name: "endless", expression: endless }), policyText({ name: "good", expression: "size(object.spec.replicas) == 300" })],
    [deployment(list)],
  );
  expect(findings).toMatchObject([
    { policy: "endless", result: "error", message: expect.stringContaining("costs more than an expression may") },
  ]);
});

test("a regular expression that backtracks elsewhere answers at once", async () => {
  const expression = `!object.metadata.name.matches('^(a+)+$')`;
  expect((await judge([policyText({ expression })], [deployment(1, `${"a".repeat(60)}!`)])).findings).toEqual([]);
});

test("policies of another moment are not asked", async () => {
  const text = policyText().replace("  annotations:\n", "  annotations:\n    roadbed.dev/moments: audit\n");
  expect(await judge([text], [deployment(1)])).toMatchObject({ evaluated: 0, verdict: "allow" });
});
