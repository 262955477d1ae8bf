import type { PipelineArtefact, PipelineStep } from "@roadbed/contracts/delivery/pipelines";

import type { RunRow } from "../pipeline/pipeline-store.ts";
import type { Package } from "./read-packages.ts";

export const STATEMENT = "https://in-toto.io/Statement/v1";
export const PROVENANCE = "https://slsa.dev/provenance/v1";
export const SBOM = "https://cyclonedx.org/bom";

export interface Source {
  /** Where the repository is cloned from. */
  readonly cloneUrl: string;
  readonly repository: string;
  readonly commit: string;
  readonly tree: string;
}

export interface Built {
  readonly run: Pick<RunRow, "id" | "branch" | "trigger" | "started_at" | "ended_at">;
  readonly steps: readonly PipelineStep[];
  readonly artefacts: readonly PipelineArtefact[];
  readonly publicUrl: string;
  readonly packages: readonly Package[];
}

interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** What a statement is about: the commit with its tree, and each file that its pipeline kept. */
function subjectsOf({ repository, commit, tree }: Source, artefacts: readonly PipelineArtefact[] = []): Subject[] {
  return [
    { name: repository, digest: { gitCommit: commit, gitTree: tree } },
    ...artefacts.map(({ path, digest }) => ({ name: path, digest: { sha256: digest.replace(/^sha256:/, "") } })),
  ];
}

/** How a commit was built, as SLSA provenance 1.0 says it. */
export function provenanceStatement(source: Source, { run, steps, artefacts, publicUrl, packages }: Built): Record<string, unknown> {
  const { cloneUrl, repository, commit } = source;
  return {
    _type: STATEMENT,
    subject: subjectsOf(source, artefacts),
    predicateType: PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: "https://roadbed.dev/build/pipeline/v1",
        externalParameters: {
          repository: cloneUrl,
          ref: `refs/heads/${run.branch}`,
          pipeline: ".roadbed/pipeline.yaml",
          trigger: run.trigger,
        },
        internalParameters: { steps: steps.map(({ name, needs, commands }) => ({ name, needs, commands })) },
        resolvedDependencies: [
          { uri: `git+${cloneUrl}@refs/heads/${run.branch}`, name: repository, digest: { gitCommit: commit } },
          ...packages.map(({ purl, hash }) => ({
            uri: purl,
            ...(hash === undefined ? {} : { digest: { [hash.alg.toLowerCase().replace("-", "")]: hash.content } }),
          })),
        ],
      },
      runDetails: {
        builder: { id: builderOf(publicUrl) },
        metadata: {
          invocationId: `${publicUrl}/pipelines/${run.id}`,
          ...(run.started_at === null ? {} : { startedOn: run.started_at.toISOString() }),
          ...(run.ended_at === null ? {} : { finishedOn: run.ended_at.toISOString() }),
        },
      },
    },
  };
}

/** The bill of materials as a statement about the commit. */
export function sbomStatement(source: Source, bom: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { _type: STATEMENT, subject: subjectsOf(source), predicateType: SBOM, predicate: bom };
}

/** Who built it: this platform's pipelines. */
export function builderOf(publicUrl: string): string {
  return `${publicUrl}/pipelines`;
}
