import { attestationMade } from "@roadbed/contracts/delivery/attestations";
import { newId, type Ctx, type Sql } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { readArtefacts, readSteps, type RunRow } from "../pipeline/pipeline-store.ts";
import { runOf } from "../pipeline/await-pipeline.ts";
import { cloneUrlOf } from "../repository/repository-store.ts";
import { signStatement } from "./dsse.ts";
import { makeSbom } from "./make-sbom.ts";
import { builderOf, provenanceStatement, sbomStatement, type Source } from "./make-statements.ts";
import { isLockfile, readPackages, type Lockfile } from "./read-packages.ts";
import type { SigningKey } from "./signing-key.ts";

export type Signer = (sql: Sql) => Promise<SigningKey>;

const MOST_FILES = 100;
const MOST_BYTES = 20 * 2 ** 20;

/** Says how a run built its commit, and what the commit is made of. Once each, however often it is heard of. */
export async function attestRun(deps: DeliveryDeps, signer: Signer, ctx: Ctx, run: RunRow): Promise<void> {
  const { repository, commit, entity_ref: entityRef } = run;
  if (!(await deps.repositories.exists(repository))) return;
  const subject = await subjectOf(deps, repository, commit);
  if (subject === undefined) return;
  const { packages } = readPackages(subject.files);
  const statement = provenanceStatement(subject.source, {
    run,
    steps: await readSteps(ctx.sql, run.id),
    artefacts: await readArtefacts(ctx.sql, run.id),
    publicUrl: deps.publicUrl,
    packages: packages.filter(({ development }) => !development),
  });
  const about = { repository, commit, entityRef };
  await keep(ctx, signer, { ...about, kind: "provenance", statement, runId: run.id, builder: builderOf(deps.publicUrl), components: 0 });
  await attestContents(ctx, signer, { ...about, subject });
}

/** What the commit of a release is made of, also where no pipeline built it; and how it was built, where one did. */
export async function attestRelease(
  deps: DeliveryDeps,
  signer: Signer,
  ctx: Ctx,
  {
    repository,
    commit,
    entity_ref: entityRef,
  }: { readonly repository: string | null; readonly commit: string | null; readonly entity_ref: string },
): Promise<void> {
  if (repository === null || commit === null || !(await deps.repositories.exists(repository))) return;
  const run = await runOf(ctx.sql, repository, commit);
  if (run?.state === "succeeded") return attestRun(deps, signer, ctx, run);
  const subject = await subjectOf(deps, repository, commit);
  if (subject !== undefined) await attestContents(ctx, signer, { repository, commit, entityRef, subject });
}

interface SubjectOf {
  readonly source: Source;
  readonly files: readonly Lockfile[];
  readonly at: Date;
}

/** Undefined for a commit that is not there any more. */
async function subjectOf({ repositories, publicUrl }: DeliveryDeps, repository: string, commit: string): Promise<SubjectOf | undefined> {
  const [found] = await repositories.log(repository, { ref: commit, limit: 1 });
  if (found === undefined) return undefined;
  const tree = await repositories.tree(repository, commit);
  const locks = (tree?.files ?? []).filter(({ path }) => isLockfile(path)).slice(0, MOST_FILES);
  const contents = await repositories.blobs(
    repository,
    locks.map(({ hash }) => hash),
  );
  const files = locks.flatMap(({ path, hash }): Lockfile[] => {
    const content = contents.get(hash);
    return content === undefined || content.length > MOST_BYTES ? [] : [{ path, text: Buffer.from(content).toString("utf8") }];
  });
  const source = { cloneUrl: cloneUrlOf(publicUrl, repository), repository, commit, tree: await repositories.treeHash(repository, commit) };
  return { source, files, at: found.at };
}

async function attestContents(
  ctx: Ctx,
  signer: Signer,
  o: { readonly repository: string; readonly commit: string; readonly entityRef: string | null; readonly subject: SubjectOf },
): Promise<void> {
  const { source, files, at } = o.subject;
  const bom = makeSbom({ name: o.repository, commit: o.commit, at, files });
  const { repository, commit, entityRef } = o;
  const components = (bom["components"] as unknown[]).length;
  await keep(ctx, signer, {
    repository,
    commit,
    entityRef,
    kind: "sbom",
    statement: sbomStatement(source, bom),
    runId: null,
    builder: null,
    components,
  });
}

async function keep(
  ctx: Ctx,
  signer: Signer,
  o: {
    readonly kind: "provenance" | "sbom";
    readonly repository: string;
    readonly commit: string;
    readonly entityRef: string | null;
    readonly runId: string | null;
    readonly builder: string | null;
    readonly components: number;
    readonly statement: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const key = await signer(ctx.sql);
  const id = newId("att", ctx.now().getTime());
  const { rowCount } = await ctx.sql.query(
    `insert into delivery.attestation (id, kind, repository, entity_ref, commit, run_id, envelope, key_id, builder, components, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
    [
      id,
      o.kind,
      o.repository,
      o.entityRef,
      o.commit,
      o.runId,
      JSON.stringify(signStatement(o.statement, key.privateKey)),
      key.keyId,
      o.builder,
      o.components,
      ctx.now(),
    ],
  );
  if (rowCount === 0) return;
  ctx.emit(attestationMade, o.entityRef ?? o.repository, { attestationId: id, kind: o.kind, repository: o.repository, commit: o.commit });
}
