/**
 * What policies cost. First: sixty policies about one Deployment, the shipped ones that look at Deployments and others in the shape of
 * public ones, each loaded from YAML, evaluated in the worker, findings made; in CPU time of the whole process, worker included.
 * Then: the audit of a catalogue by the shipped policies, over two workers.
 * Traps avoided: every call carries its own copy of the object, half of the objects violate something, and the
 * first seconds (compilation, JIT) are not counted.
 */
import { createCel } from "@roadbed/cel";
import type { Resource } from "@roadbed/contracts/standards";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { evaluatePolicies } from "../modules/standards/src/policy/evaluate-policies.ts";
import { loadPolicies, type LoadedPolicies } from "../modules/standards/src/policy/load-policies.ts";

const WARM_MS = 1_500;
const MEASURE_MS = 5_000;
const POLICIES = 60;
const ENTITIES = 100_000;
const SLICE = 500;

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
const cel = createCel({ deadlineMs: 10_000, workers: 2, memoryMb: 512 });
const sixty = load(folder);
const shipped = load(new URL("../policies/", import.meta.url));

try {
  const { evaluated, findings } = await ask(sixty, [deployment(0)]);
  if (evaluated !== POLICIES || findings.length === 0)
    throw new Error(`expected ${POLICIES} evaluations with findings, got ${evaluated} with ${findings.length}`);

  const single = await measure(1);
  const batched = await measure(50);
  console.log(
    `one Deployment per call:    ${single.cpuMs.toFixed(3)} ms CPU for ${POLICIES} policies, ${single.wallMs.toFixed(2)} ms until the answer`,
  );
  console.log(`fifty Deployments per call: ${batched.cpuMs.toFixed(3)} ms CPU each, ${format(batched.perSecond)} policy evaluations/s`);

  const audit = await auditAll();
  console.log(
    `audit of ${format(ENTITIES)} entities by ${shipped.policies.length} policies: ${audit.seconds.toFixed(1)} s, ${audit.cpuSeconds.toFixed(1)} s CPU, ` +
      `${format(audit.evaluated)} questions, ${format(audit.findings)} findings`,
  );
  const figures = {
    cpu_ms_per_deployment: round(batched.cpuMs, 3),
    cpu_ms_per_deployment_alone: round(single.cpuMs, 3),
    ms_per_deployment: round(single.wallMs, 3),
    evaluations_per_second_batched: batched.perSecond,
    audit_seconds: round(audit.seconds, 1),
    audit_cpu_seconds: round(audit.cpuSeconds, 1),
  };
  console.log(JSON.stringify({ bench: "policy", figures }));
} finally {
  await cel.close();
  rmSync(folder, { recursive: true });
}

function load(from: string | URL): LoadedPolicies {
  const loaded = loadPolicies([from], cel);
  if (loaded.problems.length > 0) throw new Error(loaded.problems.map(({ file, reason }) => `${file}: ${reason}`).join("\n"));
  return loaded;
}

function ask({ policies, params }: LoadedPolicies, resources: Resource[], moment: "provision" | "audit" = "provision") {
  return evaluatePolicies(cel, policies, { moment, params }, resources);
}

async function measure(perCall: number): Promise<{ perSecond: number; cpuMs: number; wallMs: number }> {
  await run(perCall, WARM_MS);
  const cpu = process.cpuUsage();
  const { evaluations, calls, ms } = await run(perCall, MEASURE_MS);
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: Math.round((evaluations * 1_000) / ms),
    cpuMs: (user + system) / 1_000 / (calls * perCall),
    wallMs: ms / calls,
  };
}

async function run(perCall: number, forMs: number): Promise<{ evaluations: number; calls: number; ms: number }> {
  const started = performance.now();
  let [evaluations, calls] = [0, 0];
  while (performance.now() - started < forMs) {
    const resources = Array.from({ length: perCall }, (_, i) => deployment(calls * perCall + i));
    evaluations += (await ask(sixty, resources)).evaluated;
    calls++;
  }
  return { evaluations, calls, ms: performance.now() - started };
}

/** Two slices are under way at once, as there are two workers. */
async function auditAll(): Promise<{ seconds: number; cpuSeconds: number; evaluated: number; findings: number }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let [next, evaluated, findings] = [0, 0, 0];
  const work = async (): Promise<void> => {
    while (next < ENTITIES) {
      const first = next;
      next += SLICE;
      const answer = await ask(
        shipped,
        Array.from({ length: SLICE }, (_, i) => entity(first + i)),
        "audit",
      );
      evaluated += answer.evaluated;
      findings += answer.findings.length;
    }
  };
  await Promise.all([work(), work()]);
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - started) / 1_000, cpuSeconds: (user + system) / 1e6, evaluated, findings };
}

/** Services, APIs and resources in the proportions of a catalogue; most lack something. */
function entity(n: number): Resource {
  const kind = n % 10 < 6 ? "Component" : n % 10 < 8 ? "API" : "Resource";
  const type =
    kind === "Component"
      ? n % 50 === 0
        ? "ai-service"
        : "service"
      : kind === "API"
        ? "openapi"
        : n % 3 === 0
          ? "vector-store"
          : "postgres";
  return {
    object: {
      apiVersion: "backstage.io/v1alpha1",
      kind,
      metadata: {
        name: `thing-${n}`,
        namespace: "default",
        title: `Thing ${n}`,
        ...(n % 3 === 0 ? {} : { description: "What it is, in a sentence of usual length." }),
        labels: { tier: String(n % 4) },
        annotations: {
          "backstage.io/managed-by-location": `url:https://git.example.com/org/thing-${n}`,
          ...(n % 2 ? { "backstage.io/techdocs-ref": "dir:." } : {}),
        },
        tags: ["go", "http"],
        links: [{ url: `https://example.com/${n}`, title: "Dashboard" }],
      },
      spec: {
        type,
        lifecycle: n % 5 === 0 ? "production" : "experimental",
        owner: `group:default/team-${n % 500}`,
        ...(n % 4 === 0 ? {} : { system: `system-${n % 900}` }),
        ...(kind === "API" ? { definition: `openapi: 3.1.0\ninfo:\n  title: Thing\n  version: 1.${n % 9}.0\npaths: {}\n` } : {}),
        dependsOn: [`component:default/thing-${n + 1}`],
      },
    },
  };
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

/** The shipped policies that look at Deployments, and others in the manner of the public libraries, sixty in all. */
function makePolicies(): string {
  const made = mkdtempSync(join(tmpdir(), "roadbed-bench-policies-"));
  const shippedFolder = new URL("../policies/", import.meta.url);
  const texts = globSync("**/*.yaml", { cwd: shippedFolder })
    .filter((name) => !name.endsWith(".test.yaml"))
    .map((name) => [basename(name), readFileSync(new URL(name, shippedFolder), "utf8")] as const)
    .filter(([, text]) => text.includes('"deployments"') && !text.includes("paramKind") && !text.includes("roadbed.dev/moments"));
  for (const [name, text] of texts) writeFileSync(join(made, name), text);
  for (let i = 0; i < POLICIES - texts.length; i++) {
    const expression = EXPRESSIONS[i % EXPRESSIONS.length] as string;
    writeFileSync(join(made, `more-${i}.yaml`), policy(`more-${i}`, expression));
  }
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
