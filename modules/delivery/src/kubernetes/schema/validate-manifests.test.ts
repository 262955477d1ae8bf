import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { render } from "../../gitops/render.ts";
import { clusterPlace, clusterRelease } from "../fixtures/release.ts";
import type { Manifest } from "../manifest.ts";
import { validateManifest, validateManifests } from "./validate-manifests.ts";

const CANARY = "kind: service\nstart: [x]\nscale: { replicas: 2, upTo: 4 }\nrollout: { strategy: canary }\n";
const files = render(
  clusterRelease(CANARY),
  clusterPlace({ delivery: "gateway-api", host: "{name}.example.org", gateway: { name: "g", namespace: "g" } }),
);
const objects = [...files].filter(([path]) => /objects|engine/.test(path)).map(([, text]) => parse(text) as Manifest);

/** Every object inside an object, with its path. */
function insides(value: unknown, path: (string | number)[] = []): { path: (string | number)[]; of: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => insides(one, [...path, at]));
  if (typeof value !== "object" || value === null) return [];
  return [{ path, of: value as Record<string, unknown> }, ...Object.entries(value).flatMap(([key, one]) => insides(one, [...path, key]))];
}
/** Maps, and the settings of a plugin: any field may stand there. */
const isFree = (path: readonly (string | number)[]): boolean =>
  ["labels", "annotations", "matchLabels", "data", "requests", "limits"].includes(String(path.at(-1))) || path.includes("plugins");

test("a field that nobody knows is refused, wherever it stands", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), async (which, where) => {
      const object = structuredClone(objects[which % objects.length]!);
      const places = insides(object).filter(
        ({ path }) => !isFree(path) && !(object.kind === "Service" && path.join(".") === "spec.selector"),
      );
      const place = places[where % places.length]!;
      place.of["imag"] = "x";
      const problems = await validateManifest("x.yaml", object);
      expect(
        problems.map(({ reason }) => reason),
        `${object.kind} ${place.path.join(".")}`,
      ).toContain(`is no field of ${object.kind} in ${String(object.apiVersion)}`);
    }),
    { numRuns: 60 },
  );
});

test("each problem names file, field, reason and mend", async () => {
  const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { "a.b/c": yes-it-may } }
spec:
  replicas: "2"
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - imag: nginx
          resources: { limits: { cpu: 1 } }
`;
  expect(await validateManifests(new Map([["deploy/web.yaml", deployment]]))).toEqual([
    {
      at: "deploy/web.yaml: spec.replicas",
      reason: "must be a whole number",
      mend: "Correct the value. kubectl explain deployment.spec says what belongs there.",
    },
    { at: "deploy/web.yaml: spec.template.spec.containers[0].name", reason: "is missing", mend: "Say it." },
    {
      at: "deploy/web.yaml: spec.template.spec.containers[0].imag",
      reason: "is no field of Deployment in apps/v1",
      mend: "Correct its name, or leave it out. kubectl explain deployment.spec.template.spec.containers shows which there are.",
    },
  ]);
  const unknown = "apiVersion: example.org/v1\nkind: Thing\nmetadata: { name: x }\n";
  expect(await validateManifests(new Map([["deploy/x.yaml", unknown]]))).toMatchObject(
    [{ at: "deploy/x.yaml: kind", reason: /there is no schema of Thing/ }].map((one) => ({
      ...one,
      reason: expect.stringMatching(one.reason),
    })),
  );
});

test("a kind of somebody's own is known by the definition that lies beside it", async () => {
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.org" },
    spec: {
      group: "example.org",
      scope: "Namespaced",
      names: { kind: "Thing", plural: "things" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", required: ["size"], properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  };
  const thing = { apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "x", labels: { any: "thing" } }, spec: { siz: 3 } };
  const text = (one: object): string => JSON.stringify(one);
  const problems = await validateManifests(
    new Map([
      ["deploy/crd.yaml", text(definition)],
      ["deploy/thing.yaml", text(thing)],
    ]),
  );
  expect(problems.map(({ at, reason }) => `${at} ${reason}`)).toEqual([
    "deploy/thing.yaml: spec.size is missing",
    "deploy/thing.yaml: spec.siz is no field of Thing in example.org/v1",
  ]);
});
