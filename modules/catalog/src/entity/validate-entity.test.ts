import { describe, expect, test } from "vitest";

import { createKinds } from "../kinds/registry.ts";
import { validateEntity } from "./validate-entity.ts";

const kinds = createKinds();

type Doc = Record<string, any>;

function component(change: (doc: Doc) => void = () => {}): Doc {
  const doc: Doc = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: "orders" },
    spec: { type: "service", lifecycle: "production", owner: "team-a" },
  };
  change(doc);
  return doc;
}

function of(kind: string, spec: Doc | undefined, apiVersion = "backstage.io/v1alpha1"): Doc {
  return { apiVersion, kind, metadata: { name: "x" }, ...(spec === undefined ? {} : { spec }) };
}

function places(doc: unknown): string[] {
  return validateEntity(doc, kinds).faults.map(({ path }) => path.join("."));
}

describe("the envelope", () => {
  test.each<[string, (doc: Doc) => void]>([
    ["the least there must be", () => {}],
    ["the second API version", (doc) => (doc.apiVersion = "backstage.io/v1beta1")],
    ["a name of 63 characters", (doc) => (doc.metadata.name = "a".repeat(63))],
    ["a name with all allowed signs", (doc) => (doc.metadata.name = "A-b_c.9")],
    ["a namespace with double dashes", (doc) => (doc.metadata.namespace = "a--b")],
    ["more metadata", (doc) => (doc.metadata.anything = { at: ["all"] })],
    ["more spec", (doc) => (doc.spec.anything = { at: ["all"] })],
    ["labels", (doc) => (doc.metadata.labels = { "example.com/tier": "1", plain: "" })],
    ["annotations of any text", (doc) => (doc.metadata.annotations = { "a.b/c": "<script>'; drop table x;--" })],
    ["tags", (doc) => (doc.metadata.tags = ["c++", "c#", "a-b-c", "9"])],
    ["links", (doc) => (doc.metadata.links = [{ url: "https://a.b", title: "t", icon: "i", type: "x" }, { url: "mailto:a@b.c" }])],
    ["an owner that is an address", (doc) => (doc.spec.owner = "web@example.com")],
    ["an owner with namespace", (doc) => (doc.spec.owner = "backstage/maintainers")],
    ["HTML and SQL in texts", (doc) => (doc.metadata.description = "<b>'; drop table entity;--</b>")],
  ])("takes %s", (_, change) => {
    expect(validateEntity(component(change), kinds).faults).toEqual([]);
  });

  test.each<[string, (doc: Doc) => void, string]>([
    ["no API version", (doc) => delete doc.apiVersion, "apiVersion"],
    ["an API version with a space", (doc) => (doc.apiVersion = "backstage.io/v 1"), "apiVersion"],
    ["an API version of another kind", (doc) => (doc.apiVersion = "scaffolder.backstage.io/v1beta3"), "apiVersion"],
    ["no kind", (doc) => delete doc.kind, "kind"],
    ["a kind with a dash", (doc) => (doc.kind = "My-Kind"), "kind"],
    ["an unknown kind", (doc) => (doc.kind = "Widget"), "kind"],
    ["a kind in lower case", (doc) => (doc.kind = "component"), "kind"],
    ["a kind from the prototype", (doc) => (doc.kind = "constructor"), "kind"],
    ["no metadata", (doc) => delete doc.metadata, "metadata"],
    ["no name", (doc) => delete doc.metadata.name, "metadata.name"],
    ["a number as name", (doc) => (doc.metadata.name = 5), "metadata.name"],
    ["a name of 64 characters", (doc) => (doc.metadata.name = "a".repeat(64)), "metadata.name"],
    ["a name in unicode", (doc) => (doc.metadata.name = "zahlungsübersicht"), "metadata.name"],
    ["a name that begins with a dash", (doc) => (doc.metadata.name = "-a"), "metadata.name"],
    ["a name with a slash", (doc) => (doc.metadata.name = "a/b"), "metadata.name"],
    ["a namespace in upper case", (doc) => (doc.metadata.namespace = "Team"), "metadata.namespace"],
    ["an empty namespace", (doc) => (doc.metadata.namespace = ""), "metadata.namespace"],
    ["a title that is a number", (doc) => (doc.metadata.title = 1), "metadata.title"],
    ["another root field", (doc) => (doc.specs = {}), "specs"],
    ["a label that is a number", (doc) => (doc.metadata.labels = { tier: 1 }), "metadata.labels.tier"],
    ["a label of 64 characters", (doc) => (doc.metadata.labels = { tier: "a".repeat(64) }), "metadata.labels.tier"],
    ["a label key with a bad prefix", (doc) => (doc.metadata.labels = { "Ex_ample/tier": "a" }), "metadata.labels.Ex_ample/tier"],
    ["an annotation that is a list", (doc) => (doc.metadata.annotations = { a: [] }), "metadata.annotations.a"],
    ["labels that are a list", (doc) => (doc.metadata.labels = ["a"]), "metadata.labels"],
    ["a tag in upper case", (doc) => (doc.metadata.tags = ["Java"]), "metadata.tags.0"],
    ["a tag with a double dash", (doc) => (doc.metadata.tags = ["a", "b--c"]), "metadata.tags.1"],
    ["tags that are a text", (doc) => (doc.metadata.tags = "java"), "metadata.tags"],
    ["a link that is no address", (doc) => (doc.metadata.links = [{ url: "nowhere" }]), "metadata.links.0.url"],
    ["a link with an empty title", (doc) => (doc.metadata.links = [{ url: "https://a.b", title: "" }]), "metadata.links.0.title"],
    ["no spec", (doc) => delete doc.spec, "spec"],
    ["no type", (doc) => delete doc.spec.type, "spec.type"],
    ["an empty owner", (doc) => (doc.spec.owner = ""), "spec.owner"],
    ["an owner without a name", (doc) => (doc.spec.owner = "group:"), "spec.owner"],
    ["a dependence that does not say its kind", (doc) => (doc.spec.dependsOn = ["db"]), "spec.dependsOn.0"],
    ["APIs that are one text", (doc) => (doc.spec.providesApis = "a"), "spec.providesApis"],
  ])("refuses %s", (_, change, at) => {
    const { entity, faults } = validateEntity(component(change), kinds);
    expect(entity).toBeUndefined();
    expect(faults.map(({ path }) => path.join("."))).toEqual([at]);
    expect(faults[0]!.reason).not.toBe("");
    expect(faults[0]!.mend).toBeTruthy();
  });

  test.each([[null], ["text"], [[]], [5]])("refuses %j as a whole", (doc) => {
    expect(places(doc)).toEqual([""]);
  });

  test("refuses what is nested to exhaust somebody's stack", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`) as unknown;
    expect(places(component((doc) => (doc.spec.deep = deep)))).toEqual([""]);
  });

  test("says how a name can be mended", () => {
    const { faults } = validateEntity(
      component((doc) => (doc.metadata.name = "Zahlungs Übersicht!")),
      kinds,
    );
    expect(faults[0]!.mend).toContain("e.g. Zahlungs-Ubersicht;");
  });

  test("says what a template's placeholder is", () => {
    const { faults } = validateEntity(
      component((doc) => (doc.metadata.name = "${{ values.name }}")),
      kinds,
    );
    expect(faults[0]!.mend).toContain("template");
  });

  test("lists every fault, not only the first", () => {
    expect(places(component((doc) => ((doc.metadata.name = "ü"), (doc.metadata.tags = ["X"]), delete doc.spec.owner)))).toHaveLength(3);
  });
});

describe("the final form", () => {
  test("drops what only the server sets, writes out the namespace and sorts lists of references", () => {
    const { entity } = validateEntity(
      component((doc) => {
        doc.metadata.uid = "mine";
        doc.metadata.etag = "mine";
        doc.relations = [{ type: "ownedBy", targetRef: "group:default/other" }];
        doc.status = {};
        doc.spec.providesApis = ["b", "a"];
      }),
      kinds,
    );
    expect(entity).toEqual({
      apiVersion: "backstage.io/v1alpha1",
      kind: "Component",
      metadata: { name: "orders", namespace: "default" },
      spec: { type: "service", lifecycle: "production", owner: "team-a", providesApis: ["a", "b"] },
    });
  });
});

describe("the kinds", () => {
  const steps = [{ action: "debug:log" }];
  test.each<[string, Doc | undefined, string?]>([
    ["API", { type: "openapi", lifecycle: "x", owner: "a", definition: "text" }],
    ["API", { type: "openapi", lifecycle: "x", owner: "a", definition: { $text: "https://a.b/c" } }],
    ["API", { type: "mcp-server", lifecycle: "x", owner: "a", remotes: [{ type: "sse", url: "https://a.b" }] }],
    ["Resource", { type: "database", owner: "a" }],
    ["System", { owner: "a" }],
    ["Domain", { owner: "a", subdomainOf: "b" }],
    ["Group", { type: "team", children: [] }],
    ["Group", { type: "team", children: ["b"], parent: "c", members: ["d"], profile: { displayName: "A", email: "a@b.c" } }],
    ["User", { memberOf: [] }],
    ["Location", {}],
    ["Location", { targets: ["./a.yaml"], presence: "optional" }],
    ["Template", { type: "service", steps }, "scaffolder.backstage.io/v1beta3"],
    ["Template", { type: "service", steps, parameters: [{ title: "a" }], owner: "a" }, "scaffolder.backstage.io/v1beta3"],
    ["AiResource", { type: "skill", lifecycle: "x", owner: "a" }],
    ["AiResource", { type: "rule", lifecycle: "x", owner: "a", category: "c", rationale: "r" }],
  ])("%s with %j is right", (kind, spec, apiVersion) => {
    expect(validateEntity(of(kind, spec, apiVersion), kinds).faults).toEqual([]);
  });

  test.each<[string, Doc, string[], string?]>([
    ["API", { type: "openapi", lifecycle: "x", owner: "a" }, ["spec.definition"]],
    ["API", { type: "mcp-server", lifecycle: "x", owner: "a" }, ["spec.remotes"]],
    ["API", { type: "mcp-server", lifecycle: "x", owner: "a", remotes: [{ type: "sse" }] }, ["spec.remotes.0.url"]],
    ["Resource", {}, ["spec.type", "spec.owner"]],
    ["System", {}, ["spec.owner"]],
    ["Domain", {}, ["spec.owner"]],
    ["Group", { type: "team" }, ["spec.children"]],
    ["Group", { type: "team", children: [], profile: { email: "" } }, ["spec.profile.email"]],
    ["User", {}, ["spec.memberOf"]],
    ["User", { memberOf: [5] }, ["spec.memberOf.0"]],
    ["Location", { presence: "sometimes" }, ["spec.presence"]],
    ["Template", { type: "service" }, ["spec.steps"], "scaffolder.backstage.io/v1beta3"],
    ["Template", { type: "service", steps: [{}] }, ["spec.steps.0.action"], "scaffolder.backstage.io/v1beta3"],
    ["Template", { type: "service", steps }, ["apiVersion"], "backstage.io/v1beta2"],
    ["AiResource", { type: "spell", lifecycle: "x", owner: "a" }, ["spec.type"]],
    ["AiResource", { type: "rule", lifecycle: "x", owner: "a" }, ["spec.category", "spec.rationale"]],
    ["AiResource", { type: "plugin", lifecycle: "x", owner: "a" }, ["spec.skills"]],
    ["AiResource", { type: "marketplace", lifecycle: "x", owner: "a" }, ["spec.plugins"]],
  ])("%s with %j is wrong at %j", (kind, spec, at, apiVersion) => {
    expect(places(of(kind, spec, apiVersion))).toEqual(at);
  });
});
