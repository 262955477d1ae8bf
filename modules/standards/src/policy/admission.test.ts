import { createCel } from "@roadbed/cel";
import type { Resource } from "@roadbed/contracts/standards";
import { afterAll, describe, expect, test } from "vitest";

import { evaluatePolicies, type Circumstances, type Judgement } from "./evaluate-policies.ts";
import { readPolicyFile } from "./load-policies.ts";

/** The semantics of Kubernetes' ValidatingAdmissionPolicy and its binding, each by its own words. */
const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());

const FAILURES = "validation.policy.admission.k8s.io/validation_failure";

function policy(spec: string, name = "limits", more = ""): string {
  return `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
  annotations: { roadbed.dev/title: Limits, roadbed.dev/why: Because., roadbed.dev/mend: Mend it., roadbed.dev/version: 1.0.0${more} }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [deployments] }
${spec.replace(/^/gm, "  ")}
`;
}

function binding(spec: string, name = "limits-here", annotations = ""): string {
  return `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name}, annotations: { ${annotations} } }
spec:
${spec.replace(/^/gm, "  ")}
`;
}

const deployment = (replicas: number, namespace?: string): Resource => ({
  object: {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", ...(namespace ? { namespace } : {}) },
    spec: { replicas },
  },
});
const namespace = (name: string, labels: Record<string, string>): Resource => ({
  object: { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
});

async function judge(texts: readonly string[], resources: readonly Resource[], about: Partial<Circumstances> = {}): Promise<Judgement> {
  const { policies, params, problems } = readPolicyFile("p.yaml", texts.join("---\n"), cel);
  expect(problems).toEqual([]);
  return evaluatePolicies(cel, policies, { moment: "provision", params, ...about }, resources);
}

const AT_MOST_5 = "validations:\n  - { expression: object.spec.replicas <= 5, message: Too many., reason: Forbidden }";
const DENY = "policyName: limits\nvalidationActions: [Deny]";

describe("a binding", () => {
  test("denies in Kubernetes' words, with the reason's code", async () => {
    const { admission, verdict } = await judge([policy(AT_MOST_5), binding(DENY)], [deployment(9)]);
    expect(verdict).toBe("deny");
    expect(admission).toEqual([
      {
        resource: "Deployment shop",
        allowed: false,
        code: 403,
        reason: "Forbidden",
        message: "ValidatingAdmissionPolicy 'limits' with binding 'limits-here' denied request: Too many.",
        warnings: [],
        auditAnnotations: {},
      },
    ]);
  });

  test("warns and notes: the act goes on, and both are told", async () => {
    const { admission, verdict, findings } = await judge(
      [policy(AT_MOST_5), binding("policyName: limits\nvalidationActions: [Warn, Audit]")],
      [deployment(9)],
    );
    expect(verdict).toBe("warn");
    expect(findings).toMatchObject([{ severity: "warn", binding: "limits-here" }]);
    expect(admission[0]).toMatchObject({
      allowed: true,
      warnings: ["Validation failed for ValidatingAdmissionPolicy 'limits' with binding 'limits-here': Too many."],
    });
    expect(JSON.parse(admission[0]?.auditAnnotations[FAILURES] ?? "")).toEqual([
      { message: "Too many.", policy: "limits", binding: "limits-here", expressionIndex: 0, validationActions: ["Warn", "Audit"] },
    ]);
  });

  test("that only notes leaves the verdict", async () => {
    const { verdict, findings } = await judge(
      [policy(AT_MOST_5), binding("policyName: limits\nvalidationActions: [Audit]")],
      [deployment(9)],
    );
    expect({ verdict, severities: findings.map(({ severity }) => severity) }).toEqual({ verdict: "allow", severities: ["audit"] });
  });

  test("narrows what the policy looks at, by namespaces of the same change too", async () => {
    const texts = [
      policy(AT_MOST_5),
      binding(`${DENY}\nmatchResources:\n  namespaceSelector: { matchLabels: { env: prod } }`),
      binding(`${DENY}\nmatchResources:\n  namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: named } }`, "by-name"),
    ];
    const resources = [
      namespace("p", { env: "prod" }),
      namespace("t", { env: "test" }),
      deployment(9, "p"),
      deployment(9, "t"),
      deployment(9, "named"),
    ];
    const { admission } = await judge(texts, resources);
    expect(admission.map(({ message }) => message?.slice(0, 70))).toEqual(
      [
        "ValidatingAdmissionPolicy 'limits' with binding 'limits-here' denied re",
        "ValidatingAdmissionPolicy 'limits' with binding 'by-name' denied reques",
      ].map((text) => text.slice(0, 70)),
    );
  });

  test("says at which points it holds, so that two bindings make two stages", async () => {
    const texts = [
      policy(AT_MOST_5),
      binding("policyName: limits\nvalidationActions: [Warn]", "early", "roadbed.dev/moments: pull-request"),
      binding(DENY, "late", 'roadbed.dev/moments: "promotion, provision"'),
    ];
    const verdictAt = async (moment: Circumstances["moment"]) => (await judge(texts, [deployment(9)], { moment })).verdict;
    expect(await Promise.all((["pull-request", "promotion", "audit"] as const).map(verdictAt))).toEqual(["warn", "deny", "allow"]);
  });

  test.each([
    ["Deny and Warn together", "policyName: limits\nvalidationActions: [Deny, Warn]", /must not hold Deny and Warn together/],
    ["a policy that is not there", "policyName: other\nvalidationActions: [Deny]", /there is no policy named other/],
    ["a name and a selector", `${DENY}\nparamRef: { name: a, selector: {}, parameterNotFoundAction: Deny }`, /either a name or a selector/],
    ["no action when parameters are missing", `${DENY}\nparamRef: { name: a }`, /parameterNotFoundAction/],
  ])("with %s is refused when it is read", (_what, spec, reason) => {
    const { problems } = readPolicyFile("p.yaml", [policy(AT_MOST_5), binding(spec)].join("---\n"), cel);
    expect(problems).toMatchObject([{ reason: expect.stringMatching(reason), leftOut: true, line: expect.any(Number) }]);
  });
});

describe("parameters", () => {
  const WITH = `paramKind: { apiVersion: rules.example/v1, kind: Limit }
validations:
  - expression: object.spec.replicas <= params.most
    messageExpression: "'more than ' + string(params.most)"`;
  const limit = (name: string, most: number, more = "") =>
    `apiVersion: rules.example/v1\nkind: Limit\nmetadata: { name: ${name}${more} }\nmost: ${most}\n`;
  const ref = (paramRef: string) => binding(`${DENY}\nparamRef: { parameterNotFoundAction: Deny, ${paramRef} }`);

  test("come by name", async () => {
    const { findings } = await judge([policy(WITH), ref("name: small"), limit("small", 3), limit("large", 50)], [deployment(4)]);
    expect(findings).toMatchObject([{ message: "more than 3", params: "Limit small" }]);
  });

  test("come by selector: each is asked, and all must agree", async () => {
    const texts = [
      policy(WITH),
      ref("selector: { matchLabels: { on: yes } }"),
      limit("a", 3, ", labels: { on: yes }"),
      limit("b", 6, ", labels: { on: yes }"),
      limit("c", 1),
    ];
    expect((await judge(texts, [deployment(4)])).findings.map(({ params }) => params)).toEqual(["Limit a"]);
    expect((await judge(texts, [deployment(9)])).findings).toHaveLength(2);
  });

  test("come from the namespace of the object", async () => {
    const texts = [policy(WITH), ref("name: own"), limit("own", 3, ", namespace: a"), limit("own", 30, ", namespace: b")];
    expect((await judge(texts, [deployment(9, "a"), deployment(9, "b")])).findings.map(({ params }) => params)).toEqual(["Limit a/own"]);
  });

  test("that are missing deny, or are passed over, as the binding says", async () => {
    const missing = (await judge([policy(WITH), ref("name: none")], [deployment(1)])).findings;
    expect(missing).toMatchObject([{ result: "error", severity: "deny", message: expect.stringContaining("no params found") }]);
    const allow = binding(`${DENY}\nparamRef: { name: none, parameterNotFoundAction: Allow }`);
    expect((await judge([policy(WITH), allow], [deployment(99)])).findings).toEqual([]);
    expect((await judge([policy(`failurePolicy: Ignore\n${WITH}`), ref("name: none")], [deployment(99)])).findings).toEqual([]);
  });

  test("of a kind that no policy names are told", () => {
    const { problems } = readPolicyFile("p.yaml", [policy(AT_MOST_5), limit("a", 1)].join("---\n"), cel);
    expect(problems).toMatchObject([{ reason: expect.stringMatching(/^(apiVersion|kind): /) }]);
  });
});

describe("messages", () => {
  const message = async (validation: string) =>
    (await judge([policy(`validations:\n  - { expression: "false", ${validation} }`)], [deployment(1)])).findings[0];

  test.each([
    ["the expression's own comes first", `messageExpression: "' is ' + object.metadata.name + ' '", message: Fixed.`, "is shop"],
    ["then the fixed one, where it fails", `messageExpression: object.metadata.labels.none, message: Fixed.`, "Fixed."],
    ["or has several lines", `messageExpression: "'a\\\\nb'", message: Fixed.`, "Fixed."],
    ["or is blank", `messageExpression: "'  '", message: Fixed.`, "Fixed."],
    ["and else the expression", "reason: Invalid", "failed expression: false"],
  ])("%s", async (_what, validation, expected) => expect((await message(validation))?.message).toBe(expected));

  test("one that costs too much is an error, not a missing message", async () => {
    const loops = `[${Array.from({ length: 120 }, (_, i) => i).join(",")}]`;
    const text = `string(${loops}.all(a, ${loops}.all(b, ${loops}.all(c, a + b + c >= 0))))`;
    expect(await message(`messageExpression: "${text}"`)).toMatchObject({
      result: "error",
      message: expect.stringContaining("costs more"),
    });
  });

  test("the first denial decides what the caller is told", async () => {
    const spec =
      "validations:\n  - { expression: 'true' }\n  - { expression: 'false', message: First., reason: Unauthorized }\n  - { expression: 'false', message: Second. }";
    const { admission, findings } = await judge([policy(spec)], [deployment(1)]);
    expect(findings).toHaveLength(2);
    expect(admission[0]).toMatchObject({ code: 401, message: "ValidatingAdmissionPolicy 'limits' denied request: First." });
  });
});

describe("audit annotations", () => {
  const notes = (expression: string, validations = "") =>
    policy(`auditAnnotations:\n  - { key: size, valueExpression: "${expression}" }\n${validations}`);

  test("are told per policy and key; distinct values of bindings are joined, null is none", async () => {
    const texts = [notes("'n' + string(object.spec.replicas)"), binding(DENY), binding(DENY, "second")];
    expect((await judge(texts, [deployment(4)])).admission[0]?.auditAnnotations).toEqual({ "limits/size": "n4" });
    expect((await judge([notes("object.spec.replicas > 3 ? 'big' : dyn(null)")], [deployment(1)])).admission).toEqual([]);
  });

  test("that fail deny, unless the policy says Ignore", async () => {
    expect((await judge([notes("object.metadata.labels.none")], [deployment(1)])).findings).toMatchObject([
      { result: "error", severity: "deny" },
    ]);
    expect((await judge([notes("object.metadata.labels.none", "failurePolicy: Ignore")], [deployment(1)])).findings).toEqual([]);
  });

  test("and validations must not both be missing", () => {
    expect(readPolicyFile("p.yaml", policy("failurePolicy: Fail"), cel).problems).toMatchObject([
      { reason: expect.stringContaining("at least one validation") },
    ]);
  });
});

describe("what is asked", () => {
  const change = (from: number, to: number): Resource => ({ ...deployment(to), oldObject: deployment(from).object });
  const reasonOf = async (expression: string, resource: Resource) =>
    (await judge([policy(`validations:\n  - { expression: "${expression}" }`)], [resource])).findings.map(({ message }) => message);

  test("creation, change and removal, each with the objects that it has", async () => {
    expect(await reasonOf("request.operation == 'CREATE' && oldObject == null && object != null", deployment(1))).toEqual([]);
    expect(await reasonOf("request.operation == 'UPDATE' && oldObject.spec.replicas < object.spec.replicas", change(1, 2))).toEqual([]);
    expect(
      await reasonOf("request.operation == 'DELETE' && object == null && oldObject.spec.replicas == 3", {
        ...deployment(3),
        operation: "DELETE",
      }),
    ).toEqual([]);
  });

  test("an operation that the policy does not name is not asked", async () => {
    const text = policy(AT_MOST_5).replace("[CREATE, UPDATE, DELETE]", "[UPDATE]");
    expect((await judge([text], [deployment(9), change(1, 9)])).evaluated).toBe(1);
  });

  test("the labels as they were count as well as those that will be", async () => {
    const labelled = { ...deployment(9).object, metadata: { name: "shop", labels: { tier: "web" } } };
    const text = policy(AT_MOST_5).replace(
      "matchConstraints:\n",
      "matchConstraints:\n    objectSelector: { matchLabels: { tier: web } }\n",
    );
    expect((await judge([text], [{ ...deployment(9), oldObject: labelled }, deployment(9)])).evaluated).toBe(1);
  });

  test("who acts, and the namespace", async () => {
    const spec = `validations:\n  - { expression: "request.userInfo.username == 'user:ada' && namespaceObject.metadata.labels.env == 'prod'" }`;
    expect((await judge([policy(spec)], [namespace("p", { env: "prod" }), deployment(1, "p")], { username: "user:ada" })).findings).toEqual(
      [],
    );
    expect(await reasonOf("namespaceObject == null", deployment(1))).toEqual([]);
  });

  test("never a policy itself", async () => {
    const everything = policy(AT_MOST_5).replace("[apps]", '["*"]').replace("[deployments]", '["*"]').replace("[v1]", '["*"]');
    const { evaluated } = await judge(
      [everything],
      [{ object: { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy", metadata: { name: "x" } } }],
    );
    expect(evaluated).toBe(0);
  });
});

describe("points", () => {
  test("a policy says at which it holds and what it does at each", async () => {
    const text = policy(AT_MOST_5, "limits", ', roadbed.dev/moments: "provision, pull-request=warn, audit=audit"');
    const verdicts = (["provision", "pull-request", "audit", "promotion"] as const).map(async (moment) => {
      const { verdict, evaluated } = await judge([text], [deployment(9)], { moment });
      return `${verdict} ${evaluated}`;
    });
    expect(await Promise.all(verdicts)).toEqual(["deny 1", "warn 1", "allow 1", "allow 0"]);
  });

  test("what somebody set stands above what the text says", async () => {
    const staged = (stage: "off" | "audit" | "deny") => judge([policy(AT_MOST_5)], [deployment(9)], { stageOf: () => stage });
    expect((await staged("audit")).verdict).toBe("allow");
    expect((await staged("off")).evaluated).toBe(0);
    expect((await staged("deny")).verdict).toBe("deny");
  });
});
