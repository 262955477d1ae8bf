import { spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import { renderHelm } from "./render-helm.ts";

const hasHelm = spawnSync("helm", ["version", "--short"]).status === 0;
const CHART = {
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
  "values.yaml": "replicas: 1\n",
  "values-prod.yaml": "replicas: 3\n",
  "templates/deployment.yaml":
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: shop }\nspec: { replicas: {{ .Values.replicas }} }\n",
};

// Only where a `helm` is installed: none comes with the product.
test.skipIf(!hasHelm)("a real helm renders a chart once per environment that it has values for, and its errors are told", async () => {
  expect(await renderHelm(new Map(Object.entries(CHART)))).toMatchObject([
    { environment: "prod", manifests: expect.stringContaining("replicas: 3") },
  ]);
  const { "values-prod.yaml": _none, ...plain } = CHART;
  expect(await renderHelm(new Map(Object.entries(plain)))).toMatchObject([
    { environment: "", manifests: expect.stringContaining("replicas: 1") },
  ]);
  const broken = { ...CHART, "templates/bad.yaml": '{{ fail "no such region" }}' };
  expect(await renderHelm(new Map(Object.entries(broken)))).toEqual({
    because: expect.stringMatching(/^helm cannot render it .*no such region/),
  });
});

test("without helm it is said that there is none", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    expect(await renderHelm(new Map(Object.entries(CHART)))).toEqual({ because: "helm is not installed beside the server" });
  } finally {
    process.env["PATH"] = path;
  }
});
