import { createPublicKey } from "node:crypto";

import type { Attestation, Component } from "@roadbed/contracts/delivery/attestations";
import { NotFoundError, type Sql } from "@roadbed/core";
import type { z } from "zod";

import { Envelope, isSignedBy } from "./dsse.ts";

export interface AttestationRow extends Record<string, unknown> {
  readonly id: string;
  readonly kind: Attestation["kind"];
  readonly repository: string;
  readonly entity_ref: string | null;
  readonly commit: string;
  readonly run_id: string | null;
  readonly envelope: Envelope;
  readonly key_id: string;
  readonly builder: string | null;
  readonly components: number;
  readonly created_at: Date;
}

export async function listAttestationRows(
  sql: Sql,
  o: {
    readonly entityRef?: string | undefined;
    readonly repository?: string | undefined;
    readonly commit?: string | undefined;
    readonly runId?: string | undefined;
    readonly before?: string | undefined;
    readonly hidden: readonly string[];
    readonly limit: number;
  },
): Promise<AttestationRow[]> {
  const { rows } = await sql.query<AttestationRow>(
    `select * from delivery.attestation where ($1::text is null or entity_ref = $1) and ($2::text is null or repository = $2)
       and ($3::text is null or starts_with(commit, $3)) and ($4::text is null or run_id = $4) and ($5::text is null or id < $5)
       and (entity_ref is null or entity_ref <> all($6::text[])) order by id desc limit $7`,
    [o.entityRef ?? null, o.repository ?? null, o.commit ?? null, o.runId ?? null, o.before ?? null, o.hidden, o.limit],
  );
  return rows;
}

/** Throws `NotFoundError`, also for what may not be seen. */
export async function readAttestation(sql: Sql, id: string, hidden: readonly string[]): Promise<AttestationRow> {
  const { rows } = await sql.query<AttestationRow>("select * from delivery.attestation where id = $1", [id]);
  if (rows[0] !== undefined && !hidden.includes(rows[0].entity_ref ?? "")) return rows[0];
  throw new NotFoundError("attestation", id, "See roadbed attestation list.");
}

export function statementOf({ payload }: Envelope): Record<string, unknown> {
  return JSON.parse(Buffer.from(payload, "base64").toString("utf8")) as Record<string, unknown>;
}

interface BomComponent {
  readonly purl: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly scope?: string;
  readonly licenses?: readonly { readonly license: { readonly name: string } }[];
  readonly properties?: readonly { readonly value: string }[];
}

/** The libraries that a bill of materials names, as people and policies read them. */
export function contentsOf(row: Pick<AttestationRow, "kind" | "envelope">): z.output<typeof Component>[] {
  if (row.kind !== "sbom") return [];
  const { predicate } = statementOf(row.envelope) as { predicate: { components: readonly BomComponent[] } };
  return predicate.components.map(({ purl, group, name, version, scope, licenses, properties }) => ({
    purl,
    name: group === undefined ? name : `${group}/${name}`,
    version,
    ...(licenses?.[0] === undefined ? {} : { license: licenses[0].license.name }),
    development: scope === "excluded",
    from: properties?.[0]?.value ?? "",
  }));
}

export interface SupplyChain {
  readonly provenance: { readonly present: boolean; readonly verified: boolean; readonly builder: string; readonly attestation: string };
  readonly sbom: { readonly present: boolean; readonly attestation: string; readonly components: readonly object[] };
}

/**
 * What policies see of how a release was built and of what it is made: absent things are said to be so, and a provenance whose signature does not fit
 * what it says (any more) is not verified. Of what no pipeline here built, the builder is `none`.
 */
export async function supplyChainOf(sql: Sql, repository: string | null, commit: string | null): Promise<SupplyChain> {
  const rows = repository === null || commit === null ? [] : await listAttestationRows(sql, { repository, commit, hidden: [], limit: 50 });
  const provenance = rows.find(({ kind }) => kind === "provenance");
  const sbom = rows.find(({ kind }) => kind === "sbom");
  return {
    provenance: {
      present: provenance !== undefined,
      verified: provenance !== undefined && commit !== null && (await isGenuine(sql, provenance, commit)),
      builder: provenance?.builder ?? "none",
      attestation: provenance?.id ?? "",
    },
    sbom: {
      present: sbom !== undefined,
      attestation: sbom?.id ?? "",
      components: sbom === undefined ? [] : contentsOf(sbom).map((one) => ({ license: "", ...one })),
    },
  };
}

/** Signed by the platform's own key, and about this very commit. */
async function isGenuine(sql: Sql, { envelope }: AttestationRow, commit: string): Promise<boolean> {
  const { rows } = await sql.query<{ public_key: string }>("select public_key from delivery.signing_key where name = 'attestation'");
  if (rows[0] === undefined || !isSignedBy(envelope, createPublicKey(rows[0].public_key))) return false;
  return JSON.stringify(statementOf(envelope)).includes(commit);
}

export function toAttestation(row: AttestationRow): Attestation {
  return {
    id: row.id,
    kind: row.kind,
    repository: row.repository,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    commit: row.commit,
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.builder === null ? {} : { builder: row.builder }),
    components: row.components,
    keyId: row.key_id,
    createdAt: row.created_at.toISOString(),
  };
}
