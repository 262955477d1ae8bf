import { createCel } from "@roadbed/cel";
import { afterAll, describe, expect, test } from "vitest";

import { readPolicyFile } from "../policy/load-policies.ts";
import { createDefinition } from "./definition.ts";
import { createEvaluator } from "./evaluate.ts";
import { scorecardOfPolicies } from "./policy-rules.ts";

const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());

function policy(name: string, spec: string, moments = "scorecard=warn"): string {
  return `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
  annotations:
    roadbed.dev/version: "1.0.0"
    roadbed.dev/title: The title of ${name}
    roadbed.dev/why: Because it matters.
    roadbed.dev/mend: Mend it so.
    roadbed.dev/moments: ${moments}
    roadbed.dev/references: "https://example.com/control, CIS 5.1"
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [backstage.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [components, apis] }]
${spec}
`;
}

const TIER = policy(
  "has-tier",
  `  matchConditions: [{ name: service, expression: "object.spec.?type.orValue('') == 'service'" }]
  variables:
    - { name: labels, expression: "object.metadata.?labels.orValue({})" }
    - { name: tier, expression: "variables.labels[?'tier'].orValue('')" }
  validations:
    - { expression: "variables.tier != ''", messageExpression: "object.metadata.name + ' has no tier'" }
    - { expression: "['1', '2'].exists(t, t == variables.tier)", message: "It is of no tier that there is." }
`,
  "scorecard=deny",
);

function made(text: string) {
  const { policies, problems } = readPolicyFile("x.yaml", text, cel);
  expect(problems).toEqual([]);
  return scorecardOfPolicies(policies, () => undefined, cel);
}

async function ask(text: string, subjects: Record<string, Record<string, unknown>>) {
  const { shipped } = made(text);
  const definition = createDefinition(shipped!.document, 1, cel);
  const results = await createEvaluator(cel).evaluate([definition], new Map(Object.entries(subjects)));
  return Object.fromEntries([...results.get(definition)!].map(([ref, { codes, notes }]) => [ref, { codes, notes }]));
}

function component(labels: Record<string, string>, type = "service") {
  return { entity: { kind: "Component", metadata: { name: "shop", labels }, spec: { type } }, owner: { found: true } };
}

describe("a policy that holds at the scorecard", () => {
  test("is a rule with its title, its why and its mend", () => {
    const { shipped, left } = made(TIER);
    expect(left).toEqual([]);
    expect(shipped?.document).toMatchObject({
      metadata: { name: "policies" },
      spec: {
        kinds: ["API", "Component"],
        levels: [{ name: "required" }],
        rules: [
          {
            id: "has-tier",
            title: "The title of has-tier",
            level: "required",
            mend: "Mend it so.",
            message: expect.stringContaining("Because it matters."),
            references: [{ url: "https://example.com/control" }],
          },
        ],
      },
    });
  });

  test("says what the policy says", async () => {
    expect(
      await ask(TIER, {
        "component:default/good": component({ tier: "1" }),
        "component:default/none": component({}),
        "component:default/wrong": component({ tier: "9" }),
        "component:default/library": component({}, "library"),
      }),
    ).toEqual({
      "component:default/good": { codes: "p", notes: {} },
      "component:default/none": { codes: "f", notes: { "has-tier": "shop has no tier Because it matters." } },
      "component:default/wrong": { codes: "f", notes: { "has-tier": "It is of no tier that there is. Because it matters." } },
      "component:default/library": { codes: "n", notes: {} },
    });
  });

  test("reads of the catalogue what rules read", async () => {
    const owned = policy("owned", `  validations: [{ expression: "catalog != null && catalog.owner.found" }]`);
    const { "component:default/a": a } = await ask(owned, { "component:default/a": component({}) });
    expect(a?.codes).toBe("p");
  });

  test("looks at its own kinds beside others", async () => {
    const only = policy("only-apis", `  validations: [{ expression: "has(object.spec.definition)" }]`).replace(
      "[components, apis]",
      "[apis]",
    );
    expect((await ask(TIER + only, { "component:default/a": component({ tier: "1" }) }))["component:default/a"]?.codes).toBe("pn");
  });

  test.each([
    ["request", `  validations: [{ expression: "request.operation == 'CREATE'" }]`, /request/],
    ["parameters", `  paramKind: { apiVersion: v1, kind: ConfigMap }\n  validations: [{ expression: "true" }]`, /parameters/],
    ["a source", `  validations: [{ expression: "catalog.source.kind == 'url'" }]`, /catalog.source/],
    [
      "a loop that is called as what is read",
      `  validations: [{ expression: "['a'].all(entity, entity != object.metadata.name)" }]`,
      /loop/,
    ],
  ])("that reads %s is left out in words, and spoils no other", (_, spec, reason) => {
    const { shipped, left } = made(TIER + policy("other", spec));
    expect(left).toMatchObject([{ policy: "other", reason: expect.stringMatching(reason) }]);
    expect(shipped?.document.spec.rules.map(({ id }) => id)).toEqual(["has-tier"]);
  });

  test("there is no scorecard where no policy holds at it, and a stage decides", () => {
    const { policies } = readPolicyFile("x.yaml", TIER, cel);
    expect(scorecardOfPolicies(policies, () => "off", cel).shipped).toBeUndefined();
    const elsewhere = readPolicyFile("x.yaml", TIER.replace("scorecard=deny", "audit"), cel).policies;
    expect(scorecardOfPolicies(elsewhere, () => undefined, cel).shipped).toBeUndefined();
    expect(scorecardOfPolicies(elsewhere, () => "warn", cel).shipped?.document.spec.rules).toMatchObject([{ level: "recommended" }]);
  });
});
