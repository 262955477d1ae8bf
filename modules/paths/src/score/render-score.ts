import { InvalidError } from "@roadbed/core";
import { posix } from "node:path";
import { stringify } from "yaml";

import { expand, metadataAt, splitPlaceholder, type Container, type Resource, type Workload } from "./workload.ts";

export interface ScoreOptions {
  /** What stands in the place of an `image: .`. */
  readonly image?: string | undefined;
  readonly owner: string;
  readonly system?: string | undefined;
  readonly lifecycle: string;
  readonly targets: readonly ("kubernetes" | "compose" | "catalog")[];
  /** The text of a file that the workload names beside it. */
  readonly read: (path: string) => string | undefined;
}

export interface ScoreFile {
  readonly path: string;
  readonly text: string;
}

/** A workload as manifests for Kubernetes, as a file for Compose and as entities of the catalogue. */
export function renderScore(workload: Workload, o: ScoreOptions): ScoreFile[] {
  const files: ScoreFile[] = [];
  if (o.targets.includes("kubernetes")) files.push(...kubernetes(workload, o));
  if (o.targets.includes("compose")) files.push({ path: "compose.yaml", text: toYaml([compose(workload, o)]) });
  if (o.targets.includes("catalog")) files.push({ path: "catalog-info.yaml", text: toYaml(entities(workload, o)) });
  return files;
}

function toYaml(documents: readonly object[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}

/** Where the outputs of a resource are kept once it is there: one secret for each, named like its entity. */
function resourceName(workload: Workload, key: string, { id }: Resource): string {
  return (id ?? `${workload.metadata.name}-${key}`).replaceAll(".", "-").slice(0, 63);
}

function imageOf({ image }: Container, given: string | undefined): string {
  if (image !== ".") return image;
  if (given !== undefined) return given;
  throw new InvalidError('A container has the image ".": it is built from here.', { mend: "Give the image that was built." });
}

/** A text in which metadata stands filled in, and outputs of resources as `asVariable` writes them. */
function fill(workload: Workload, text: string, asVariable: (resource: string, output: string) => string): string {
  return expand(text, (name) => {
    const [root, first, rest] = splitPlaceholder(workload, name);
    return root === "metadata" ? (metadataAt(workload, name) ?? "") : asVariable(first, rest);
  });
}

// Kubernetes

function kubernetes(workload: Workload, o: ScoreOptions): ScoreFile[] {
  const { name } = workload.metadata;
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "roadbed" };
  const annotations = Object.keys(workload.metadata.annotations).length > 0 ? { annotations: workload.metadata.annotations } : {};
  const configs = Object.entries(workload.containers).flatMap(([key, container]) => configMap(workload, key, container, o));
  const volumes = volumesOf(workload, configs);
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels, ...annotations },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/name": name } },
      template: {
        metadata: { labels, ...annotations },
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: Object.entries(workload.containers).map(([key, container]) => kubeContainer(workload, key, container, o)),
          ...(volumes.length > 0 ? { volumes } : {}),
        },
      },
    },
  };
  const ports = Object.entries(workload.service?.ports ?? {});
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: {
      selector: { "app.kubernetes.io/name": name },
      ports: ports.map(([port, { port: number, protocol, targetPort }]) => ({
        name: port,
        port: number,
        protocol,
        targetPort: targetPort ?? number,
      })),
    },
  };
  const parts: [string, readonly object[]][] = [
    ["deployment.yaml", [deployment]],
    ...(ports.length > 0 ? [["service.yaml", [service]] as [string, object[]]] : []),
    ...(configs.length > 0 ? [["configmap.yaml", configs] as [string, object[]]] : []),
  ];
  const kustomization = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: parts.map(([file]) => file) };
  return [...parts, ["kustomization.yaml", [kustomization]] as [string, object[]]].map(([file, documents]) => ({
    path: `k8s/${file}`,
    text: toYaml(documents),
  }));
}

function kubeContainer(workload: Workload, key: string, container: Container, o: ScoreOptions): object {
  const ports = Object.entries(workload.service?.ports ?? {});
  const isFirst = Object.keys(workload.containers)[0] === key;
  const env = kubeEnv(workload, container);
  const mounts = [
    ...container.files.map(({ target }, index) => ({ name: `${key}-files`, mountPath: target, subPath: `file-${index}`, readOnly: true })),
    ...container.volumes.map(({ source, target, path, readOnly }) => ({
      name: volumeName(workload, source),
      mountPath: target,
      ...(path === undefined ? {} : { subPath: path.replace(/^\/+/, "") }),
      ...(readOnly ? { readOnly } : {}),
    })),
  ];
  const { limits, requests } = container.resources;
  return {
    name: key,
    image: imageOf(container, o.image),
    ...(container.command === undefined ? {} : { command: container.command }),
    ...(container.args === undefined ? {} : { args: container.args }),
    ...(isFirst && ports.length > 0
      ? {
          ports: ports.map(([name, { port, targetPort, protocol }]) => ({
            name: name.slice(0, 15).replace(/-+$/, ""),
            containerPort: targetPort ?? port,
            protocol,
          })),
        }
      : {}),
    ...(env.length > 0 ? { env } : {}),
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
    ...(limits === undefined && requests === undefined ? {} : { resources: { ...(requests && { requests }), ...(limits && { limits }) } }),
    ...(container.livenessProbe === undefined ? {} : { livenessProbe: container.livenessProbe }),
    ...(container.readinessProbe === undefined ? {} : { readinessProbe: container.readinessProbe }),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
}

/** A variable that is one output comes from the resource's secret; one that holds an output among other text is put together by Kubernetes. */
function kubeEnv(workload: Workload, { variables }: Container): object[] {
  const helpers = new Map<string, object>();
  const own: object[] = [];
  const from = (resource: string, output: string): object => ({
    secretKeyRef: { name: resourceName(workload, resource, workload.resources[resource]!), key: output || "value" },
  });
  for (const [name, text] of Object.entries(variables)) {
    const [, only] = /^\$\{(resources\.[^}]+)\}$/.exec(text.trim()) ?? [];
    if (only !== undefined) {
      const [, resource, output] = splitPlaceholder(workload, only);
      own.push({ name, valueFrom: from(resource, output) });
      continue;
    }
    const value = fill(workload, text, (resource, output) => {
      const helper = variableName(resource, output);
      helpers.set(helper, { name: helper, valueFrom: from(resource, output) });
      return `$(${helper})`;
    });
    own.push({ name, value });
  }
  return [...helpers.values(), ...own];
}

function variableName(resource: string, output: string): string {
  return `RESOURCE_${resource}_${output || "value"}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}

/** Files are kept in a ConfigMap for each container. Outputs of resources are secrets, and do not belong there. */
function configMap(workload: Workload, key: string, { files }: Container, { read }: ScoreOptions): object[] {
  if (files.length === 0) return [];
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const [index, file] of files.entries()) {
    if (file.binaryContent !== undefined) binaryData[`file-${index}`] = file.binaryContent;
    else
      data[`file-${index}`] = file.noExpand
        ? textOf(file, read)
        : fill(workload, textOf(file, read), (resource) => refuse(file.target, resource));
  }
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `${workload.metadata.name}-${key}-files`, labels: { "app.kubernetes.io/name": workload.metadata.name } },
      ...(Object.keys(data).length > 0 ? { data } : {}),
      ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
    },
  ];
}

function refuse(target: string, resource: string): never {
  throw new InvalidError(`The file ${target} holds an output of the resource ${resource}, which is known only where it runs.`, {
    mend: "Give it as a variable of the container.",
  });
}

function textOf({ target, content, source }: Container["files"][number], read: ScoreOptions["read"]): string {
  if (content !== undefined) return content;
  const text = source === undefined ? undefined : read(posix.normalize(source));
  if (text !== undefined) return text;
  throw new InvalidError(`The file ${target} is to come from ${source ?? "nowhere"}, which is not there.`, {
    mend: "Add it beside score.yaml, or write content.",
  });
}

function volumesOf(workload: Workload, configs: readonly object[]): object[] {
  const claims = new Map<string, object>();
  for (const { volumes } of Object.values(workload.containers)) {
    for (const { source } of volumes) {
      const [, , resource] = claimOf(workload, source);
      const name = volumeName(workload, source);
      claims.set(name, { name, persistentVolumeClaim: { claimName: resource } });
    }
  }
  const maps = configs.map((config) => (config as { metadata: { name: string } }).metadata.name);
  const ofContainers = Object.keys(workload.containers).flatMap((key) => {
    const name = `${workload.metadata.name}-${key}-files`;
    return maps.includes(name) ? [{ name: `${key}-files`, configMap: { name } }] : [];
  });
  return [...ofContainers, ...claims.values()];
}

function volumeName(workload: Workload, source: string): string {
  const [, key] = claimOf(workload, source);
  return key.replaceAll(/[^a-z0-9-]/g, "-").slice(0, 63);
}

/** `${resources.x}`, or the name of a resource or of a claim that is there. */
function claimOf(workload: Workload, source: string): [root: string, key: string, claim: string] {
  const [, placeholder] = /^\$\{([^}]+)\}$/.exec(source.trim()) ?? [];
  const key = placeholder === undefined ? source : splitPlaceholder(workload, placeholder)[1];
  const resource = workload.resources[key];
  return ["resources", key, resource === undefined ? key : resourceName(workload, key, resource)];
}

// Compose

function compose(workload: Workload, o: ScoreOptions): object {
  const [first] = Object.keys(workload.containers);
  const volumes = new Set<string>();
  const services = Object.entries(workload.containers).map(([key, container]) => {
    const name = `${workload.metadata.name}-${key}`;
    const mounts = container.volumes.map(({ source, target, readOnly }) => {
      const volume = volumeName(workload, source);
      volumes.add(volume);
      return `${volume}:${target}${readOnly ? ":ro" : ""}`;
    });
    const environment = Object.fromEntries(
      Object.entries(container.variables).map(([variable, text]) => [
        variable,
        fill(
          workload,
          text.replaceAll("$$", "$$$$"),
          (resource, output) => `\${${variableName(resource, output)}:?output ${output || "value"} of the resource ${resource}}`,
        ),
      ]),
    );
    const ports =
      key === first
        ? Object.values(workload.service?.ports ?? {}).map(
            ({ port, targetPort, protocol }) => `${port}:${targetPort ?? port}${protocol === "UDP" ? "/udp" : ""}`,
          )
        : [];
    return [
      name,
      {
        image: imageOf(container, o.image),
        ...(container.command === undefined ? {} : { entrypoint: container.command }),
        ...(container.args === undefined ? {} : { command: container.args }),
        ...(Object.keys(environment).length > 0 ? { environment } : {}),
        // One network for all of a workload, as in a pod.
        ...(key === first ? {} : { network_mode: `service:${workload.metadata.name}-${first}` }),
        ...(ports.length > 0 ? { ports } : {}),
        ...(mounts.length > 0 ? { volumes: mounts } : {}),
        ...(container.files.length > 0
          ? {
              configs: container.files.map(({ target, mode }, index) => ({
                source: `${name}-${index}`,
                target,
                ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
              })),
            }
          : {}),
      },
    ] as const;
  });
  const configs = Object.entries(workload.containers).flatMap(([key, { files }]) =>
    files.map((file, index) => [
      `${workload.metadata.name}-${key}-${index}`,
      {
        content: (file.noExpand
          ? textOf(file, o.read)
          : fill(workload, textOf(file, o.read), (resource) => refuse(file.target, resource))
        ).replaceAll("$", "$$$$"),
      },
    ]),
  );
  return {
    name: workload.metadata.name,
    services: Object.fromEntries(services),
    ...(volumes.size > 0 ? { volumes: Object.fromEntries([...volumes].map((volume) => [volume, {}])) } : {}),
    ...(configs.length > 0 ? { configs: Object.fromEntries(configs) } : {}),
  };
}

// Catalogue

function entities(workload: Workload, { owner, system, lifecycle }: ScoreOptions): object[] {
  const resources = Object.entries(workload.resources);
  const placed = system === undefined ? {} : { system };
  const component = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: workload.metadata.name, annotations: { "score.dev/workload": "score.yaml" } },
    spec: {
      type: workload.service === undefined ? "worker" : "service",
      lifecycle,
      owner,
      ...placed,
      ...(resources.length > 0
        ? { dependsOn: resources.map(([key, resource]) => `resource:default/${resourceName(workload, key, resource)}`) }
        : {}),
    },
  };
  return [
    component,
    ...resources.map(([key, resource]) => ({
      apiVersion: "backstage.io/v1alpha1",
      kind: "Resource",
      metadata: {
        name: resourceName(workload, key, resource),
        annotations: { "score.dev/class": resource.class ?? "default", ...resource.metadata?.annotations },
      },
      spec: { type: resource.type.toLowerCase(), owner, ...placed },
    })),
  ];
}
