import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** A signed statement about a commit: how it was built (SLSA provenance), or what it is made of (CycloneDX). */
export const Attestation = z.object({
  id: z.string(),
  kind: z.enum(["provenance", "sbom"]),
  repository: z.string(),
  entityRef: z.string().optional(),
  commit: z.string(),
  runId: z.string().optional().describe("The run of the pipeline that built it"),
  builder: z.string().optional(),
  components: z.number().int().describe("Of a bill of materials: how many libraries it names"),
  keyId: z.string(),
  createdAt: z.iso.datetime(),
});
export type Attestation = z.infer<typeof Attestation>;

export const Component = z.object({
  purl: z.string(),
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  development: z.boolean(),
  from: z.string().describe("The lock file that names it"),
});

const Id = z.string().min(1).max(200);

export const listAttestations = defineOperation({
  name: "delivery.attestation.list",
  summary: "List signed statements about commits, newest first: how they were built and what they are made of.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/attestations" },
  input: PageInput.extend({
    release: Id.optional().describe("Of this release's commit: its id, or component and number"),
    entityRef: z.string().max(300).optional(),
    commit: z.string().max(64).optional(),
    runId: z.string().max(100).optional(),
  }),
  output: pageOf(Attestation),
  cli: {
    columns: ["id", "kind", "repository", "commit", "components", "createdAt"],
    empty: "Nothing was attested: a run of a pipeline that succeeds, and each release of a commit, are.",
  },
});

export const getAttestation = defineOperation({
  name: "delivery.attestation.get",
  summary: "Show a signed statement: its envelope to be kept, what it says, and the libraries that it names.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/attestations/{id}" },
  input: z.object({ id: Id }),
  output: Attestation.extend({
    envelope: z.string().describe("The DSSE envelope as JSON"),
    statement: z.string().describe("What is signed in it, as JSON"),
    contents: z.array(Component).describe("Of a bill of materials; at most 5000"),
  }),
  cli: { text: "envelope" },
});

export const getAttestationKey = defineOperation({
  name: "delivery.attestation.key",
  summary: "Show the public key by which anybody can verify what this platform attests.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/attestation-key" },
  input: z.object({}),
  output: z.object({ keyId: z.string(), algorithm: z.literal("Ed25519"), publicKey: z.string().describe("SPKI, in PEM") }),
  cli: { text: "publicKey" },
});

export const verifyAttestation = defineOperation({
  name: "delivery.attestation.verify",
  summary: "Verify a signed statement by this platform's key, or by one that is given, and say what it is about.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/attestations/verify" },
  input: z.object({
    envelope: z.string().min(2).max(20_000_000).describe("The DSSE envelope as JSON"),
    publicKey: z.string().max(10_000).optional().describe("SPKI, in PEM; default this platform's own"),
    digest: z
      .string()
      .regex(/^(sha256:)?[0-9a-f]{40,64}$/, "must be hexadecimal, with or without sha256: before it")
      .optional()
      .describe("It must be about this: the SHA-256 of a file, or a commit"),
  }),
  output: z.object({
    verified: z.boolean(),
    why: z.string(),
    keyId: z.string(),
    predicateType: z.string().optional(),
    builder: z.string().optional(),
    subjects: z.array(z.object({ name: z.string(), digests: z.array(z.string()) })),
  }),
  cli: { positional: ["envelope"], files: ["envelope", "publicKey"], exitCode: ({ verified }) => (verified ? 0 : 1) },
});

export const attestationMade = defineEvent({
  name: "delivery.attestation.made",
  summary: "A commit was attested: how it was built, or what it is made of.",
  payload: z.object({ attestationId: z.string(), kind: z.string(), repository: z.string(), commit: z.string() }),
});

export const operations = [listAttestations, getAttestation, getAttestationKey, verifyAttestation] as const;
