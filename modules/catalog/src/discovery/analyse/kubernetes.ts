import { parseYaml } from "../../descriptor/parse-yaml.ts";
import type { Document } from "../../descriptor/document.ts";
import type { Analyser, Finding, WorkloadFinding } from "../finding.ts";
import { settingsOf } from "./settings.ts";
import { isRecord, listOf, present, textOf } from "./text.ts";

const WORKLOADS = new Set(["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout", "Service", "DeploymentConfig"]);

/** Kubernetes manifests, also those that are templates of a chart: workloads, the names under which they answer, labels, settings. */
export const kubernetes: Analyser = {
  name: "Kubernetes",
  matches: (path, base) =>
    /\.ya?ml$/.test(base) &&
    !/^(?:docker-)?compose|^catalog-info|^values|^Chart\.|^kustomization|^\.gitlab-ci/.test(base) &&
    !path.startsWith(".github/"),
  read({ path: file, text }) {
    if (!/^kind:/m.test(text) || !/^apiVersion:/m.test(text)) return [];
    const plain = text.includes("{{") ? withoutTemplates(text) : text;
    const found: Finding[] = [];
    for (const parsed of parseYaml(plain)) {
      if ("unreadable" in parsed) continue;
      const { value } = parsed.document;
      const items = isRecord(value) && value.kind === "List" ? listOf(value.items) : [value];
      for (const item of items) found.push(...readManifest(item, file, parsed.document, items.length > 1));
    }
    return found;
  },
};

function readManifest(value: unknown, file: string, document: Document, inList: boolean): readonly Finding[] {
  if (!isRecord(value) || typeof value.kind !== "string" || !isRecord(value.metadata) || !isRecord(value.spec)) return [];
  const name = textOf(value.metadata.name);
  if (name === undefined || !isDnsName(name) || !WORKLOADS.has(value.kind)) return [];
  const lineOf = (path: readonly (string | number)[]): number => (inList ? document.line : document.lineOf(path));
  if (value.kind === "Service") {
    // Knative's Service is a workload, that of the core is a name.
    if (String(value.apiVersion).startsWith("serving.knative.dev")) return [readWorkload(value, name, file, lineOf)];
    const selector = textsIn(value.spec.selector);
    return Object.keys(selector).length === 0 ? [] : [{ type: "host", file, line: lineOf(["metadata", "name"]), name, selector }];
  }
  return [readWorkload(value, name, file, lineOf)];
}

function readWorkload(
  value: Record<string, unknown>,
  name: string,
  file: string,
  lineOf: (path: readonly (string | number)[]) => number,
): WorkloadFinding {
  const metadata = value.metadata as Record<string, unknown>;
  const { template, path } = podIn(value.spec as Record<string, unknown>);
  const podMetadata = isRecord(template.metadata) ? template.metadata : {};
  const pod = isRecord(template.spec) ? template.spec : {};
  const containers = listOf(pod.containers).filter(isRecord);
  return {
    type: "workload",
    file,
    line: lineOf(["metadata", "name"]),
    kind: String(value.kind),
    name,
    ...present({ namespace: textOf(metadata.namespace) }),
    labels: { ...textsIn(podMetadata.labels), ...textsIn(metadata.annotations), ...textsIn(metadata.labels) },
    images: containers.flatMap((container, at) => {
      const image = textOf(container.image);
      return image === undefined ? [] : [{ name: image, line: lineOf([...path, "spec", "containers", at, "image"]) }];
    }),
    settings: containers.flatMap((container, at) =>
      settingsOf(container.env, file, (where) => lineOf([...path, "spec", "containers", at, "env", ...where])),
    ),
  };
}

function podIn(spec: Record<string, unknown>): { template: Record<string, unknown>; path: readonly string[] } {
  if (isRecord(spec.jobTemplate) && isRecord(spec.jobTemplate.spec)) {
    const inner = podIn(spec.jobTemplate.spec);
    return { template: inner.template, path: ["spec", "jobTemplate", ...inner.path] };
  }
  return { template: isRecord(spec.template) ? spec.template : {}, path: ["spec", "template"] };
}

function textsIn(pairs: unknown): Record<string, string> {
  if (!isRecord(pairs)) return {};
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([key, value]) => {
      const text = textOf(value);
      return text === undefined || text.length > 200 || text.includes(UNKNOWN) ? [] : [[key, text]];
    }),
  );
}

const UNKNOWN = "templated-value";

/** A chart's template as near to YAML as can be had without running it: lines of pure control go, values become a word. */
export function withoutTemplates(text: string): string {
  return text
    .split("\n")
    .map((row) => (/^\s*(?:-\s*)?\{\{-?[^}]*-?\}\}\s*$/.test(row) ? "" : row.replaceAll(/"?\{\{[^}]*\}\}"?/g, UNKNOWN)))
    .join("\n");
}

function isDnsName(name: string): boolean {
  return /^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/.test(name) && !name.includes(UNKNOWN) && name.length <= 253;
}

/** `kustomization.yaml`: labels for everything below its folder. */
export const kustomize: Analyser = {
  name: "Kustomize",
  matches: (_, base) => base === "kustomization.yaml" || base === "kustomization.yml",
  read({ path: file, dir, text }) {
    const [parsed] = parseYaml(text);
    if (!parsed || "unreadable" in parsed || !isRecord(parsed.document.value)) return [];
    const { value } = parsed.document;
    const pairs = listOf(value.labels).flatMap((one) => (isRecord(one) ? Object.entries(textsIn(one.pairs)) : []));
    const labels = { ...Object.fromEntries(pairs), ...textsIn(value.commonLabels) };
    if (Object.keys(labels).length === 0) return [];
    const line = parsed.document.lineOf([value.commonLabels === undefined ? "labels" : "commonLabels"]);
    return [{ type: "labels", file, line, dir, labels }];
  },
};
