import { posix } from "node:path";

import type { Setting } from "../finding.ts";
import { claimOf, order, type Evidence } from "./confidence.ts";
import type { RelationClaim } from "./draft.ts";
import { engineOf, engineOfPort, readAddress, type Address, type Engine } from "./infrastructure.ts";
import { imageTail, isGeneric, nameFrom } from "./names.ts";
import type { Landscape } from "./landscape.ts";
import { pick, STRAY, type Unit } from "./units.ts";

/** Below it a relation is shown, but is no part of the draft. */
const RELATION_BAR = 0.5;

/** Something that runs and that nobody here wrote: a database, a queue. */
export interface ResourceUse {
  readonly name: string;
  readonly engine: Engine;
  /** Names local to one repository are told apart by it. */
  readonly evidence: Evidence;
  readonly unit: Unit;
}

/** An API of the landscape under the name it will have. */
export interface NamedApi {
  readonly ref: string;
  readonly unit: Unit | undefined;
  readonly files: readonly string[];
  readonly repository: string;
  readonly proto: string | undefined;
}

export interface Needs {
  readonly relations: readonly RelationClaim[];
  readonly resources: readonly ResourceUse[];
}

interface Seen {
  readonly field: RelationClaim["field"];
  readonly target: string;
  readonly evidence: Evidence;
}

/** What one unit needs of others: by the packages, the addresses, the manifests and the API descriptions it names. */
export function needsOf(unit: Unit, landscape: Landscape, apis: readonly NamedApi[], refOf: (unit: Unit) => string): Needs {
  const seen: Seen[] = [];
  const resources: ResourceUse[] = [];
  const own = { unit, landscape, apis, refOf, seen, resources };
  seePackages(own);
  for (const setting of unit.settings) seeSetting(own, setting);
  seeCompose(own);
  seeApiUses(own);
  for (const { name, evidence } of resources) seen.push({ field: "dependsOn", target: `resource:default/${name}`, evidence });
  return { relations: toClaims(seen), resources };
}

interface Work {
  readonly unit: Unit;
  readonly landscape: Landscape;
  readonly apis: readonly NamedApi[];
  readonly refOf: (unit: Unit) => string;
  readonly seen: Seen[];
  readonly resources: ResourceUse[];
}

function toClaims(seen: readonly Seen[]): RelationClaim[] {
  const byTarget = new Map<string, { field: RelationClaim["field"]; target: string; evidence: Evidence[] }>();
  for (const { field, target, evidence } of seen) {
    const known = byTarget.get(`${field}|${target}`) ?? { field, target, evidence: [] };
    known.evidence.push(evidence);
    byTarget.set(`${field}|${target}`, known);
  }
  return [...byTarget.values()]
    .map(({ field, target, evidence }) => ({ field, ...claimOf(target, evidence) }))
    .map((claim) => ({ ...claim, included: claim.confidence >= RELATION_BAR }))
    .sort((a, b) => order(a.field, b.field) || order(a.value, b.value));
}

function see({ unit, refOf, seen, apis }: Work, target: Unit, evidence: Omit<Evidence, "repository">, speaks = false): void {
  if (target === unit) return;
  const offered = speaks ? apis.filter((api) => api.unit === target) : [];
  const whole = { ...evidence, repository: unit.repository.key };
  // Whoever calls a service uses its API; where it has several it is not known which.
  if (offered.length === 1) seen.push({ field: "consumesApis", target: offered[0]!.ref, evidence: whole });
  else seen.push({ field: "dependsOn", target: refOf(target), evidence: whole });
}

function seePackages(work: Work): void {
  const { unit, landscape } = work;
  for (const { ecosystem, dependencies, file } of unit.packages) {
    const kind = ecosystem === "gradle" ? "maven" : ecosystem;
    for (const { name, line } of dependencies) {
      const target = landscape.byPackage.get(`${kind}|${name}`) ?? inGoModule(landscape, kind, name) ?? inSameBuild(work, name);
      if (target) see(work, target, { file, line, says: `${file} needs ${name}`, group: "package", weight: 0.9 });
    }
  }
}

function inGoModule(landscape: Landscape, ecosystem: string, name: string): Unit | undefined {
  if (ecosystem !== "go") return undefined;
  // `github.com/shop/money/v2` is the second major version of the module whose repository is `github.com/shop/money`.
  return landscape.byPackage.get(`go|${name.replace(/\/v\d+$/, "")}`);
}

/** Gradle's `project(":money")`: a folder of the same build. */
function inSameBuild({ unit, landscape }: Work, name: string): Unit | undefined {
  if (!name.startsWith(":")) return undefined;
  const same = landscape.units.filter((other) => other.repository === unit.repository && other.dir.split("/").at(-1) === name.slice(1));
  return same.length === 1 ? same[0] : undefined;
}

function seeSetting(work: Work, setting: Setting): void {
  const { unit, landscape } = work;
  const address = readAddress(setting.value);
  if (!address) return;
  const { file, line, name } = setting;
  const evidence = { file, line, says: `${file} sets ${name} to ${setting.value}`, group: "address", weight: 0.75 };
  const engine = engineFor(unit, address);
  if (engine) return addResource(work, resourceName(unit, address.label, engine, address.path), engine, evidence);
  const answering = [...(landscape.byHost.get(address.label) ?? [])];
  const here = composedAs(work, file, address.label) ?? answering.filter(({ repository }) => repository === unit.repository);
  const target = here.length === 1 ? here[0] : answering.length === 1 ? answering[0] : undefined;
  if (target) see(work, target, evidence, true);
}

/** In a Compose file a name means the service of that file, however common it is. */
function composedAs({ unit, landscape }: Work, file: string, label: string): Unit[] | undefined {
  const service = pick(unit.repository, "compose").find((one) => one.file === file && one.name === label && one.build !== undefined);
  return (
    service &&
    landscape.units.filter(({ repository, dir, key }) => repository === unit.repository && dir === service.build && !key.startsWith(STRAY))
  );
}

/** By the scheme, the port, or the image of the Compose service of that name. */
function engineFor(unit: Unit, { scheme, label, port }: Address): Engine | undefined {
  const byScheme = scheme === undefined ? undefined : engineOf(scheme);
  if (byScheme) return byScheme;
  const composed = pick(unit.repository, "compose").find(({ name, image }) => name === label && image !== undefined);
  if (composed) return engineOf(imageTail(composed.image!));
  return scheme === "http" || scheme === "https" ? undefined : engineOfPort(port);
}

/** The host's name where it says which; else the database's, else the unit's, with the engine behind it. */
function resourceName(unit: Unit, label: string, engine: Engine, database?: string): string {
  const plain = nameFrom(label);
  if (!isGeneric(plain) && !engineOf(plain)) return plain;
  const prefix =
    database !== undefined && !isGeneric(nameFrom(database)) && !engineOf(database) && !/^\d+$/.test(database)
      ? nameFrom(database)
      : unit.name;
  return nameFrom(`${prefix}-${engine.name}`);
}

function addResource({ unit, resources }: Work, name: string, engine: Engine, evidence: Omit<Evidence, "repository">): void {
  resources.push({ name, engine, unit, evidence: { ...evidence, repository: unit.repository.key } });
}

function seeCompose(work: Work): void {
  const { unit, landscape } = work;
  const beside = pick(unit.repository, "compose");
  for (const { file, dependsOn, name: self } of unit.composes) {
    for (const { name, line } of dependsOn) {
      const target = beside.find((one) => one.file === file && one.name === name);
      if (!target) continue;
      const evidence = { file, line, says: `${file}: ${self} waits for ${name}`, group: "compose", weight: 0.6 };
      const engine = target.image === undefined ? undefined : engineOf(imageTail(target.image));
      if (engine) {
        const named = databaseOf(unit, name);
        addResource(work, resourceName(unit, name, engine, named), engine, evidence);
      } else {
        const built = landscape.units.find(({ repository, dir }) => repository === unit.repository && dir === target.build);
        const imaged = target.image === undefined ? undefined : landscape.byHost.get(imageTail(target.image));
        if (built) see(work, built, evidence, true);
        else if (imaged?.size === 1) see(work, [...imaged][0]!, evidence, true);
      }
    }
  }
}

/** The name of the database behind a host, if one of the unit's addresses says it: so that both ways lead to the same resource. */
function databaseOf(unit: Unit, host: string): string | undefined {
  for (const { value } of unit.settings) {
    const address = readAddress(value);
    if (address?.label === host && address.path !== undefined) return address.path;
  }
  return undefined;
}

function seeApiUses(work: Work): void {
  const { unit } = work;
  const generated = unit.packages.flatMap(({ file, generates = [] }) =>
    generates.map(({ input, line }) => ({ file, line, names: input, says: `makes a client from ${input}` })),
  );
  for (const { file, line, names, says } of [...unit.uses, ...generated]) {
    const api = findApi(work, file, names);
    if (!api || api.unit === unit) continue;
    const evidence = { repository: unit.repository.key, file, line, says: `${file} ${says}`, group: "API client", weight: 0.85 };
    work.seen.push({ field: "consumesApis", target: api.ref, evidence });
  }
}

function findApi({ unit, apis }: Work, file: string, names: string): NamedApi | undefined {
  const only = (found: readonly NamedApi[]): NamedApi | undefined =>
    new Set(found.map(({ ref }) => ref)).size === 1 ? found[0] : undefined;
  if (names.endsWith(".proto")) {
    const foreign = apis.filter((api) => api.files.some((path) => path === names || path.endsWith(`/${names}`)));
    return only(foreign);
  }
  if (!names.includes("://")) {
    const path = posix.normalize(posix.join(posix.dirname(file), names));
    const here = only(apis.filter((api) => api.repository === unit.repository.key && api.files.includes(path)));
    if (here) return here;
  }
  // An address or a package: the part of it that is the name of a unit with an API.
  const parts = new Set(
    names
      .toLowerCase()
      .split(/[/.:@_]+/)
      .map(nameFrom),
  );
  return only(
    apis.filter((api) => api.unit && api.unit !== unit && [api.unit.name, ...api.unit.aliases].some((alias) => parts.has(alias))),
  );
}
