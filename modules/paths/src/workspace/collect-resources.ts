import type { Resource } from "@roadbed/contracts/standards";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

import { listFiles, type WorkspaceFile } from "./workspace.ts";

export interface Collected {
  /** Entities, Kubernetes manifests and container builds: what policies look at. */
  readonly resources: readonly Resource[];
  /** Every catalogue descriptor, as text. */
  readonly descriptors: readonly { readonly file: string; readonly yaml: string }[];
  /** Files that look like one of these and could not be read, in words. */
  readonly unreadable: readonly string[];
}

const LARGEST = 2_000_000;

/** Reads what policies judge out of a workspace. Fit for files of strangers: sizes, aliases and broken YAML are bounded. */
export async function collectResources(folder: string): Promise<Collected> {
  const resources: Resource[] = [];
  const descriptors: { file: string; yaml: string }[] = [];
  const unreadable: string[] = [];
  for (const file of await listFiles(folder)) {
    const kind = kindOf(file);
    if (kind === undefined) continue;
    const text = await readFile(join(folder, file.path), "utf8");
    if (kind === "build") resources.push({ file: file.path, object: readDockerfile(file.path, text) });
    else readYaml(file.path, text);
  }
  return { resources, descriptors, unreadable };

  function readYaml(file: string, text: string): void {
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    if (isDescriptorName(file)) descriptors.push({ file, yaml: text });
    for (const document of documents) {
      try {
        if (document.errors[0]) throw document.errors[0];
        const object: unknown = document.toJS({ maxAliasCount: 100 });
        if (isResource(object)) resources.push({ file, object });
      } catch (error) {
        unreadable.push(`${file}: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
      }
    }
  }
}

/** Whether a file is a catalogue descriptor by its name. */
export function isDescriptorName(file: string): boolean {
  return /(^|\/)catalog-info\.ya?ml$/.test(file);
}

function kindOf({ path, bytes }: WorkspaceFile): "build" | "yaml" | undefined {
  if (bytes > LARGEST) return undefined;
  if (/(^|\/)(Dockerfile|Containerfile)(\.[^/]+)?$|\.dockerfile$/i.test(path)) return "build";
  return /\.ya?ml$/i.test(path) ? "yaml" : undefined;
}

function isResource(object: unknown): object is Record<string, unknown> {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return false;
  const { apiVersion, kind } = object as Record<string, unknown>;
  return typeof apiVersion === "string" && typeof kind === "string";
}

/** A Dockerfile as an object that a policy can look at: its stages and the images they begin from. */
function readDockerfile(file: string, text: string): Record<string, unknown> {
  const lines = text.replace(/\\\r?\n/g, " ").split(/\r?\n/);
  const defaults = new Map(lines.flatMap((line) => argOf(line)));
  const names = new Set<string>();
  const stages = lines.flatMap((line) => {
    const [, given, name] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (given === undefined) return [];
    const image = given.replace(
      /\$\{?(\w+)(?::-([^}]*))?\}?/g,
      (whole, arg: string, other?: string) => defaults.get(arg) ?? other ?? whole,
    );
    const internal = names.has(image.toLowerCase()) || image === "scratch";
    if (name !== undefined) names.add(name.toLowerCase());
    return [{ image, internal, ...(name === undefined ? {} : { name }) }];
  });
  return { apiVersion: "roadbed.dev/v1", kind: "Dockerfile", metadata: { name: file }, spec: { stages } };
}

function argOf(line: string): [string, string][] {
  const [, name, value] = /^\s*ARG\s+(\w+)="?([^"\s]*)/i.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value]];
}
