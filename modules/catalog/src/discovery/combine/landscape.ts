import { hash } from "node:crypto";

import { nameOfDir } from "../analyse/npm.ts";
import type { Repository, WorkloadFinding } from "../finding.ts";
import { order } from "./confidence.ts";
import { engineOf, isPublicImage } from "./infrastructure.ts";
import { imageTail, isGeneric, nameFrom, tailOf } from "./names.ts";
import { addWorkload, emptyUnit, pick, STRAY, unitsOf, type Unit } from "./units.ts";

/** All units of all repositories, with the names under which each can be found. */
export interface Landscape {
  readonly units: readonly Unit[];
  /** Units by a host name they answer to. */
  readonly byHost: ReadonlyMap<string, ReadonlySet<Unit>>;
  /** Units by the full name of a package they build. */
  readonly byPackage: ReadonlyMap<string, Unit>;
}

/** Puts the repositories side by side: who builds what, what runs where, under which name. The order of `repositories` does not matter. */
export function* surveyRepositories(repositories: readonly Repository[]): Generator<void, Landscape> {
  const sorted = [...repositories].sort((a, b) => order(a.key, b.key));
  const unitsBy = new Map<Repository, Unit[]>();
  for (const repository of sorted) {
    yield;
    unitsBy.set(repository, unitsOf(repository));
  }
  const units = [...unitsBy.values()].flat();
  const strays = new Map<string, Unit>();
  const byAlias = groupBy(units, ({ aliases }) => [...aliases]);
  // A name is looked up as it was before manifests gave further ones: else the order of manifests would decide.
  const known = new Map([...byAlias].map(([alias, some]) => [alias, [...some]]));
  for (const repository of sorted) {
    yield;
    for (const workload of workloadsOf(repository)) {
      const unit = ownerOf(workload, unitsBy.get(repository)!, known);
      if (unit) addWorkload(unit, workload, repository.key);
      else if (isOurs(workload)) {
        addStray(strays, workload, repository);
      }
    }
  }
  units.push(...[...strays.values()].sort((a, b) => order(a.key, b.key)));
  nameUnits(units);
  return {
    units,
    byHost: hostsOf(units, sorted),
    byPackage: packagesOf(units),
  };
}

/** What runs and whose source was found nowhere: a unit all the same, in the folder of its manifest. */
function addStray(strays: Map<string, Unit>, workload: WorkloadFinding, repository: Repository): void {
  const name = nameFrom(workload.name);
  const dir = workload.file.slice(0, Math.max(0, workload.file.lastIndexOf("/")));
  const stray = strays.get(name) ?? emptyUnit(`${STRAY}${name}`, repository, dir);
  addWorkload(stray, workload, repository.key);
  strays.set(name, stray);
}

/** Workloads with the labels that Kustomize adds, charts with the images of their values. */
function workloadsOf(repository: Repository): WorkloadFinding[] {
  const labels = pick(repository, "labels");
  const all = pick(repository, "workload");
  const charts = new Map<string, WorkloadFinding>();
  const whole: WorkloadFinding[] = [];
  for (const found of all) {
    const dir = found.file.slice(0, Math.max(0, found.file.lastIndexOf("/")));
    if (found.kind === "Chart") {
      const known = charts.get(dir);
      if (!known) charts.set(dir, found);
      else charts.set(dir, { ...(known.name === "" ? found : known), images: [...known.images, ...found.images] });
      continue;
    }
    const given = labels.filter((one) => one.dir === "" || dir === one.dir || dir.startsWith(`${one.dir}/`)).map((one) => one.labels);
    whole.push({ ...found, labels: Object.assign({}, found.labels, ...given) });
  }
  return [...whole, ...[...charts.values()].filter(({ name }) => name !== "")];
}

function ownerOf(workload: WorkloadFinding, own: readonly Unit[], known: ReadonlyMap<string, readonly Unit[]>): Unit | undefined {
  const names = [...new Set([...workload.images.map(({ name }) => imageTail(name)), nameFrom(workload.name)])].filter(
    (name) => !isGeneric(name),
  );
  if (workload.images.some(({ name }) => engineOf(imageTail(name)))) return undefined;
  for (const name of names) {
    const here = own.filter(({ aliases }) => aliases.has(name));
    if (here.length === 1) return here[0];
  }
  for (const name of names) {
    const there = known.get(name) ?? [];
    if (there.length === 1) return there[0];
  }
  // A repository that builds one thing and deploys one thing deploys that thing.
  const isPublic = workload.images.length > 0 && workload.images.every(({ name }) => isPublicImage(name));
  return own.length === 1 && !isPublic && workload.kind !== "CronJob" && workload.kind !== "Job" ? own[0] : undefined;
}

function isOurs({ kind, images, name }: WorkloadFinding): boolean {
  if (kind === "Job" || isGeneric(nameFrom(name))) return false;
  return images.length > 0 && images.every((image) => !isPublicImage(image.name) && !engineOf(imageTail(image.name)));
}

/** Names that are unlike each other: where two units would have the same, both take their repository's name before it. */
function nameUnits(units: readonly Unit[]): void {
  const perRepository = groupBy(units, ({ repository }) => [repository.key]);
  for (const unit of units) unit.name = preferredName(unit, perRepository.get(unit.repository.key)!.size === 1);
  for (const same of groupBy(units, ({ name }) => [name]).values()) {
    if (same.size === 1) continue;
    for (const unit of same) {
      const repository = nameFrom(unit.repository.name);
      if (repository !== unit.name) unit.name = nameFrom(`${repository}-${unit.name}`);
    }
  }
  for (const same of groupBy(units, ({ name }) => [name]).values()) {
    if (same.size === 1) continue;
    for (const unit of same) unit.name = nameFrom(`${unit.name.slice(0, 56)}-${hash("sha256", unit.key, "hex").slice(0, 5)}`);
  }
}

function preferredName(unit: Unit, alone: boolean): string {
  const repository = nameFrom(unit.repository.name);
  const candidates = [
    unit.descriptor?.name,
    ...[...new Set(unit.workloads.map(({ name }) => nameFrom(name)))].slice(0, unit.workloads.length === 1 ? 1 : 0),
    ...(alone ? [repository] : []),
    ...unit.packages.map(({ name }) => tailOf(name)),
    unit.dir === "" ? repository : nameFrom(nameOfDir(unit.dir)),
    unit.dir === "" ? repository : nameFrom(`${repository}-${nameOfDir(unit.dir)}`),
  ];
  return candidates.find((name) => name !== undefined && !isGeneric(name)) ?? nameFrom(`${repository}-${nameOfDir(unit.dir)}`);
}

function hostsOf(units: readonly Unit[], repositories: readonly Repository[]): ReadonlyMap<string, ReadonlySet<Unit>> {
  const hosts = groupBy(units, ({ aliases, name }) => [...aliases, name]);
  for (const repository of repositories) {
    for (const { name, selector } of pick(repository, "host")) {
      const answering = units.filter(({ workloads }) => workloads.some((workload) => selects(selector, workload)));
      if (answering.length !== 1) continue;
      const known = hosts.get(name) ?? new Set<Unit>();
      // A Service says it; a folder of that name only suggests it.
      hosts.set(name, known.has(answering[0]!) ? new Set(answering) : new Set([...known, ...answering]));
    }
  }
  return hosts;
}

function selects(selector: Readonly<Record<string, string>>, { labels, name }: WorkloadFinding): boolean {
  return Object.entries(selector).every(
    ([key, value]) => (labels[key] ?? (/(?:^|\/)(?:app|name|k8s-app)$/.test(key) ? name : undefined)) === value,
  );
}

function packagesOf(units: readonly Unit[]): ReadonlyMap<string, Unit> {
  const found = new Map<string, Unit | undefined>();
  for (const unit of units) {
    for (const { ecosystem, name } of unit.packages) {
      if (name === "" || isGeneric(nameFrom(name))) continue;
      const key = `${ecosystem === "gradle" ? "maven" : ecosystem}|${name}`;
      const known = found.get(key);
      // Two that build the same name: neither can be told from the other.
      found.set(key, known !== undefined && known !== unit ? undefined : unit);
    }
  }
  return new Map([...found].filter((entry): entry is [string, Unit] => entry[1] !== undefined));
}

export function groupBy<T>(things: readonly T[], keysOf: (thing: T) => readonly string[]): Map<string, Set<T>> {
  const groups = new Map<string, Set<T>>();
  for (const thing of things) {
    for (const key of keysOf(thing)) {
      const group = groups.get(key) ?? new Set<T>();
      group.add(thing);
      groups.set(key, group);
    }
  }
  return groups;
}
