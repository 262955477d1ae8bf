import { checkExpression } from "@roadbed/cel";
import { describe, expect, test } from "vitest";

import { complete } from "./complete-policy.ts";
import { receiverOf } from "./members.ts";

const HEAD = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: x
  annotations:
    roadbed.dev/title: x
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }
  variables:
    - name: containers
      expression: object.spec.template.spec.containers
    - name: images
      expression: >-
        variables.containers.map(c, c.image)
`;

/** The place is marked by ¦. */
function at(marked: string) {
  const before = marked.slice(0, marked.indexOf("¦")).split("\n");
  const { length, options } = complete(
    { check: checkExpression },
    marked.replace("¦", ""),
    before.length,
    (before.at(-1) ?? "").length + 1,
  );
  return { length, labels: options.map(({ label }) => label), options };
}

function inRule(expression: string) {
  return at(`${HEAD}  validations:\n    - expression: ${expression}`);
}

describe("in an expression", () => {
  test.each([
    ["object.¦", "spec"],
    ["object.spec.te¦", "template"],
    ["object.spec.template.spec.containers[0].¦", "imagePullPolicy"],
    ["object.?spec.?template.¦", "spec"],
    ["object.spec.template.spec.containers.all(c, c.¦)", "securityContext"],
    ["object.spec.template.spec.containers.all(c, c.ports.exists(p, p.¦", "containerPort"],
    ["variables.¦", "containers"],
    ["variables.containers.filter(one, one.¦).size() > 0", "image"],
    ["variables.images.all(image, image.¦)", "startsWith"],
    ["object.metadata.name.¦", "matches"],
    ["object.spec.template.spec.containers.¦", "filter"],
    ["object.metadata.labels.¦", "all"],
    ["object.metadata.?labels.¦", "orValue"],
    ["quantity('1Gi').¦", "compareTo"],
    ["object.kind == '' && 'text'.¦", "startsWith"],
    ["request.userInfo.¦", "username"],
    ["sets.¦", "contains"],
    ["¦", "object"],
    ["ob¦", "namespaceObject"],
    ["object.spec.replicas > 1 && qu¦", "quantity"],
    ["object.spec.template.spec.containers.all(container, ¦", "container"],
  ])("%s offers %s", (expression, label) => {
    expect(inRule(expression).labels).toContain(label);
  });

  test("a field says its type, a function how it is called", () => {
    const field = inRule("object.spec.¦").options.find(({ label }) => label === "replicas");
    expect(field).toEqual({ label: "replicas", kind: "field", detail: "int" });
    const method = inRule("object.metadata.name.¦").options.find(({ label }) => label === "startsWith");
    expect(method).toMatchObject({ detail: "(string): bool", apply: "startsWith(" });
  });

  test("what is typed of the word is replaced", () => {
    expect(inRule("object.spec.repl¦").length).toBe(4);
    expect(inRule("object.spec.¦").length).toBe(0);
  });

  test.each([
    ["a text", "object.metadata.name == 'object.¦'"],
    ["what has no such field", "object.spec.nothing.¦"],
    ["a number", "object.spec.replicas > 5¦"],
    ["a fraction", "5.¦"],
  ])("%s offers nothing", (_, expression) => {
    expect(inRule(expression).labels).toEqual([]);
  });

  test("lines below their key are one", () => {
    expect(
      at(`${HEAD}  validations:\n    - expression: >-\n        object.metadata.name != '' &&\n        object.spec.¦\n      message: x\n`)
        .labels,
    ).toContain("replicas");
    expect(
      at(`${HEAD}  validations:\n    - messageExpression: |\n        object.kind + ' ' +\n          object.metadata.¦`).labels,
    ).toContain("namespace");
  });

  test("a condition sees no variables, a variable those before it", () => {
    expect(at(`${HEAD}  matchConditions:\n    - name: x\n      expression: ¦`).labels).not.toContain("variables");
    const own = HEAD.replace("containers.map(c, c.image)", "¦");
    expect(at(own).labels).toEqual(expect.arrayContaining(["containers"]));
    expect(at(own).labels).not.toContain("images");
  });

  test("of a kind that is not known, functions are offered and no fields", () => {
    const { labels } = at(`${HEAD.replace("[deployments]", "[widgets]")}  validations:\n    - expression: object.spec.¦`);
    expect(labels).toContain("matches");
    expect(labels).not.toContain("replicas");
  });
});

describe("in the file", () => {
  test.each([
    ["spec:\n  ¦", "validations"],
    ["spec:\n  matchConstraints:\n    ¦", "resourceRules"],
    ["spec:\n  validations:\n    - ¦", "expression"],
    ["spec:\n  validations:\n    - expression: x\n      mess¦", "messageExpression"],
    ["spec:\n  validations:\n  - expression: x\n    ¦", "message"],
    ["metadata:\n  annotations:\n    roadbed.dev/¦", "roadbed.dev/why"],
    ["metadata:\n  annotations:\n    roadbed.dev/severity: ¦", "warn"],
    ["spec:\n  failurePolicy: ¦", "Ignore"],
    ["spec:\n  matchConstraints:\n    resourceRules:\n      - apiGroups: [¦", "apps"],
    ["spec:\n  matchConstraints:\n    resourceRules:\n      - { apiGroups: [apps], resources: [dep¦", "deployments"],
    ["kind: ValidatingAdmissionPolicyBinding\nspec:\n  ¦", "policyName"],
    ["kind: ¦", "ValidatingAdmissionPolicy"],
    ["¦", "apiVersion"],
  ])("%j offers %s", (text, label) => {
    expect(at(text).labels).toContain(label);
  });

  test("each document for itself", () => {
    expect(at(`${HEAD}---\nkind: ValidatingAdmissionPolicyBinding\nspec:\n  ¦\n---\nkind: x`).labels).toContain("paramRef");
    expect(at(`kind: ValidatingAdmissionPolicyBinding\n---\nspec:\n  ¦`).labels).toContain("variables");
  });

  test("a message is the author's own", () => {
    expect(at(`${HEAD}  validations:\n    - message: >-\n        object.¦`).labels).toEqual([]);
  });
});

test.each([
  ["a == b && object.spec", "object.spec"],
  ["f(object.spec", "object.spec"],
  ["x + object.list.filter(c, c.a == ')').map(d, d", "d"],
  ["object.list.filter(c, c.a == ')')", "object.list.filter(c, c.a == ')')"],
  ["!(a || b)", "(a || b)"],
  ["object.labels['a.b'].c[0]", "object.labels['a.b'].c[0]"],
  ["object.?a.?b", "object.?a.?b"],
  ["size(x)", "size(x)"],
  ["a &&", ""],
  ["", ""],
])("of %s the end that hangs together is %s", (text, expected) => {
  expect(receiverOf(text)).toBe(expected);
});
