import { createCel } from "@roadbed/cel";
import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";

import { digestOf, withoutSecrets } from "../decision/judge.ts";
import { evaluatePolicies } from "../policy/evaluate-policies.ts";
import { loadPolicies, readPolicyFile } from "../policy/load-policies.ts";
import { readPlan } from "./read-plan.ts";

const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());
const text = readFileSync(new URL("./testing/plan.json", import.meta.url), "utf8");
const { policies, params } = loadPolicies([new URL("../../../../policies/", import.meta.url)], cel);

test("a plan is what it changes: no-ops and data are left out, a replacement is a removal and a making", () => {
  expect(readPlan(text).map(({ object, operation }) => [object["address"], operation])).toEqual([
    ["aws_db_instance.main", "CREATE"],
    ["aws_s3_bucket.logs", "DELETE"],
    ["aws_s3_bucket.logs", "CREATE"],
    ["module.net.aws_ebs_volume.data[0]", "UPDATE"],
  ]);
  expect(readPlan(JSON.parse(text))).toEqual(readPlan(text));
});

test("the shipped policies judge it: what is replaced is denied, what is not known yet is no pass", async () => {
  const { verdict, findings } = await evaluatePolicies(cel, policies, { moment: "provision", params }, readPlan(text));
  expect(verdict).toBe("deny");
  expect(findings.map(({ policy, result, resource }) => [policy, result, resource])).toEqual([
    ["plan-storage-encrypted", "unknown", "aws_db_instance.main"],
    ["plan-keeps-state", "fail", "aws_s3_bucket.logs"],
    ["plan-owner-tagged", "fail", "aws_s3_bucket.logs"],
  ]);
  expect(findings[0]).toMatchObject({
    unknown: ["storage_encrypted"],
    message: "Cannot be said yet: `storage_encrypted` is known only after apply.",
    mend: expect.stringContaining("apply what it comes from first"),
  });
  const database = readPlan(text).slice(0, 1);
  expect((await evaluatePolicies(cel, policies, { moment: "provision", params }, database)).verdict).toBe("unknown");
});

describe("what is sensitive", () => {
  const nosy = (operations: string, value: string) => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: nosy
  annotations: { roadbed.dev/title: t, roadbed.dev/why: w, roadbed.dev/mend: m, roadbed.dev/version: "1.0.0" }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: ["terraform.io"], apiVersions: ["*"], operations: [${operations}], resources: ["*"] }]
  matchConditions: [{ name: has-one, expression: "'${value}' in object.values" }]
  validations:
    - expression: size(object.values.${value}) > 100
      messageExpression: "'It is ' + object.values.${value} + (oldObject == null ? '' : oldObject.values.${value})"
    - expression: quantity(object.values.${value}).isInteger()
  auditAnnotations: [{ key: all, valueExpression: "object.values.${value}" }]
`;

  test.each([
    ['"CREATE"', "password"],
    ['"UPDATE"', "secret"],
  ])("is judged at %s, and stands in no message, note or digest", async (operations, value) => {
    const { policies: own, problems } = readPolicyFile("nosy.yaml", nosy(operations, value), cel);
    expect(problems).toEqual([]);
    const resources = readPlan(text);
    const judged = await evaluatePolicies(cel, own, "provision", resources);
    expect(judged.findings).toHaveLength(2);
    expect(judged.findings[0]!.message).toContain("It is (sensitive)");
    expect(JSON.stringify(judged)).not.toMatch(/correct-horse|old-secret|new-secret/);
    expect(JSON.stringify(resources.map(withoutSecrets))).not.toMatch(/correct-horse|old-secret|new-secret/);
    const other = readPlan(text.replaceAll("correct-horse-battery", "another").replaceAll("new-secret", "x"));
    expect(digestOf(other.map(withoutSecrets))).toBe(digestOf(resources.map(withoutSecrets)));
  });
});

test("what is no plan is refused in words", () => {
  expect(() => readPlan("{")).toThrow("not JSON");
  expect(() => readPlan("{}")).toThrow("format_version");
  expect(() => readPlan('{"format_version":"2.0"}')).toThrow("format_version 2.0");
  expect(() => readPlan('{"format_version":"1.0","errored":true}')).toThrow("ended with an error");
  expect(() => readPlan('{"format_version":"1.0","resource_changes":[{"address":"a"}]}')).toThrow("resource_changes.0");
  expect(readPlan('{"format_version":"1.2"}')).toEqual([]);
  fc.assert(
    fc.property(fc.json(), (json) => {
      try {
        readPlan(json);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidError);
      }
    }),
  );
});
