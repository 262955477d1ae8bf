import { annotationsOf, metaOf, PORT, shortHash, type Scene } from "./naming.ts";
import type { Manifest } from "../manifest.ts";

/** Above this a pod that still works off requests is ended by force. */
const GRACE_SECONDS = 30;
/** What the scheduler sets aside where the file says nothing. */
const CPU_MILLIS = 100;
/** A user that is not root; images that need another one say so by `USER`, which counts where it is a number. */
const USER = 65_532;

/** The variables of its processes. What changes them makes another object, so that pods of the release before keep theirs. */
export function configMap(scene: Scene): Manifest {
  const data = variablesOf(scene);
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metaOf(scene, configName(scene)), immutable: true, data };
}

export function serviceAccount(scene: Scene): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: metaOf(scene), automountServiceAccountToken: false };
}

/** The pod that `Deployment`, `Rollout` and `CronJob` have in common. It holds to the baseline of `policies/kubernetes`. */
export function podTemplate(scene: Scene): Record<string, unknown> {
  const { name, labels, file } = scene;
  return {
    metadata: { labels: { ...labels }, annotations: annotationsOf(scene) },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
      terminationGracePeriodSeconds: GRACE_SECONDS,
      containers: [container(scene)],
      // A root that cannot be written leaves /tmp to write to.
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "256Mi" } }],
      ...(file.kind === "job" ? { restartPolicy: "Never" } : { topologySpreadConstraints: [spread(scene)] }),
    },
  };
}

function container(scene: Scene): Record<string, unknown> {
  const { name, image, file } = scene;
  const memory = `${file.limits.memoryMb}Mi`;
  return {
    name,
    image,
    envFrom: [{ configMapRef: { name: configName(scene) } }, { secretRef: { name, optional: true } }],
    ...(listens(scene) ? { ports: [{ name: "http", containerPort: PORT, protocol: "TCP" }] } : {}),
    resources: { requests: { cpu: `${file.limits.cpuMillis ?? CPU_MILLIS}m`, memory }, limits: { memory } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    ...probes(scene),
  };
}

/** A worker that answers no question is watched by its process: Kubernetes starts it again when it ends. */
function probes(scene: Scene): Record<string, unknown> {
  const { file } = scene;
  if (!listens(scene)) return {};
  const httpGet = { path: file.kind === "site" ? (file.health ?? "/") : (file.health ?? "/healthz"), port: "http" };
  return {
    startupProbe: { httpGet, periodSeconds: 2, failureThreshold: 30 },
    readinessProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
    livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    // Routes forget a pod a moment after it is told to end.
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  };
}

/** Whether it has a port. */
export function listens({ file }: Scene): boolean {
  return file.kind === "service" || file.kind === "site" || (file.kind === "worker" && file.health !== undefined);
}

function spread({ selector }: Scene): Record<string, unknown> {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { ...selector } },
  };
}

function configName(scene: Scene): string {
  return `${scene.name}-${shortHash(variablesOf(scene))}`;
}

function variablesOf(scene: Scene): Record<string, string> {
  const { file, environment, release, name, host } = scene;
  const version = release.commit ?? String(release.number);
  return {
    ...(file.kind === "job" ? {} : { PORT: String(PORT), HOST: "0.0.0.0" }),
    NODE_ENV: "production",
    OTEL_SERVICE_NAME: name,
    OTEL_RESOURCE_ATTRIBUTES: `service.version=${version},deployment.environment.name=${environment},roadbed.entity_ref=${release.entity_ref}`,
    ROADBED_ENVIRONMENT: environment,
    ROADBED_ENTITY_REF: release.entity_ref,
    ...(release.commit === null ? {} : { ROADBED_COMMIT: release.commit }),
    ...(host === undefined ? {} : { ROADBED_PUBLIC_URL: `https://${host}/` }),
    ...file.env,
  };
}
