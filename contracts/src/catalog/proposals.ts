import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Entity, EntityRef } from "../catalog.ts";
import { Discovery } from "./discovery.ts";

export { Discovery } from "./discovery.ts";

export const runDiscovery = defineOperation({
  name: "catalog.discovery.run",
  summary:
    "Read a folder of clones, an organisation at its Git host, or all of them again, and propose entities with owners and relations.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/discovery" },
  input: z.object({
    target: z
      .string()
      .trim()
      .min(1)
      .max(1_000)
      .optional()
      .describe(
        "A folder on the server's machine that holds clones, or the address of an organisation that a source reads: https://github.com/acme; without it and without a source, everything that was read before",
      ),
    source: z.string().max(100).optional().describe("The id of a source to read instead"),
  }),
  output: Discovery,
  resource: ({ target }) => (target === undefined || /^https?:\/\//i.test(target) ? undefined : { kind: "folder", id: target }),
  cli: {
    positional: ["target"],
    paths: ["target"],
    command: "discover",
    waitFor: "catalog.discovery.get",
    columns: ["id", "target", "status", "done", "total"],
  },
});

export const getDiscovery = defineOperation({
  name: "catalog.discovery.get",
  summary: "Show how far a discovery is and what came of it.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/discovery/{id}" },
  input: z.object({ id: z.string().max(100) }),
  output: Discovery,
});

export const listDiscoveries = defineOperation({
  name: "catalog.discovery.list",
  summary: "List discoveries, newest first.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/discovery" },
  input: PageInput,
  output: pageOf(Discovery),
  cli: { columns: ["id", "target", "status", "done", "total", "requestedAt"] },
});

const Confidence = z.number().min(0).max(1);
const Share = z.coerce.number().min(0).max(1);

/** One reason, with the place where it was read. */
export const ProposalEvidence = z.object({
  repository: z.string(),
  /** Relative to the root of the repository; "" where the repository as a whole says it. */
  file: z.string(),
  line: z.number().int(),
  says: z.string(),
  /** Reasons of the same group are not independent: the strongest counts. */
  group: z.string(),
  weight: Confidence,
});
export type ProposalEvidence = z.infer<typeof ProposalEvidence>;

export const ProposalState = z.enum(["open", "accepted", "refused"]);

export const Proposal = z.object({
  id: z.string(),
  /** `create`: an entity that is not in the catalogue. `complete`: relations that one there lacks. */
  action: z.enum(["create", "complete"]),
  state: ProposalState,
  kind: z.string(),
  /** The reference it has, or will have. */
  ref: z.string(),
  name: z.string(),
  type: z.string().optional(),
  title: z.string().optional(),
  confidence: Confidence,
  /** Why, on one line. */
  reason: z.string(),
  owner: z.string().optional(),
  ownerConfidence: Confidence.optional(),
  /** Why it has this owner, or none. */
  ownerReason: z.string().optional(),
  system: z.string().optional(),
  relations: z.number().int(),
  repository: z.string(),
  dir: z.string(),
  /** Fields that a person changed. */
  edited: z.array(z.string()),
  /** What further readings found since it was decided, e.g. a new dependency. */
  changes: z.array(z.string()),
  decidedBy: z.string().optional(),
  decidedAt: z.iso.datetime().optional(),
  decisionReason: z.string().optional(),
  updatedAt: z.iso.datetime(),
});
export type Proposal = z.infer<typeof Proposal>;

const ProposalFilter = z.object({
  state: ProposalState.optional().describe("Default: open"),
  kind: z.string().max(60).optional().describe("E.g. component, api, resource, system, group, user"),
  repository: z.string().max(300).optional(),
  minConfidence: Share.optional().describe("0 to 1"),
  owner: z.enum(["known", "unknown"]).optional().describe("Only those with an owner, or only those without"),
  changed: z.stringbool().or(z.boolean()).optional().describe("Only those about which something new was found since they were decided"),
  text: z.string().max(200).optional().describe("Words in the reference, the title or the reason"),
});

const Facet = z.array(z.object({ value: z.string(), count: z.number().int() }));

export const listProposals = defineOperation({
  name: "catalog.proposal.list",
  summary: "List proposed entities, surest first.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/proposals" },
  input: PageInput.extend(ProposalFilter.shape),
  output: pageOf(Proposal).extend({
    /** Of all that match without the filter of the facet itself. */
    facets: z.object({ state: Facet, kind: Facet, repository: Facet, owner: Facet }),
  }),
  cli: { columns: ["id", "ref", "confidence", "owner", "reason"] },
});

const Candidate = z.object({ ref: z.string(), confidence: Confidence, reason: z.string(), evidence: z.array(ProposalEvidence) });

export const getProposal = defineOperation({
  name: "catalog.proposal.get",
  summary: "Show one proposal with its evidence, its candidates for owner and system, and its relations.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/proposals/{id}" },
  input: z.object({ id: z.string().max(100) }),
  output: z.object({
    proposal: Proposal,
    /** As it would be registered; without an owner where none is known. */
    entity: Entity,
    evidence: z.array(ProposalEvidence),
    owners: z.array(Candidate),
    systems: z.array(Candidate),
    relations: z.array(Candidate.extend({ field: z.string(), included: z.boolean() })),
    /** The descriptor as YAML, to be put into the repository. */
    descriptor: z.string(),
  }),
});

const NameText = z.string().trim().min(1).max(63);

/** What a person changes about a proposal; null takes a change back. */
export const ProposalEdits = z.object({
  name: NameText.nullable().optional(),
  title: z.string().trim().min(1).max(200).nullable().optional(),
  description: z.string().trim().min(1).max(2_000).nullable().optional(),
  type: NameText.nullable().optional(),
  lifecycle: NameText.nullable().optional(),
  owner: z.string().trim().min(1).max(200).nullable().optional().describe("A group or user, e.g. group:default/payments or payments"),
  system: z.string().trim().max(200).nullable().optional().describe("Empty for none"),
  without: z.array(z.string().max(300)).max(200).nullable().optional().describe("References that are left out of its relations"),
});
export type ProposalEdits = z.infer<typeof ProposalEdits>;

export const editProposal = defineOperation({
  name: "catalog.proposal.edit",
  summary: "Change the name, owner, system or other fields of an open proposal; later readings keep the changes.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "PATCH", path: "/api/v1/proposals/{id}" },
  input: z.object({ id: z.string().max(100) }).extend(ProposalEdits.shape),
  output: Proposal,
});

const Ids = z
  .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string().max(100)).min(1).max(500).optional())
  .describe("Ids, or leave them out and filter");

const Failed = z.array(z.object({ id: z.string(), ref: z.string(), reason: z.string(), mend: z.string().optional() }));

export const acceptProposals = defineOperation({
  name: "catalog.proposal.accept",
  summary: "Accept proposals by id or by filter: they become entities of the catalogue.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/proposals/accept" },
  input: ProposalFilter.omit({ state: true }).extend({
    ids: Ids,
    ownerForRest: z.string().trim().min(1).max(200).optional().describe("Owner of those that have none; without it they are not accepted"),
    along: z.boolean().default(true).describe("Accept also the open proposals that they refer to: team, system, APIs, resources"),
    limit: z.coerce.number().int().min(1).max(1_000).default(500).describe("At most so many, surest first"),
  }),
  output: z.object({
    accepted: z.array(z.object({ id: z.string(), ref: z.string() })),
    failed: Failed,
    /** Matched, but over the limit: call again. */
    left: z.number().int(),
  }),
  cli: {
    rows: "accepted",
    columns: ["ref", "id"],
    exitCode: ({ accepted, failed }) => (accepted?.length === 0 && failed?.length > 0 ? 1 : 0),
  },
});

export const refuseProposals = defineOperation({
  name: "catalog.proposal.refuse",
  summary: "Refuse proposals by id or by filter; they do not come back unless something else is found.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/proposals/refuse" },
  input: ProposalFilter.omit({ state: true }).extend({ ids: Ids, reason: z.string().trim().max(1_000).optional() }),
  output: z.object({ refused: z.number().int() }),
});

export const reopenProposals = defineOperation({
  name: "catalog.proposal.reopen",
  summary: "Take refusals back: the proposals are open again.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/proposals/reopen" },
  input: z.object({
    ids: z.preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string().max(100)).min(1).max(500)),
  }),
  output: z.object({ reopened: z.number().int() }),
});

export const patchProposals = defineOperation({
  name: "catalog.proposal.patch",
  summary: "Write proposals as descriptors: one patch for each repository, to be applied with git apply.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/proposal-patches" },
  input: ProposalFilter.extend({ ids: Ids }),
  output: z.object({
    items: z.array(
      z.object({
        repository: z.string(),
        file: z.string(),
        refs: z.array(z.string()),
        /** Unified difference that makes the file. */
        patch: z.string(),
      }),
    ),
    /** Proposals that have no file to go to, e.g. people and teams. */
    without: z.array(z.string()),
  }),
  cli: { columns: ["repository", "file", "refs"] },
});

/** Who somebody is: a login of some system and the User entity behind it. */
export const Identity = z.object({
  /** With the sort before it: `email:ada@example.com`, `handle:ada`. */
  login: z.string(),
  name: z.string().optional(),
  state: z.enum(["open", "proposed", "accepted", "refused"]),
  user: z.string().optional(),
  confidence: Confidence,
  reason: z.string(),
  /** Every user it may be, best first: more than one that is good means that a person has to choose. */
  candidates: z.array(z.object({ user: z.string(), title: z.string().optional(), confidence: Confidence, reason: z.string() })),
  /** Where the login was seen. */
  seenIn: z.array(z.string()),
  decidedBy: z.string().optional(),
  decidedAt: z.iso.datetime().optional(),
});
export type Identity = z.infer<typeof Identity>;

const Login = z
  .string()
  .trim()
  .toLowerCase()
  .max(300)
  .regex(/^[a-z]+:\S+$/, "must look like email:ada@example.com or handle:ada");
const Logins = z.preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(Login).min(1).max(500));

export const proposeIdentities = defineOperation({
  name: "catalog.identity.propose",
  summary: "Compare every login that repositories name with the people of the catalogue.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/identities/propose" },
  input: z.object({}),
  output: z.object({ logins: z.number().int(), accepted: z.number().int(), proposed: z.number().int(), open: z.number().int() }),
});

export const listIdentities = defineOperation({
  name: "catalog.identity.list",
  summary: "List logins and who they are taken for.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/identities" },
  input: PageInput.extend({ state: Identity.shape.state.optional(), text: z.string().max(200).optional() }),
  output: pageOf(Identity).extend({ states: Facet }),
  cli: { columns: ["login", "state", "user", "confidence", "reason"] },
});

export const acceptIdentities = defineOperation({
  name: "catalog.identity.accept",
  summary: "Confirm who logins are, by login or all that are sure enough.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/identities/accept" },
  input: z.object({ logins: Logins.optional(), minConfidence: Share.optional() }),
  output: z.object({ accepted: z.number().int() }),
});

export const refuseIdentities = defineOperation({
  name: "catalog.identity.refuse",
  summary: "Say that logins are not who they were taken for; it is not proposed again.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/identities/refuse" },
  input: z.object({ logins: Logins }),
  output: z.object({ refused: z.number().int() }),
});

export const setIdentity = defineOperation({
  name: "catalog.identity.set",
  summary: "Say who a login is; owners of open proposals follow at once.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "PUT", path: "/api/v1/identities" },
  input: z.object({ login: Login, user: EntityRef }),
  output: Identity,
  cli: { positional: ["login", "user"] },
});

export const discoveryFinished = defineEvent({
  name: "catalog.discovery.finished",
  summary: "Repositories were read to the end, and what they say was proposed.",
  payload: z.object({
    discoveryId: z.string(),
    status: z.enum(["succeeded", "failed"]),
    repositories: z.number().int(),
    added: z.number().int(),
  }),
});
export const proposalsDecided = defineEvent({
  name: "catalog.proposal.decided",
  summary: "Proposals were accepted, refused or opened again.",
  payload: z.object({ decision: z.enum(["accepted", "refused", "reopened"]), ids: z.array(z.string()) }),
});
export const proposalsChanged = defineEvent({
  name: "catalog.proposal.changed",
  summary: "Open proposals changed: by a person, or because it became known who a login is.",
  payload: z.object({ count: z.number().int() }),
});

/** What the platform can do here. */
export const operations = [
  runDiscovery,
  getDiscovery,
  listDiscoveries,
  listProposals,
  getProposal,
  editProposal,
  acceptProposals,
  refuseProposals,
  reopenProposals,
  patchProposals,
  proposeIdentities,
  listIdentities,
  acceptIdentities,
  refuseIdentities,
  setIdentity,
] as const;
