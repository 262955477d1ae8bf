import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import fc from "fast-check";
import { expect, test } from "vitest";

import { render, renderedObjects } from "../../gitops/render.ts";
import type { Manifest } from "../manifest.ts";
import { clusterPlace, clusterRelease, DIGEST } from "../fixtures/release.ts";
import { validateManifests } from "../schema/validate-manifests.ts";
import { rootOfEngine } from "./engine.ts";

const SERVICE =
  "kind: service\nstart: [node, server.mjs]\nenv: { LEVEL: info }\nscale: { replicas: 3, upTo: 9 }\nlimits: { memoryMb: 512, cpuMillis: 250 }\n";
const JOB = 'kind: job\nstart: [node, job.mjs]\nschedule: { cron: "0 3 * * *", timeZone: Europe/Berlin }\n';
const gateway = { name: "public", namespace: "gateways" };
const host = "{name}.{environment}.example.org";

function objects(file: string, over: Partial<KubernetesPlace> = {}, more: Record<string, string> = {}): Map<string, Manifest> {
  const files = render(clusterRelease(file, more), clusterPlace(over));
  return new Map(
    [...files].flatMap(([path, text]) =>
      renderedObjects(new Map([[path, text]])).map((object) => [`${object.kind}/${object.metadata.name}`, object] as const),
    ),
  );
}

test("a service is everything that it needs in a cluster, one file per object", () => {
  const files = render(clusterRelease(SERVICE), clusterPlace({ host }));
  expect([...files.keys()].map((path) => path.replace(/-[0-9a-f]{10}\./, "-HASH."))).toEqual([
    "apps/orders/objects/configmap-prod-orders-HASH.yaml",
    "apps/orders/objects/deployment-prod-orders.yaml",
    "apps/orders/objects/horizontalpodautoscaler-prod-orders.yaml",
    "apps/orders/objects/ingress-prod-orders.yaml",
    "apps/orders/objects/poddisruptionbudget-prod-orders.yaml",
    "apps/orders/objects/service-prod-orders.yaml",
    "apps/orders/objects/serviceaccount-prod-orders.yaml",
    "apps/orders/release.yaml",
    "apps/orders/workload.yaml",
    "engine/orders.yaml",
  ]);
  const deployment = objects(SERVICE).get("Deployment/orders") as never as {
    spec: { replicas?: number; template: { spec: { containers: [Record<string, unknown>] } } };
  };
  // The autoscaler has the number in hand.
  expect(deployment.spec.replicas).toBeUndefined();
  expect(deployment.spec.template.spec.containers[0]).toMatchObject({
    image: `registry.example.org/shop/orders@${DIGEST}`,
    resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "512Mi" } },
  });
});

const PLACES: Record<string, Partial<KubernetesPlace>> = {
  "Argo CD, Deployment": { host },
  "Flux, Deployment": { engine: "flux", host, ingressClass: "nginx" },
  "Argo Rollouts": { delivery: "argo-rollouts", host },
  "Gateway API": { delivery: "gateway-api", host, gateway },
  Kueue: { queue: "batch", namespace: "{namespace}-{name}-{environment}" },
};
const FILES: Record<string, string> = {
  service: SERVICE,
  canary: `${SERVICE}rollout: { strategy: canary, steps: [{ weight: 10 }, { pause: { seconds: 60 } }, { analysis: {} }, { weight: 50 }, { pause: {} }] }\n`,
  "blue-green": `${SERVICE}rollout: { strategy: blue-green, lookSeconds: 600 }\n`,
  worker: "kind: worker\nstart: [node, worker.mjs]\n",
  site: "kind: site\n",
  job: JOB,
};

test("whatever is written holds to the published schemas", async () => {
  for (const [where, over] of Object.entries(PLACES)) {
    for (const [what, file] of Object.entries(FILES)) {
      const decided = what === "canary" || what === "blue-green";
      const make = (): Map<string, string> => render(clusterRelease(file), clusterPlace(over));
      if (decided && (over.delivery ?? "deployment") === "deployment")
        expect(make, `${what}, ${where}`).toThrow("brings releases by Deployment");
      else expect(await validateManifests(make()), `${what}, ${where}`).toEqual([]);
    }
  }
  for (const engine of ["argo-cd", "flux"] as const) {
    const root = rootOfEngine({
      environment: "prod",
      kubernetes: clusterPlace({ engine }).kubernetes,
      repository: "https://example.org/x.git",
    });
    expect(await validateManifests(new Map([["root.yaml", root.map((one) => JSON.stringify(one)).join("\n---\n")]]))).toEqual([]);
  }
});

test("the same release is the same text, in whatever order its files were read", () => {
  const release = clusterRelease(SERVICE, {
    "deploy/a.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: { name: a }\n",
    "deploy/prod/b.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: { name: b }\n",
  });
  const entries = Object.entries(release.config);
  fc.assert(
    fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
      expect([...render({ ...release, config: Object.fromEntries(shuffled) }, clusterPlace())]).toEqual([
        ...render(release, clusterPlace()),
      ]);
    }),
    { numRuns: 10 },
  );
});

test("the plan of roadbed.yaml is the plan of the Rollout, and an analysis waits for somebody", () => {
  const spec = (file: string, over: Partial<KubernetesPlace>) =>
    (objects(file, over).get("Rollout/orders")!["spec"] as { strategy: unknown }).strategy;
  expect(spec(FILES["canary"]!, PLACES["Gateway API"]!)).toEqual({
    canary: {
      steps: [{ setWeight: 10 }, { pause: { duration: "60s" } }, { pause: {} }, { setWeight: 50 }, { pause: {} }],
      stableService: "orders",
      canaryService: "orders-canary",
      trafficRouting: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "orders", namespace: "prod" } } },
    },
  });
  expect(spec(FILES["blue-green"]!, PLACES["Argo Rollouts"]!)).toEqual({
    blueGreen: {
      activeService: "orders",
      previewService: "orders-canary",
      autoPromotionEnabled: true,
      autoPromotionSeconds: 600,
      scaleDownDelaySeconds: 300,
    },
  });
  const shadow = `${SERVICE}rollout: { strategy: shadow }\n`;
  expect(() => objects(shadow, PLACES["Argo Rollouts"]!)).toThrow("asks for a shadow, which no cluster can do yet");
});

test("other variables are another ConfigMap, and Kueue lets a job go when there is room", () => {
  const names = (level: string) => [...objects(SERVICE.replace("info", level)).keys()].find((key) => key.startsWith("ConfigMap"));
  expect(names("warn")).not.toBe(names("info"));
  expect(objects(JOB, { queue: "batch" }).get("CronJob/orders")!["spec"]).toMatchObject({
    timeZone: "Europe/Berlin",
    jobTemplate: { metadata: { labels: { "kueue.x-k8s.io/queue-name": "batch" } }, spec: { suspend: true, activeDeadlineSeconds: 3_600 } },
  });
});

test("a release without an image, with several, or with one that has no digest is refused, with what to do", () => {
  const release = clusterRelease(SERVICE);
  const with_ = (parts: unknown[]) => () => render({ ...release, parts: parts as never }, clusterPlace());
  expect(with_([])).toThrow("orders#3 holds no image, and prod is a cluster");
  const image = { kind: "image", name: "a", version: "1", digest: DIGEST };
  expect(with_([image, { ...image, name: "b" }])).toThrow("holds 2 images, none of which is called orders");
  expect(with_([{ ...image, digest: undefined }])).toThrow("has no digest");
});

test("what the repository brings goes before what is made, and stands in the namespace of the environment", () => {
  const brought = {
    "deploy/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: orders }\nspec: { ports: [{ port: 8080 }] }\n",
  };
  expect(objects(SERVICE, {}, brought).get("Service/orders")).toEqual({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "orders", namespace: "prod" },
    spec: { ports: [{ port: 8080 }] },
  });
});

const kubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;

test.skipIf(!kubectl)("kustomize reads the folder that the engine applies", () => {
  const dir = mkdtempSync(join(tmpdir(), "roadbed-kustomize-"));
  try {
    const files = [...render(clusterRelease(SERVICE), clusterPlace({ host }))].filter(([path]) => path.startsWith("apps/orders/objects/"));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    const resources = files.map(([path]) => `- ${path}`).join("\n");
    writeFileSync(
      join(dir, "kustomization.yaml"),
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources}\n`,
    );
    const built = execFileSync("kubectl", ["kustomize", dir], { encoding: "utf8" });
    expect(built.match(/^kind: /gm)).toHaveLength(files.length);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
