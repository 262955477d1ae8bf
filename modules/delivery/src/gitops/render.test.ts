import fc from "fast-check";
import { parse } from "yaml";
import { expect, test } from "vitest";

import { render, type Rendered } from "./render.ts";

const RELEASE: Rendered = {
  id: "rel_1",
  entity_ref: "component:default/orders",
  number: 3,
  parts: [{ kind: "commit", name: "orders", version: "a".repeat(40) }],
  repository: "orders",
  commit: "a".repeat(40),
  config: {
    "roadbed.yaml": "start: [node, server.mjs]\nkind: service\nenv: { B: two, A: one }\n",
    "deploy/web.yaml":
      "kind: Service\nmetadata: { name: web }\nspec: { port: 80 }\n---\nkind: ConfigMap\nmetadata: { name: web }\ndata: { level: info }\n",
    "deploy/prod/config.yaml": "kind: ConfigMap\nmetadata: { name: web }\ndata: { level: warn }\n",
  },
};

test("each object is a file, and what an environment has of its own wins there alone", () => {
  const [prod, dev] = [render(RELEASE, "prod"), render(RELEASE, "dev")];
  expect([...prod.keys()]).toEqual([
    "apps/orders/objects/configmap-web.yaml",
    "apps/orders/objects/service-web.yaml",
    "apps/orders/release.yaml",
    "apps/orders/workload.yaml",
  ]);
  const level = (files: Map<string, string>): unknown => parse(files.get("apps/orders/objects/configmap-web.yaml")!).data.level;
  expect([level(prod), level(dev)]).toEqual(["warn", "info"]);
  expect(parse(prod.get("apps/orders/workload.yaml")!)).toMatchObject({
    kind: "Workload",
    spec: { environment: "prod", release: 3, env: { A: "one", B: "two" } },
  });
});

test("the same release is the same text, in whatever order its files and keys were read", () => {
  const entries = Object.entries(RELEASE.config);
  fc.assert(
    fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
      expect([...render({ ...RELEASE, config: Object.fromEntries(shuffled) }, "prod")]).toEqual([...render(RELEASE, "prod")]);
    }),
  );
});

test("what is no manifest is refused with its file", () => {
  const of =
    (text: string): (() => unknown) =>
    () =>
      render({ ...RELEASE, config: { "deploy/x.yaml": text } }, "dev");
  expect(of("- a list")).toThrow("deploy/x.yaml holds something that is no object");
  expect(of("kind: A\n")).toThrow("without kind or metadata.name");
  expect(of("a: [")).toThrow("deploy/x.yaml cannot be read");
});
