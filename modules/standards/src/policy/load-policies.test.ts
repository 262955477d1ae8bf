import { createCel } from "@roadbed/cel";
import { describe, expect, test } from "vitest";

import { loadPolicies, readPolicyFile } from "./load-policies.ts";
import { policyText, quietFolder } from "./testing/policy-text.ts";

const cel = createCel();
const read = (content: string) => readPolicyFile("p.yaml", content, cel);

describe("a policy file", () => {
  test("says what it looks at, why, and how to mend each rule", () => {
    const { policies, problems } = read(policyText());
    expect(problems).toEqual([]);
    expect(policies).toMatchObject([
      {
        name: "example",
        title: "Example",
        why: "Because.",
        severity: "deny",
        version: "1.0.0",
        moments: ["provision", "pull-request", "promotion", "audit"],
        matches: ["apps/v1/Deployment"],
        rules: [{ expression: "object.spec.replicas > 1", message: "Too few.", mend: "Add some." }],
        failurePolicy: "Fail",
        file: "p.yaml",
      },
    ]);
  });

  test.each([
    ["kind: Pod", "kind: ValidatingAdmissionPolicy", "kind: Pod", /^kind: /, 2],
    ["a missing annotation", '    roadbed.dev/title: "Example"\n', "", /needs the annotation roadbed.dev\/title/, 6],
    ["a version that is none", '"1.0.0"', '"one"', /roadbed.dev\/version/, 6],
    [
      "a severity that is none",
      "  annotations:\n",
      "  annotations:\n    roadbed.dev/severity: fatal\n",
      /severity is deny, warn or audit/,
      6,
    ],
    ["a moment that is none", "  annotations:\n", "  annotations:\n    roadbed.dev/moments: birth\n", /moments is a list/, 6],
    [
      "an unknown field",
      "  failurePolicy: Fail\n",
      "  failurePolicy: Fail\n  failPolicy: Fail\n",
      /spec.failPolicy: is not a known field/,
      12,
    ],
    ["no validations", /validations:[^]*$/, "validations: []\n", /spec.validations: /, 18],
    ["an operation that is none", "CREATE", "MAKE", /operations.0/, 16],
    ["text that is no YAML", "spec:\n", "spec: [\n", /./, undefined],
  ])("%s is told with its line, and left out", (_name, from, to, reason, line) => {
    const { policies, problems } = read(policyText().replace(from, to));
    expect(policies).toEqual([]);
    expect(problems[0]).toMatchObject({
      file: "p.yaml",
      reason: expect.stringMatching(reason),
      leftOut: true,
      line: line ?? expect.any(Number),
    });
  });

  test.each([
    ["does not parse", "object.spec. >", /line 1, column/],
    ["reads a variable that is not there", "objekt.spec == 1", /Unknown variable: objekt/],
    ["reads a definition that is not there", "variables.imagse == 1", /imagse/],
    ["gives no truth", "size(object.spec)", /gives a int, not a bool/],
    ["has a misspelt field of a Deployment", "object.spec.replicaz > 1", /column 13: No such key: replicaz; did you mean replicas\?/],
    ["has a bad regular expression", "object.metadata.name.matches('(')", /RE2/],
  ])("an expression that %s is told, and the policy stays in force", (_name, expression, reason) => {
    const text = policyText({ expression }).replace(
      "  validations:",
      "  variables:\n    - name: images\n      expression: object.spec.replicas\n  validations:",
    );
    const { policies, problems } = read(text);
    expect(policies).toHaveLength(1);
    expect(problems).toMatchObject([{ line: 22, reason: expect.stringMatching(reason), leftOut: false }]);
  });

  test("a definition sees only earlier ones", () => {
    const definitions = "  variables:\n    - name: a\n      expression: variables.b\n    - name: b\n      expression: '1'\n  validations:";
    expect(read(policyText().replace("  validations:", definitions)).problems).toMatchObject([
      { line: 20, reason: expect.stringContaining("spec.variables.0") },
    ]);
  });

  test("one bad document spoils no other", () => {
    const { policies, problems } = read(
      ["a: [", policyText({ name: "one" }), "kind: Other", "", policyText({ name: "two" })].join("\n---\n"),
    );
    expect(policies.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(problems.length).toBeGreaterThanOrEqual(2);
  });

  test("an alias bomb is refused and not unfolded", () => {
    const bomb = [
      "a: &a [x, x, x, x, x, x, x, x, x, x]",
      ...["b", "c", "d", "e", "f", "g", "h"].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[i]}`).join(", ")}]`),
    ];
    expect(read(bomb.join("\n"))).toMatchObject({ policies: [], problems: [{ leftOut: true }] });
  });
});

test("folders are read in order; tests are left out, and a name is taken once", () => {
  const first = quietFolder({
    "b.yaml": policyText({ name: "b" }),
    "a.yml": policyText({ name: "a" }),
    "a.test.yaml": "no policy",
    "note.txt": "none",
  });
  const second = quietFolder({ "a.yaml": policyText({ name: "a", expression: "false" }) });
  const { policies, problems } = loadPolicies([first, second], cel);
  expect(policies.map(({ name, file }) => [name, file])).toEqual([
    ["a", "a.yml"],
    ["b", "b.yaml"],
  ]);
  expect(problems).toMatchObject([{ file: "a.yaml", reason: "a policy named a was read before" }]);
});
