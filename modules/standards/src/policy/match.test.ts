import { describe, expect, test } from "vitest";

import { matchesTarget, pluralOf, targetOf, type Match } from "./match.ts";

const rule = { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE" as const], resources: ["deployments"] };
const asks = (match: Partial<Match>, object: Record<string, unknown> = deployment): boolean =>
  matchesTarget({ resourceRules: [rule], excludeResourceRules: [], ...match }, targetOf({ object }));

const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "shop", labels: { tier: "web" } } };

describe("a policy looks at", () => {
  test.each<[string, boolean, Partial<Match>, Record<string, unknown>?]>([
    ["its group, version and kind", true, {}],
    ["no other group", false, { resourceRules: [{ ...rule, apiGroups: ["batch"] }] }],
    ["no other version", false, { resourceRules: [{ ...rule, apiVersions: ["v2"] }] }],
    ["no other kind", false, {}, { ...deployment, kind: "StatefulSet" }],
    ["everything by a star", true, { resourceRules: [{ ...rule, apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }] }],
    [
      "the core group by an empty name",
      true,
      { resourceRules: [{ ...rule, apiGroups: [""], resources: ["pods"] }] },
      { apiVersion: "v1", kind: "Pod" },
    ],
    ["no subresources", false, { resourceRules: [{ ...rule, resources: ["deployments/*"] }] }],
    ["no deletions", false, { resourceRules: [{ ...rule, operations: ["DELETE"] }] }],
    ["named resources", false, { resourceRules: [{ ...rule, resourceNames: ["other"] }] }],
    ["things of a namespace", true, { resourceRules: [{ ...rule, scope: "Namespaced" }] }],
    ["not them by a cluster's scope", false, { resourceRules: [{ ...rule, scope: "Cluster" }] }],
    ["nothing that is excluded", false, { excludeResourceRules: [{ ...rule, resourceNames: ["shop"] }] }],
    ["labels", true, { objectSelector: { matchLabels: { tier: "web" } } }],
    ["no other labels", false, { objectSelector: { matchLabels: { tier: "db" } } }],
    ["labels in a list", true, { objectSelector: { matchExpressions: [{ key: "tier", operator: "In", values: ["web", "db"] }] } }],
    ["labels not in a list", true, { objectSelector: { matchExpressions: [{ key: "none", operator: "NotIn", values: ["x"] }] } }],
    ["labels that are there", false, { objectSelector: { matchExpressions: [{ key: "none", operator: "Exists" }] } }],
    ["labels that are not there", true, { objectSelector: { matchExpressions: [{ key: "constructor", operator: "DoesNotExist" }] } }],
    ["nothing that has no kind", false, {}, {}],
  ])("%s: %s", (_what, expected, match, object) => expect(asks(match, object)).toBe(expected));
});

test.each([
  ["Deployment", "deployments"],
  ["NetworkPolicy", "networkpolicies"],
  ["Ingress", "ingresses"],
  ["API", "apis"],
  ["Gateway", "gateways"],
  ["Endpoints", "endpoints"],
])("the plural of %s is %s", (kind, plural) => expect(pluralOf(kind)).toBe(plural));
