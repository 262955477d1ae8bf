import type { Resource } from "@roadbed/contracts/standards";
import { parseAllDocuments, stringify } from "yaml";

import type { Wanted } from "../provisioner.ts";

/** Files of a resource as they are to lie in its folder, and the objects in them as policies see them. */
export interface Rendered {
  /** Path below the folder -> text, in order of paths. */
  readonly files: ReadonlyMap<string, string>;
  readonly objects: readonly Resource[];
  readonly problems: readonly { readonly about: string; readonly reason: string; readonly mend?: string }[];
}

/** A manifest before its places are filled in. */
export interface Source {
  readonly path: string;
  readonly documents: readonly unknown[];
}

const PLACE = /\$\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}/g;
const WHOLE = /^\$\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}$/;

/** The YAML files beside a class; those of a folder `manifests/` without its name. Files that cannot be read are problems. */
export function sourcesOf(files: Wanted["files"]): { readonly sources: readonly Source[]; readonly problems: Rendered["problems"] } {
  const problems: { about: string; reason: string }[] = [];
  const sources = Object.entries(files)
    .filter(([path]) => /\.ya?ml$/.test(path))
    .map(([path, base64]): Source => {
      const documents = parseAllDocuments(Buffer.from(base64, "base64").toString("utf8"), { logLevel: "silent" });
      const broken = documents.flatMap(({ errors }) => errors)[0];
      if (broken !== undefined) problems.push({ about: path, reason: `cannot be read: ${broken.message.split("\n")[0]}` });
      return {
        path: path.replace(/^manifests\//, ""),
        documents: broken === undefined ? documents.map((one) => one.toJS({ maxAliasCount: 100 })) : [],
      };
    });
  return { sources, problems };
}

/**
 * Fills in `${{ name }}`, `environment`, `owner`, `consumer`, `type`, `class` and `inputs.…`. A value that is only a place keeps the type of what comes
 * there, so a number stays a number; and since texts are filled in after YAML was read, nothing that is filled in can become structure.
 */
export function renderManifests(wanted: Wanted, sources: readonly Source[]): Rendered {
  const problems: { about: string; reason: string; mend?: string }[] = [];
  const objects: Resource[] = [];
  const files = new Map<string, string>();
  for (const { path, documents } of sources.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const filled = documents
      .filter((one) => one !== null && one !== undefined)
      .map((one) =>
        fill(
          one,
          (place) => valueAt(wanted, place),
          (place) => problems.push(missing(path, place)),
        ),
      );
    for (const object of filled) {
      const problem = shapeOf(object);
      if (problem === undefined) objects.push({ file: path, object: object as Record<string, unknown> });
      else problems.push({ about: path, reason: problem });
    }
    files.set(
      path,
      `${MARK}${wanted.type} ${wanted.name} in ${wanted.environment}\n${filled.map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n")}`,
    );
  }
  if (objects.length === 0 && problems.length === 0)
    problems.push({ about: wanted.class, reason: "there is no manifest beside the class", mend: "Put YAML files beside class.yaml." });
  return { files, objects, problems };
}

const MARK = "# Roadbed makes this file: change the resource, not the file. It is of ";

/** Whose file it says it is; undefined for one that somebody wrote. */
export function makerOf(text: string): string | undefined {
  return text.startsWith(MARK) ? text.slice(MARK.length, text.indexOf("\n")).trim() : undefined;
}

function fill(value: unknown, of: (place: string) => unknown, onMissing: (place: string) => void): unknown {
  if (typeof value === "string") return fillText(value, of, onMissing);
  if (Array.isArray(value)) return value.map((one) => fill(one, of, onMissing));
  if (typeof value !== "object" || value === null) return value;
  // A field whose place is empty is left out, as one would write it by hand.
  const entries = Object.entries(value).map(([key, one]) => [key, fill(one, of, onMissing)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

function fillText(text: string, of: (place: string) => unknown, onMissing: (place: string) => void): unknown {
  const read = (place: string): unknown => {
    const value = of(place);
    if (value === MISSING) onMissing(place);
    return value === MISSING ? undefined : value;
  };
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) return read(whole);
  return text.replaceAll(PLACE, (_found, place: string) => {
    const value = read(place);
    return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  });
}

const MISSING = Symbol("missing");

function valueAt(wanted: Wanted, place: string): unknown {
  const { name, environment, owner, consumer, type, class: of, inputs } = wanted;
  const known: Record<string, unknown> = { name, environment, owner, consumer, type, class: of };
  if (Object.hasOwn(known, place)) return known[place];
  const [head, ...rest] = place.split(".");
  if (head !== "inputs" || rest.length === 0) return MISSING;
  let value: unknown = inputs;
  for (const part of rest) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return MISSING;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function missing(path: string, place: string): { about: string; reason: string; mend: string } {
  return {
    about: path,
    reason: `\${{ ${place} }} is not known`,
    mend: "Use name, environment, owner, consumer, type, class, or an input of the class.",
  };
}

function shapeOf(object: unknown): string | undefined {
  const { apiVersion, kind, metadata } = (typeof object === "object" && object !== null ? object : {}) as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return "holds something without apiVersion and kind";
  const { name } = (typeof metadata === "object" && metadata !== null ? metadata : {}) as Record<string, unknown>;
  return typeof name === "string" && name !== "" ? undefined : `holds a ${kind} without metadata.name`;
}
