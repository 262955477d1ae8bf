import { createCel, type Cel } from "@roadbed/cel";
import type { ChangedFile } from "@roadbed/contracts/standards/files";
import type { Resource } from "@roadbed/contracts/standards";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { evaluatePolicies, type Judgement } from "../policy/evaluate-policies.ts";
import { loadPolicies } from "../policy/load-policies.ts";
import { checkChange, definitionsOf } from "./check-files.ts";
import { expandChange, type Renderers } from "./expand.ts";
import { environmentsIn, mergeStrategically, renderKustomization } from "./kustomize.ts";

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: main
          image: registry/shop:1
          env:
            - {name: A, value: "1"}
`;
const BASE = { "base/kustomization.yaml": "resources: [app.yaml]\n", "base/app.yaml": DEPLOYMENT };
const PROD = `resources: [../base]
namespace: prod
namePrefix: p-
labels:
  - pairs: {env: prod}
images:
  - {name: registry/shop, newTag: "2"}
replicas:
  - {name: shop, count: 3}
patches:
  - target: {kind: Deployment}
    patch: |
      - {op: add, path: /spec/paused, value: true}
  - path: more.yaml
`;
const MORE =
  'kind: Deployment\nmetadata: {name: shop}\nspec: {template: {spec: {containers: [{name: main, env: [{name: B, value: "2"}]}, {name: side, image: x}]}}}\n';
const overlay = (more: Record<string, string> = {}): Map<string, string> =>
  new Map(Object.entries({ ...BASE, "prod/kustomization.yaml": PROD, "prod/more.yaml": MORE, ...more }));

describe("an overlay", () => {
  test("whose patches lead out of its documents changes nothing of the server's own", () => {
    const patches = ["/__proto__/leaked", "/constructor/prototype/leaked", "/metadata/__proto__/leaked"].map(
      (path) => `- target: {kind: Deployment}\n  patch: |\n    - {op: add, path: ${path}, value: yes}\n`,
    );
    const merged = "- patch: |\n    kind: Deployment\n    metadata: {name: shop, __proto__: {leaked: yes}}\n";
    const { manifests } = renderKustomization(
      overlay({ "prod/kustomization.yaml": `resources: [../base]\npatches:\n${patches.join("")}${merged}` }),
      "prod",
    );
    expect(manifests).toHaveLength(1);
    expect(({} as Record<string, unknown>)["leaked"]).toBeUndefined();
    expect((manifests[0]!.object["metadata"] as Record<string, unknown>)["leaked"]).toBeUndefined();
  });

  test("becomes what kustomize makes of it, and each resource keeps the place where it was written", () => {
    expect(environmentsIn(overlay())).toEqual(["prod"]);
    const { manifests, unread, made } = renderKustomization(overlay(), "prod");
    expect(unread).toEqual([]);
    expect([...made].toSorted()).toEqual(["base/app.yaml", "base/kustomization.yaml", "prod/kustomization.yaml", "prod/more.yaml"]);
    expect(manifests).toHaveLength(1);
    expect(manifests[0]).toMatchObject({
      file: "base/app.yaml",
      environment: "prod",
      object: {
        metadata: { name: "p-shop", namespace: "prod", labels: { env: "prod" } },
        spec: {
          replicas: 3,
          paused: true,
          template: {
            spec: {
              containers: [
                {
                  name: "main",
                  image: "registry/shop:2",
                  env: [
                    { name: "A", value: "1" },
                    { name: "B", value: "2" },
                  ],
                },
                { name: "side", image: "x" },
              ],
            },
          },
        },
      },
    });
    expect(manifests[0]!.placeOf(["spec", "replicas"])).toEqual({ line: 6, column: 3 });
  });

  test("that asks for more, or for what is not there, says so", () => {
    const said = (kustomization: string): string[] =>
      renderKustomization(overlay({ "prod/kustomization.yaml": kustomization }), "prod").unread.map(({ reason }) => reason);
    expect(said("resources: [../base]\nhelmCharts: [{name: x}]\n")).toEqual(["uses helmCharts, which is not rendered here"]);
    expect(said("resources: [../none, https://example.org/x]\n")).toEqual([
      "takes in ../none, which is not there",
      "takes in https://example.org/x, which lies elsewhere",
    ]);
    expect(said("resources: [../prod]\n")).toContain("takes itself in");
    expect(said("a: [1\n")).toEqual(["uses text that cannot be read, which is not rendered here"]);
  });

  test("merging what is the same changes nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.array(fc.integer()))), (object) => {
        expect(mergeStrategically(object, object)).toEqual(object);
      }),
    );
  });
});

describe("a change", () => {
  let cel: Cel;
  let check: (files: readonly ChangedFile[], renderers?: Renderers) => ReturnType<typeof checkChange>;
  beforeAll(() => {
    cel = createCel();
    const { policies } = loadPolicies([new URL("../../../../policies/", import.meta.url)], cel);
    const some = policies.filter(({ name }) => ["images-pinned", "workload-security", "no-host-namespaces"].includes(name));
    const judge = (resources: readonly Resource[]): Promise<Judgement> =>
      evaluatePolicies(cel, some, { moment: "pull-request" }, resources);
    check = (files, renderers) => checkChange(files, judge, definitionsOf(some), renderers);
  });
  afterAll(() => cel.close());
  const same = (path: string, text: string): ChangedFile => ({ path, before: text, after: text });

  test("of a patch is judged as the environment would become, at the line of the resource, and the others are left alone", async () => {
    const files = [
      same("base/kustomization.yaml", BASE["base/kustomization.yaml"]),
      same("base/app.yaml", DEPLOYMENT.replace("registry/shop:1", `registry/shop@sha256:${"a".repeat(64)}`)),
      same("dev/kustomization.yaml", "resources: [../base]\n"),
      {
        path: "prod/kustomization.yaml",
        before: "resources: [../base]\n",
        after: "resources: [../base]\nimages:\n  - {name: registry/shop, newTag: latest}\n",
      },
    ];
    const checked = await check(files);
    expect(checked).toMatchObject({ introduced: 1, resources: 1, unread: [] });
    expect(checked.findings[0]).toMatchObject({ policy: "images-pinned", environment: "prod", file: "base/app.yaml", line: 10 });
  });

  test("of what every overlay takes in is judged in each of them", async () => {
    const files = [
      same("base/kustomization.yaml", BASE["base/kustomization.yaml"]),
      { path: "base/app.yaml", after: DEPLOYMENT },
      ...["dev", "prod"].map((name) => same(`${name}/kustomization.yaml`, "resources: [../base]\n")),
    ];
    expect(
      (await check(files)).findings
        .filter(({ policy }) => policy === "images-pinned")
        .map(({ environment }) => environment)
        .toSorted((a, b) => (a! < b! ? -1 : 1)),
    ).toEqual(["dev", "prod"]);
  });

  test("of files that are the same is none", async () => {
    expect(await check([same("a.yaml", DEPLOYMENT)])).toMatchObject({ resources: 0, findings: [] });
  });

  test("of a Score workload and of a chart is judged as it is rendered, or said to be unread", async () => {
    const score = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\n";
    expect((await check([{ path: "score.yaml", after: score }], { score: () => ({ manifests: DEPLOYMENT }) })).findings[0]).toMatchObject({
      file: "score.yaml",
      line: 1,
      policy: "images-pinned",
    });
    expect((await check([{ path: "score.yaml", after: score }])).unread).toMatchObject([
      { reason: "is a workload of Score: workloads of Score are not rendered here" },
    ]);
    const chart = [
      same("chart/Chart.yaml", "name: shop\n"),
      same("chart/values.yaml", "a: 1\n"),
      { path: "chart/templates/a.yaml", after: "kind: {{ .Values.a }}\n" },
    ];
    expect((await check(chart)).unread).toMatchObject([
      { file: "chart/Chart.yaml", reason: "is a chart of Helm: helm is not installed beside the server" },
    ]);
    const seen: string[][] = [];
    const helm: Renderers["helm"] = async (files) => (
      seen.push([...files.keys()].toSorted()),
      [{ environment: "prod", manifests: DEPLOYMENT }]
    );
    expect((await check(chart, { helm })).resources).toBe(1);
    expect(seen.at(-1)).toEqual(["Chart.yaml", "templates/a.yaml", "values.yaml"]);
    const { after } = await expandChange(chart, { helm });
    expect(after.manifests[0]).toMatchObject({ environment: "chart prod" });
  });

  test("suggests the line that mends it only where the policies then find nothing", async () => {
    const pod = `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostNetwork: true # odd
  securityContext: {runAsNonRoot: true}
  containers:
    - name: main
      image: x@sha256:${"a".repeat(64)}
      securityContext:
        privileged: true
        allowPrivilegeEscalation: false
`;
    const { findings } = await check([{ path: "p.yaml", after: pod }]);
    expect(findings.map(({ suggestion }) => suggestion).toSorted((a, b) => (a?.line ?? 0) - (b?.line ?? 0))).toEqual([
      { line: 5, text: "  hostNetwork: false # odd" },
      { line: 11, text: "        privileged: false" },
    ]);
    const { findings: pinned } = await check([{ path: "a.yaml", after: DEPLOYMENT }]);
    expect(pinned.find(({ policy }) => policy === "images-pinned")?.suggestion).toBeUndefined();
  });
});
