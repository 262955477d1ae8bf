import type {
  ApiFinding,
  ApiUseFinding,
  ComposeFinding,
  DescriptorFinding,
  Finding,
  ImageFinding,
  PackageFinding,
  ReadmeFinding,
  Repository,
  Setting,
  WorkloadFinding,
} from "../finding.ts";
import { order, type Evidence } from "./confidence.ts";
import { nameOfDir } from "../analyse/npm.ts";
import { isGeneric, nameFrom, tailOf } from "./names.ts";

/** Something that is built in one folder of a repository, with all that was found about it. */
export interface Unit {
  readonly key: string;
  readonly repository: Repository;
  readonly dir: string;
  /** Names under which others may speak of it. */
  readonly aliases: Set<string>;
  readonly evidence: Evidence[];
  readonly packages: PackageFinding[];
  readonly images: ImageFinding[];
  readonly composes: ComposeFinding[];
  readonly workloads: WorkloadFinding[];
  readonly apis: ApiFinding[];
  readonly uses: ApiUseFinding[];
  readonly settings: Setting[];
  readme: ReadmeFinding | undefined;
  descriptor: DescriptorFinding | undefined;
  /** Chosen once all units are known. */
  name: string;
}

/** How much each sort of evidence convinces that a folder is a component. */
export const WEIGHTS = {
  package: 0.35,
  runs: 0.5,
  published: 0.5,
  website: 0.5,
  image: 0.6,
  compose: 0.45,
  workload: 0.75,
  chart: 0.6,
  api: 0.4,
  deploys: 0.3,
  pipeline: 0.15,
  readme: 0.05,
  "own repository": 0.2,
} as const;

type Picked<T extends Finding["type"]> = Extract<Finding, { readonly type: T }>;

const picked = new WeakMap<Repository, Map<string, readonly Finding[]>>();

/** The findings of one sort, in an order of their own. Remembered: it is asked for very often. */
export function pick<T extends Finding["type"]>(repository: Repository, type: T): readonly Picked<T>[] {
  const known = picked.get(repository) ?? new Map<string, readonly Finding[]>();
  picked.set(repository, known);
  const found =
    known.get(type) ??
    repository.findings
      .filter((one) => one.type === type)
      .sort((a, b) => order(a.file, b.file) || a.line - b.line || order(JSON.stringify(a), JSON.stringify(b)));
  known.set(type, found);
  return found as readonly Picked<T>[];
}

/** The units of one repository: every folder where something is built. */
export function unitsOf(repository: Repository): Unit[] {
  const units = new Map<string, Unit>();
  const packages = pick(repository, "package");
  // What only holds others together is no unit, unless something else in that folder says so.
  const built = packages.filter(({ root, runs }) => root !== true || runs !== undefined);
  for (const found of built) addPackage(unitAt(found.dir), found);
  for (const found of pick(repository, "compose")) if (found.build !== undefined) addCompose(unitAt(found.build), found);
  for (const found of pick(repository, "image")) addImage(unitAt(folderOfImage(found, units, packages)), found);
  // Names without a build file (`package main` alone) and roots only add to a unit that is there.
  for (const found of packages.filter((one) => !built.includes(one))) units.get(found.dir)?.packages.push(found);

  const all = [...units.values()].sort((a, b) => order(a.dir, b.dir));
  for (const unit of all) finishUnit(unit, all.length);
  attachRest(repository, all);
  return all;

  function unitAt(dir: string): Unit {
    const unit = units.get(dir) ?? emptyUnit(`component|${repository.key}|${dir}`, repository, dir);
    units.set(dir, unit);
    return unit;
  }
}

/** How the key of a unit begins whose source was found nowhere. */
export const STRAY = "component|workload|";

/** A unit of which nothing is known yet. */
export function emptyUnit(key: string, repository: Repository, dir: string): Unit {
  return {
    key,
    repository,
    dir,
    aliases: new Set(),
    evidence: [],
    packages: [],
    images: [],
    composes: [],
    workloads: [],
    apis: [],
    uses: [],
    settings: [],
    readme: undefined,
    descriptor: undefined,
    name: "",
  };
}

/** A Dockerfile kept in a folder of its own builds what it copies in, or the whole repository. */
function folderOfImage(image: ImageFinding, units: ReadonlyMap<string, Unit>, packages: readonly PackageFinding[]): string {
  if (units.has(image.dir)) return image.dir;
  const copied = image.copies.filter((path) => units.has(path));
  if (copied.length === 1) return copied[0]!;
  const named = nameFrom(
    image.file
      .split("/")
      .at(-1)!
      .replace(/^(?:Dockerfile|Containerfile)\.?|\.?[Dd]ockerfile$/g, ""),
  );
  const same = [...units.values()].filter(({ dir }) => named !== "" && nameFrom(nameOfDir(dir)) === named);
  if (same.length === 1) return same[0]!.dir;
  const isAside = /(?:^|\/)\.?(?:docker|deploy(?:ment)?|ops|infra|ci|scripts|package)(?:\/|$)/.test(image.dir);
  return isAside && packages.some(({ dir }) => dir === "") ? "" : image.dir;
}

function evidenceOf(unit: Unit, group: keyof typeof WEIGHTS, place: { file: string; line: number }, says: string): void {
  unit.evidence.push({ repository: unit.repository.key, file: place.file, line: place.line, says, group, weight: WEIGHTS[group] });
}

function addPackage(unit: Unit, found: PackageFinding): void {
  unit.packages.push(found);
  if (found.name !== "") evidenceOf(unit, "package", found, `${found.file} builds ${found.name}`);
  if (found.runs) evidenceOf(unit, "runs", found.runs, found.runs.says);
  if (found.published) evidenceOf(unit, "published", found.published, found.published.says);
  if (found.website) evidenceOf(unit, "website", found.website, found.website.says);
}

function addCompose(unit: Unit, found: ComposeFinding): void {
  unit.composes.push(found);
  unit.settings.push(...found.settings);
  evidenceOf(unit, "compose", found, `${found.file} builds and runs it as ${found.name}`);
}

function addImage(unit: Unit, found: ImageFinding): void {
  unit.images.push(found);
  const ports = found.ports.length > 0 ? ` and listens on ${found.ports.join(", ")}` : "";
  evidenceOf(unit, "image", found, `${found.file} builds an image on ${found.base}${ports}`);
}

/** A workload that runs it, wherever its manifest is kept. */
export function addWorkload(unit: Unit, found: WorkloadFinding, repository: string): void {
  unit.workloads.push(found);
  unit.settings.push(...found.settings);
  const group = found.kind === "Chart" ? "chart" : "workload";
  const says = found.kind === "Chart" ? `a Helm chart deploys it as ${found.name}` : `${found.kind} ${found.name} runs it in Kubernetes`;
  unit.evidence.push({ repository, file: found.file, line: found.line, says, group, weight: WEIGHTS[group] });
  unit.aliases.add(nameFrom(found.name));
}

function finishUnit(unit: Unit, of: number): void {
  const { aliases, repository, dir } = unit;
  for (const { name } of unit.packages) if (name !== "") aliases.add(tailOf(name));
  for (const { name } of unit.composes) aliases.add(nameFrom(name));
  if (dir !== "") aliases.add(nameFrom(nameOfDir(dir)));
  if (dir === "" || of === 1) aliases.add(nameFrom(repository.name));
  for (const alias of aliases) if (isGeneric(alias)) aliases.delete(alias);
  if (dir === "") {
    const [first] = [...unit.packages, ...unit.images, ...unit.composes];
    evidenceOf(unit, "own repository", first ?? { file: "", line: 1 }, `it has a repository of its own, ${repository.name}`);
  }
}

/** What is found once per repository goes to the unit around it, or to the only one. */
function attachRest(repository: Repository, units: readonly Unit[]): void {
  const around = (file: string): Unit | undefined => nearest(units, file) ?? (units.length === 1 ? units[0] : undefined);
  for (const found of pick(repository, "readme")) {
    const unit = units.find(({ dir }) => dir === found.dir);
    if (!unit) continue;
    unit.readme ??= found;
    evidenceOf(unit, "readme", found, "it has a README");
  }
  for (const found of pick(repository, "api")) {
    const unit = around(found.file);
    if (!unit) continue;
    unit.apis.push(found);
    evidenceOf(unit, "api", found, `${found.file} describes an API (${found.format})`);
  }
  for (const found of pick(repository, "api-use")) around(found.file)?.uses.push(found);
  for (const found of pick(repository, "settings")) around(`${found.dir}/x`)?.settings.push(...found.settings);
  for (const found of pick(repository, "pipeline")) {
    for (const unit of units) evidenceOf(unit, "pipeline", found, `${found.system} builds the repository`);
    if (found.deploys && units.length === 1) evidenceOf(units[0]!, "deploys", found, `${found.system} deploys it`);
  }
  attachDescriptors(repository, units);
}

/** The unit with the longest folder that holds the file. */
export function nearest(units: readonly Unit[], file: string): Unit | undefined {
  let best: Unit | undefined;
  for (const unit of units) {
    const holds = unit.dir === "" || file.startsWith(`${unit.dir}/`);
    if (holds && (!best || unit.dir.length > best.dir.length)) best = unit;
  }
  return best;
}

function attachDescriptors(repository: Repository, units: readonly Unit[]): void {
  const described = pick(repository, "descriptor").filter(({ kind }) => kind === "Component");
  for (const found of described) {
    const same = units.find(({ dir, descriptor }) => dir === found.dir && descriptor === undefined);
    const named = units.find(({ aliases, descriptor }) => aliases.has(nameFrom(found.name)) && descriptor === undefined);
    const unit =
      (described.filter(({ dir }) => dir === found.dir).length === 1 ? same : undefined) ??
      named ??
      (units.length === 1 && described.length === 1 ? units[0] : undefined);
    if (!unit || unit.descriptor) continue;
    unit.descriptor = found;
    unit.aliases.add(nameFrom(found.name));
  }
}
