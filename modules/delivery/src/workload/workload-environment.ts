import { serviceNameOf } from "@roadbed/contracts/catalog";

import type { DeliveryDeps } from "../deps.ts";
import type { WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import { privateEnvironment } from "../runtime/private-environment.ts";
import type { Toolchain } from "../runtime/toolchain.ts";

/** Variables that somebody gave a workload, and which of their values must not stand in its log. */
interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** The heap's share of the memory limit; the rest is for buffers, code and stacks. */
const HEAP_SHARE = 0.75;

export interface EnvironmentSource {
  of(spec: WorkloadSpec): Promise<{ readonly env: Record<string, string>; readonly secrets: readonly string[] }>;
}

/** The whole environment of a workload's process (without `PORT`), as README.md lists it. Nothing of the server's own is in it. */
export function openEnvironmentSource(
  deps: DeliveryDeps,
  toolchain: Toolchain,
  homeOf: (key: WorkloadKey) => string,
  credentialsOf: (key: WorkloadKey) => Promise<Given>,
): EnvironmentSource {
  const tokens = new Map<string, Promise<string>>();

  /** One per workload and run of the server; the one of the run before is revoked by this. */
  function tokenOf({ environment, name }: WorkloadKey): Promise<string> {
    const id = `workload ${environment}/${name}`;
    const token =
      tokens.get(id) ?? deps.tokens.rotate({ name: id, scopes: ["otlp:write", "configuration:read", `configuration:${environment}`] });
    tokens.set(id, token);
    token.catch(() => tokens.delete(id));
    return token;
  }

  return {
    async of(spec) {
      const { key, manifest, commit } = spec;
      const [token, serviceName, path, credentials, given] = await Promise.all([
        tokenOf(key),
        findServiceName(deps, key),
        toolchain.path(),
        credentialsOf(key),
        deps.resources?.variablesFor(key) ?? {},
      ]);
      const home = homeOf(key);
      const basePath = `/${key.environment}/${key.name}`;
      const env = {
        NODE_ENV: "production",
        // What it prints is to be seen when it prints it.
        PYTHONUNBUFFERED: "1",
        ...given,
        ...manifest.env,
        ...credentials.env,
        ...privateEnvironment({ tree: spec.dir, home, path }),
        HOST: "127.0.0.1",
        NODE_OPTIONS: `--max-old-space-size=${Math.floor(manifest.limits.memoryMb * HEAP_SHARE)}`,
        ROADBED_ENVIRONMENT: key.environment,
        ROADBED_ENTITY_REF: key.entityRef,
        ROADBED_COMMIT: commit,
        ROADBED_BASE_PATH: basePath,
        ROADBED_PUBLIC_URL: deps.routerUrl + basePath,
        ROADBED_API_URL: deps.otlpEndpoint,
        ROADBED_TOKEN: token,
        OTEL_SERVICE_NAME: serviceName,
        OTEL_EXPORTER_OTLP_ENDPOINT: deps.otlpEndpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(`Bearer ${token}`)}`,
        OTEL_RESOURCE_ATTRIBUTES: attributes({
          "service.version": commit,
          "deployment.environment.name": key.environment,
          "roadbed.entity_ref": key.entityRef,
          "roadbed.deployment_id": spec.deploymentId,
        }),
      };
      return { env, secrets: [token, encodeURIComponent(token), ...credentials.secrets, ...secretsIn(given)] };
    },
  };
}

/** What is printed of it is hidden: short values, such as a port, are in too many lines to be. */
function secretsIn(given: Readonly<Record<string, string>>): string[] {
  return Object.entries(given).flatMap(([name, value]) => (/PASSWORD|SECRET|TOKEN|KEY|URL/.test(name) && value.length >= 8 ? [value] : []));
}

/** While the catalogue does not know the component yet, its own name, which is what the catalogue will say in nearly all cases. */
async function findServiceName({ runtime, entities }: DeliveryDeps, { entityRef, name }: WorkloadKey): Promise<string> {
  const entity = await runtime.read(runtime.system("delivery.runtime"), (ctx) => entities.get(ctx, entityRef));
  return entity === undefined ? name : serviceNameOf(entity);
}

/** https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable */
function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join(",");
}
