import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCel } from "@roadbed/cel";
import { afterAll, describe, expect, test } from "vitest";

import { evaluatePolicies } from "../policy/evaluate-policies.ts";
import { loadPolicies, readPolicyFile } from "../policy/load-policies.ts";
import { createOpaEngine } from "./engine.ts";
import { assemblePolicy } from "./testing/assemble.ts";

const opa = createOpaEngine({ deadlineMs: 600, memoryMb: 32 });
const cel = { ...createCel({ deadlineMs: 5_000 }), opa };
const folder = mkdtempSync(join(tmpdir(), "roadbed-opa-"));
afterAll(async () => {
  await Promise.all([cel.close(), opa.close()]);
  rmSync(folder, { recursive: true });
});
writeFileSync(join(folder, "policy.wasm"), assemblePolicy());

function policy(name: string, entrypoint: string, more = ""): string {
  return `apiVersion: roadbed.dev/v1
kind: OpaPolicy
metadata:
  name: ${name}
  annotations:
    roadbed.dev/version: "1.0.0"
    roadbed.dev/title: Images are pinned
    roadbed.dev/why: What is tested is what runs.
    roadbed.dev/mend: Name a version.
spec:
  module: policy.wasm
  entrypoint: ${entrypoint}
  matchConstraints:
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }]
${more}`;
}

function load(...texts: readonly string[]) {
  for (const [i, text] of texts.entries()) writeFileSync(join(folder, `p${i}.yaml`), text);
  const loaded = loadPolicies([folder], cel);
  for (const i of texts.keys()) rmSync(join(folder, `p${i}.yaml`));
  return loaded;
}

function deployment(image: string, kind = "Deployment") {
  return { object: { apiVersion: "apps/v1", kind, metadata: { name: "shop" }, spec: { image } } };
}

describe("a compiled policy in a folder", () => {
  test("denies with its own text, our mend and our why, and looks only at what it matches", async () => {
    const { policies, problems } = load(policy("pinned", "k8s/deny"));
    expect(problems).toEqual([]);
    const found = await evaluatePolicies(cel, policies, "provision", [
      deployment("shop:latest"),
      deployment("shop@sha256:0"),
      deployment("a:latest", "StatefulSet"),
    ]);
    expect(found).toMatchObject({
      verdict: "deny",
      evaluated: 2,
      findings: [
        {
          policy: "pinned",
          result: "fail",
          severity: "deny",
          message: "the image is not pinned",
          mend: "Name a version.",
          why: "What is tested is what runs.",
          expression: "data.k8s.deny",
          resource: "Deployment shop",
        },
      ],
    });
    expect(found.admission[0]).toMatchObject({ allowed: false, code: 422 });
  });

  test("that never ends denies with the reason, and holds up no other", async () => {
    const { policies } = load(policy("endless", "loop"), policy("pinned", "k8s/allow"));
    const { verdict, findings } = await evaluatePolicies(cel, policies, "provision", [deployment("shop:1")]);
    expect(verdict).toBe("deny");
    expect(findings).toMatchObject([{ policy: "endless", result: "error", message: expect.stringContaining("took longer than 600 ms") }]);
  });

  test("that cannot be evaluated passes only where its author said so", async () => {
    const { policies } = load(policy("failing", "trap", "  failurePolicy: Ignore\n"));
    expect(await evaluatePolicies(cel, policies, "provision", [deployment("a")])).toMatchObject({ verdict: "allow", evaluated: 1 });
  });

  test("cannot say anything of what is not known yet, and is given no secret", async () => {
    const { policies } = load(policy("pinned", "k8s/deny", "  input: review\n"));
    const unknown = { ...deployment("x"), unknown: [["object", "spec", "image"]] };
    expect(await evaluatePolicies(cel, policies, "provision", [unknown])).toMatchObject({
      verdict: "unknown",
      findings: [{ result: "unknown" }],
    });
    const secret = { ...deployment("shop:latest"), sensitive: [["object", "spec", "image"]] };
    expect(await evaluatePolicies(cel, policies, "provision", [secret])).toMatchObject({ verdict: "allow" });
  });

  test.each([
    ["a module that is not there", policy("a", "k8s/deny").replace("module: policy.wasm", "module: none.wasm"), /no file none.wasm/],
    [
      "a module above its folder",
      policy("a", "k8s/deny").replace("module: policy.wasm", "module: ../policy.wasm"),
      /must be a file in the folder/,
    ],
    ["an entrypoint that is none", policy("a", "k8s deny"), /must be a package and a rule/],
  ])("%s is told with its line", (_, text, reason) => {
    expect(load(text).problems).toMatchObject([
      { file: "p0.yaml", line: expect.any(Number), reason: expect.stringMatching(reason), leftOut: true },
    ]);
  });

  test("in a text alone has no module", () => {
    expect(readPolicyFile("x.yaml", policy("a", "k8s/deny"), cel).problems).toMatchObject([
      { reason: expect.stringContaining("from the folder") },
    ]);
  });
});
