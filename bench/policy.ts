/**
 * How many policies are asked about one Deployment per second: twenty policies in the shape of public
 * ones, each loaded from YAML, evaluated in the worker, findings made. One policy evaluation is one policy on one object.
 * Traps avoided: every call carries its own copy of the object, half of the objects violate something, and the
 * first seconds (compilation, JIT) are not counted.
 */
import { createCel } from "@roadbed/cel";
import type { Resource } from "@roadbed/contracts/standards";
import type { Ctx, Logger } from "@roadbed/core";
import { createStandards } from "@roadbed/standards";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const WARM_MS = 1_500;
const MEASURE_MS = 5_000;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const ctx = {} as Ctx;

/** In the manner of the public libraries of such policies. */
const EXPRESSIONS = [
  "object.spec.replicas >= 2 && object.spec.replicas <= 20",
  "variables.containers.all(c, c.image.startsWith('registry.example.com/'))",
  "variables.containers.all(c, has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem)",
  "variables.containers.all(c, has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop) && c.securityContext.capabilities.drop.exists(d, d == 'ALL'))",
  "!has(object.spec.template.spec.hostNetwork) || !object.spec.template.spec.hostNetwork",
  "!has(object.spec.template.spec.hostPID) && !has(object.spec.template.spec.hostIPC)",
  "object.spec.template.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
  "has(object.metadata.labels) && ['app', 'team'].all(l, l in object.metadata.labels) && object.metadata.labels.team.matches('^[a-z][a-z0-9-]+$')",
  "variables.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",
  "variables.containers.all(c, ['docker.io/', 'quay.io/'].all(r, !c.image.startsWith(r)))",
  "has(object.spec.template.spec.serviceAccountName) && object.spec.template.spec.serviceAccountName != 'default'",
  "has(object.spec.template.spec.automountServiceAccountToken) && object.spec.template.spec.automountServiceAccountToken == false",
  "variables.containers.all(c, quantity(c.resources.limits.memory).compareTo(quantity('2Gi')) <= 0)",
  "has(object.spec.strategy) && object.spec.strategy.type == 'RollingUpdate'",
  "object.spec.template.metadata.labels.all(k, k in object.spec.selector.matchLabels)",
  "object.spec.template.spec.terminationGracePeriodSeconds <= 120",
];

const folder = makePolicies();
const cel = createCel({ deadlineMs: 10_000 });
const standards = createStandards({ log: quiet, cel, policies: [folder] });
if (standards.problems.length > 0) throw new Error(standards.problems.map(({ file, reason }) => `${file}: ${reason}`).join("\n"));

try {
  const { evaluated, findings } = await standards.evaluate(ctx, [deployment(0)]);
  if (evaluated !== 20 || findings.length === 0)
    throw new Error(`expected 20 evaluations with findings, got ${evaluated} with ${findings.length}`);

  const single = await measure(1);
  const batched = await measure(50);
  console.log(`one Deployment per call:   ${format(single.perSecond)} policy evaluations/s, ${single.callMs.toFixed(2)} ms per call`);
  console.log(`fifty Deployments per call: ${format(batched.perSecond)} policy evaluations/s, ${batched.callMs.toFixed(2)} ms per call`);
  const figures = {
    evaluations_per_second: single.perSecond,
    evaluations_per_second_batched: batched.perSecond,
    ms_per_deployment: round(single.callMs, 3),
  };
  console.log(JSON.stringify({ bench: "policy", figures }));
} finally {
  await cel.close();
  rmSync(folder, { recursive: true });
}

async function measure(perCall: number): Promise<{ perSecond: number; callMs: number }> {
  await run(perCall, WARM_MS);
  const { evaluations, calls, ms } = await run(perCall, MEASURE_MS);
  return { perSecond: Math.round((evaluations * 1_000) / ms), callMs: ms / calls };
}

async function run(perCall: number, forMs: number): Promise<{ evaluations: number; calls: number; ms: number }> {
  const started = performance.now();
  let [evaluations, calls] = [0, 0];
  while (performance.now() - started < forMs) {
    const resources = Array.from({ length: perCall }, (_, i) => deployment(calls * perCall + i));
    evaluations += (await standards.evaluate(ctx, resources)).evaluated;
    calls++;
  }
  return { evaluations, calls, ms: performance.now() - started };
}

/** A Deployment of three containers; every second one violates a few policies. */
function deployment(n: number): Resource {
  const digest = "0123456789abcdef".repeat(4);
  const container = (name: string) => ({
    name,
    image: n % 2 === 0 ? `docker.io/team/${name}:latest` : `registry.example.com/team/${name}:1.${n}@sha256:${digest}`,
    ports: [{ containerPort: 8080, name: "http" }],
    env: Array.from({ length: 6 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i}` })),
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "256Mi" } },
    securityContext: {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: n % 2 === 1,
      capabilities: { drop: ["ALL"] },
    },
    readinessProbe: { httpGet: { path: "/readyz", port: 8080 }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 10 },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  });
  return {
    file: "k8s/deployment.yaml",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: `shop-${n}`,
        namespace: "store",
        labels: { app: "shop", "app.kubernetes.io/name": "shop", team: "payments" },
        annotations: { owner: "payments" },
      },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: "shop" } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: { app: "shop" } },
          spec: {
            serviceAccountName: "shop",
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
            containers: ["web", "proxy", "agent"].map(container),
            volumes: [{ name: "tmp", emptyDir: {} }],
            terminationGracePeriodSeconds: 30,
          },
        },
      },
    },
  };
}

/** The shipped policies that look at Deployments, and others in the manner of the public libraries, twenty in all. */
function makePolicies(): string {
  const made = mkdtempSync(join(tmpdir(), "roadbed-bench-policies-"));
  const shipped = new URL("../policies/", import.meta.url);
  const names = readdirSync(shipped).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));
  const texts = names
    .map((name) => [name, readFileSync(new URL(name, shipped), "utf8")] as const)
    .filter(([, text]) => text.includes('"deployments"'));
  for (const [name, text] of texts) writeFileSync(join(made, name), text);
  for (const [i, expression] of EXPRESSIONS.slice(0, 20 - texts.length).entries())
    writeFileSync(join(made, `more-${i}.yaml`), policy(`more-${i}`, expression));
  return made;
}

function policy(name: string, expression: string): string {
  return `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
  annotations:
    roadbed.dev/title: ${name}
    roadbed.dev/why: For the measurement.
    roadbed.dev/mend: Mend it.
    roadbed.dev/version: 1.0.0
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }
  variables:
    - { name: containers, expression: object.spec.template.spec.containers }
  validations:
    - expression: ${JSON.stringify(expression)}
      message: It is not so.
`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}
