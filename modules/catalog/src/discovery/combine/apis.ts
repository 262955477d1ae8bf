import type { ApiFinding, Repository } from "../finding.ts";
import { order, type Evidence } from "./confidence.ts";
import { nameFrom } from "./names.ts";
import type { NamedApi } from "./relations.ts";
import { nearest, pick, STRAY, type Unit } from "./units.ts";

/** An API that somebody describes in a file, before it is a draft. */
export interface FoundApi extends NamedApi {
  readonly key: string;
  readonly name: string;
  readonly found: ApiFinding;
  readonly repositoryOf: Repository;
  readonly evidence: readonly Evidence[];
}

const WEIGHTS: Readonly<Record<ApiFinding["format"], number>> = { openapi: 0.8, asyncapi: 0.8, graphql: 0.7, grpc: 0.75 };
const WORDS: Readonly<Record<ApiFinding["format"], string>> = {
  openapi: "OpenAPI",
  asyncapi: "AsyncAPI",
  graphql: "GraphQL",
  grpc: "gRPC",
};

/** Every API of every repository. Proto files of one package are one API; what a descriptor names already keeps that name. */
export function findApis(repositories: readonly Repository[], units: readonly Unit[]): FoundApi[] {
  const found = repositories.flatMap((repository) =>
    apisOf(
      repository,
      units.filter((unit) => unit.repository === repository && !unit.key.startsWith(STRAY)),
    ),
  );
  found.sort((a, b) => order(a.key, b.key));
  const names = new Map<string, number>();
  return found.map((api) => {
    const taken = names.get(api.name) ?? 0;
    names.set(api.name, taken + 1);
    const name = taken === 0 ? api.name : nameFrom(`${api.repositoryOf.name}-${api.name}${taken === 1 ? "" : `-${taken}`}`);
    return { ...api, name, ref: `api:default/${name}` };
  });
}

function apisOf(repository: Repository, units: readonly Unit[]): FoundApi[] {
  const groups = new Map<string, ApiFinding[]>();
  for (const found of pick(repository, "api")) {
    const key = found.format === "grpc" && found.package !== undefined ? `grpc:${found.package}` : found.file;
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  const perUnit = new Map<Unit | undefined, number>();
  const withUnits = [...groups].map(([key, files]) => {
    const unit = nearest(units, files[0]!.file) ?? (units.length === 1 ? units[0] : undefined);
    perUnit.set(unit, (perUnit.get(unit) ?? 0) + 1);
    return { key, files, unit };
  });
  return withUnits.map(({ key, files, unit }) => {
    const found = files[0]!;
    const name = nameOf(found, unit, perUnit.get(unit) === 1, repository);
    return {
      key: `api|${repository.key}|${key}`,
      name,
      ref: `api:default/${name}`,
      found,
      unit,
      repositoryOf: repository,
      repository: repository.key,
      files: files.map(({ file }) => file),
      proto: found.package,
      evidence: evidenceOf(files, unit, repository),
    };
  });
}

function nameOf(found: ApiFinding, unit: Unit | undefined, alone: boolean, repository: Repository): string {
  const kind = found.format === "openapi" ? "api" : found.format === "asyncapi" ? "events" : found.format;
  if (found.format === "grpc" && found.package !== undefined)
    return nameFrom(`${found.package.replace(/\.v\d+\w*$/, "").replaceAll(".", "-")}-grpc`);
  if (unit && alone) return unit.name.endsWith(kind) ? unit.name : nameFrom(`${unit.name}-${kind}`);
  const title = nameFrom(found.title ?? "");
  if (title !== "" && title !== "api") return title;
  return nameFrom(`${unit?.name ?? repository.name}-${kind}`);
}

function evidenceOf(files: readonly ApiFinding[], unit: Unit | undefined, repository: Repository): Evidence[] {
  return files.flatMap((found) => {
    const base = { repository: repository.key, file: found.file, line: found.line };
    const titled = found.title === undefined ? "" : ` "${found.title}"`;
    const described = {
      ...base,
      says: `${found.file} is a description in ${WORDS[found.format]}${titled}`,
      group: "description",
      weight: WEIGHTS[found.format],
    };
    const runs = unit?.evidence.find(({ group }) => group === "runs" || group === "image" || group === "workload");
    return runs
      ? [described, { ...runs, says: `it stands beside ${unit!.name}, which runs`, group: "provider", weight: 0.4 }]
      : [described];
  });
}
