import fc from "fast-check";
import { expect, test } from "vitest";

import { parseManifest } from "../workload/manifest.ts";
import { acceptedFromCluster, differencesInCluster } from "./cluster-differences.ts";

const WANTED = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "orders", namespace: "prod", labels: { "roadbed.dev/release": "2", app: "orders" } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "orders" } },
    template: {
      spec: {
        containers: [
          {
            name: "orders",
            image: "registry.example.org/orders@sha256:aa",
            resources: { requests: { cpu: "1000m", memory: "1024Mi" }, limits: { memory: "1024Mi" } },
            ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
            securityContext: { capabilities: { drop: ["ALL"] } },
          },
        ],
        volumes: [{ name: "tmp", emptyDir: {} }],
      },
    },
  },
};

/** As an API server shows it: with its own defaults, quantities in its own words, and what others put beside. */
function shown() {
  const there = structuredClone(WANTED) as never as {
    metadata: { labels: Record<string, string>; annotations?: object };
    spec: {
      replicas: number;
      progressDeadlineSeconds?: number;
      template: { spec: { containers: Record<string, unknown>[]; dnsPolicy?: string } };
    };
  };
  there.metadata.annotations = { "deployment.kubernetes.io/revision": "3" };
  there.spec.progressDeadlineSeconds = 600;
  there.spec.template.spec.dnsPolicy = "ClusterFirst";
  const [own] = there.spec.template.spec.containers;
  Object.assign(own!, {
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "1Gi" } },
  });
  there.spec.template.spec.containers.unshift({ name: "istio-proxy", image: "registry.example.org/proxy:1" });
  return there;
}

test("what the cluster fills in, says otherwise, or has beside is no difference", () => {
  expect(differencesInCluster(WANTED, shown() as never)).toEqual([]);
});

test("each field that Git sets and the cluster has otherwise is told by its path, with both", () => {
  const there = shown();
  there.spec.replicas = 5;
  Object.assign(there.spec.template.spec.containers[1]!, {
    image: "registry.example.org/orders@sha256:bb",
    securityContext: { capabilities: { drop: [] } },
    resources: { requests: { cpu: "1", memory: "1Gi" } },
  });
  expect(differencesInCluster(WANTED, there as never)).toEqual([
    { field: "spec.replicas", git: "2", runs: "5" },
    {
      field: "spec.template.spec.containers[orders].image",
      git: "registry.example.org/orders@sha256:aa",
      runs: "registry.example.org/orders@sha256:bb",
    },
    { field: "spec.template.spec.containers[orders].resources.limits.memory", git: "1024Mi" },
    { field: "spec.template.spec.containers[orders].securityContext.capabilities.drop", git: '["ALL"]', runs: "[]" },
  ]);
});

test("another release is one difference, and so is an object that is gone", () => {
  const there = shown();
  there.metadata.labels["roadbed.dev/release"] = "1";
  there.spec.replicas = 7;
  expect(differencesInCluster(WANTED, there as never)).toEqual([{ field: "release", git: "2", runs: "1" }]);
  expect(differencesInCluster(WANTED, undefined)).toEqual([{ field: "object", git: "Deployment orders" }]);
});

test("how many and how much is accepted in the words of roadbed.yaml; anything else has no place there", () => {
  const manifest = parseManifest("kind: service\nstart: [node, server.mjs]\nscale: { replicas: 2 }\n");
  const memory = "spec.template.spec.containers[orders].resources.limits.memory";
  expect(
    acceptedFromCluster(
      [
        { field: "spec.replicas", git: "2", runs: "5" },
        { field: memory, git: "256Mi", runs: "512Mi" },
      ],
      manifest,
      {},
    ),
  ).toEqual({ manifest: { scale: { replicas: 5 }, limits: { ...manifest.limits, memoryMb: 512 } } });
  expect(acceptedFromCluster([{ field: "spec.replicas", git: "2", runs: "0" }], manifest, {})).toEqual({ suspended: true });
  expect(acceptedFromCluster([{ field: "spec.template.spec.dnsPolicy", git: "a", runs: "b" }], manifest, {})).toBeUndefined();
});

test("whatever is put beside what Git sets, nothing is different; whichever text of Git is changed, it is told", () => {
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("node"), { maxKeys: 3 }),
    ),
  })).node;
  const objectOf = (spec: unknown) => ({ apiVersion: "v1", kind: "Deployment", metadata: { name: "x" }, spec }) as never;
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tree, { minKeys: 1, maxKeys: 4 }),
      fc.stringMatching(/^[A-Z]{1,4}$/),
      (spec, extra) => {
        expect(differencesInCluster(objectOf(spec), objectOf(beside(spec, extra)))).toEqual([]);
        const leaves = count(spec);
        expect(differencesInCluster(objectOf(spec), objectOf(changed(spec)))).toHaveLength(Math.min(50, leaves));
      },
    ),
  );
});

function beside(value: unknown, extra: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  return { ...Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, beside(inner, extra)])), [extra]: "theirs" };
}

function changed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return `${String(value)}-other`;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changed(inner)]));
}

function count(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + count(inner), 0);
}
