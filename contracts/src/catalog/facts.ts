import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

const Property = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .describe("The field, e.g. spec.owner or metadata.annotations.backstage.io/techdocs-ref; a dot inside another key is written \\.");
const Reason = z.string().trim().max(500).optional().describe("Why, for those who read the history later");
const Trust = z.number().min(0).max(1).describe("0 to 1: confidence, halved with each half-life since it was observed");

/**
 * Who says a value. `lock`: a person, above everybody else; `definition`: the source that describes the entity; `person`: set by hand,
 * below the descriptor; `connector`: a system that adds to it; `standby`: a second source that describes the same entity.
 */
export const Standing = z.enum(["lock", "definition", "person", "connector", "standby"]);

/** One that says something of a property: where from, when, by which rule, how sure. */
export const Witness = z.object({
  standing: Standing,
  /** What it says; absent where it takes the property away. */
  value: z.unknown().optional(),
  sourceId: z.string().optional(),
  source: z.string(),
  location: z.string().optional(),
  line: z.number().int().optional(),
  actor: z.string().optional(),
  reason: z.string().optional(),
  rule: z.string().optional(),
  observedAt: z.iso.datetime(),
  confidence: z.number(),
  halfLifeDays: z.number(),
  trust: Trust,
  /** Says the same as the one that is believed. */
  agrees: z.boolean(),
  /** Why it is not believed although it might be: the entity would be wrong by the rules of its kind. */
  refused: z.string().optional(),
});
export type Witness = z.infer<typeof Witness>;

const Answer = z.object({ correct: z.boolean(), actor: z.string(), at: z.iso.datetime(), reason: z.string().optional() });

const FactChange = z.object({
  at: z.iso.datetime(),
  /** The value until then; absent when there was none. */
  before: z.unknown().optional(),
  source: z.string(),
  actor: z.string(),
  reason: z.string().optional(),
});

/** One value of an entity with its receipt. */
export const Fact = z.object({
  property: z.string(),
  /** Absent where nobody who is believed says anything. */
  value: z.unknown().optional(),
  trust: Trust,
  /** When it was last said or confirmed by whoever is believed. */
  observedAt: z.iso.datetime().optional(),
  locked: z.boolean(),
  /** Below the threshold of its property. */
  stale: z.boolean(),
  threshold: z.number().optional(),
  /** Whom it is taken from. */
  winner: Witness.optional(),
  losing: z.array(Witness),
  /** Where several systems each say a part of a list, e.g. who is on call: what each says. */
  parts: z.array(Witness).optional(),
  /** The newest answer of a person to the question whether it is right. */
  answer: Answer.optional(),
  /** Only where one property was asked for: its earlier values and all answers, newest first. */
  history: z.array(FactChange).optional(),
  answers: z.array(Answer).optional(),
});
export type Fact = z.infer<typeof Fact>;

export const listFacts = defineOperation({
  name: "catalog.fact.list",
  summary: "Show for each field of an entity who says it, since when, how far to trust it, and who says otherwise.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/facts" },
  input: PageInput.extend({ ref: EntityRef, property: Property.optional().describe("Only this field, with its history") }),
  output: pageOf(Fact),
  cli: { columns: ["property", "value", "trust", "winner.source", "winner.standing", "observedAt", "locked", "stale"] },
});

const Changed = z.object({
  fact: Fact,
  /** False when somebody else is believed about this field: then `note` says who, and what would change it. */
  believed: z.boolean(),
  note: z.string().optional(),
});

const Target = z.object({ ref: EntityRef, property: Property });
const Value = z.unknown().describe("The value; null takes the field away");
const entityOf = ({ ref }: { ref: string }) => ({ kind: "entity", id: ref });

export const setFact = defineOperation({
  name: "catalog.fact.set",
  summary: "Set a field of an entity by hand, beside what its sources say.",
  scope: "catalog:write",
  // Who may say who owns a thing could make it their own.
  risk: "high",
  http: { method: "PUT", path: "/api/v1/entities/{ref}/facts" },
  input: Target.extend({ value: Value, reason: Reason }),
  output: Changed,
  resource: entityOf,
  cli: { positional: ["ref", "property", "value"] },
});

export const lockFact = defineOperation({
  name: "catalog.fact.lock",
  summary: "Hold a field at a value, whatever its sources say, until it is unlocked.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/entities/{ref}/facts/lock" },
  input: Target.extend({ value: Value.optional().describe("Default: the value it has now; null takes the field away"), reason: Reason }),
  output: Changed,
  resource: entityOf,
  cli: { positional: ["ref", "property", "value"] },
});

export const unlockFact = defineOperation({
  name: "catalog.fact.unlock",
  summary: "Let the sources of a field be believed again; what was set by hand stays beside them.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/entities/{ref}/facts/unlock" },
  input: Target.extend({ reason: Reason }),
  output: Changed,
  resource: entityOf,
  cli: { positional: ["ref", "property"] },
});

export const clearFact = defineOperation({
  name: "catalog.fact.clear",
  summary: "Forget what was set or locked by hand in a field.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/entities/{ref}/facts/clear" },
  input: Target.extend({ reason: Reason }),
  output: Changed,
  resource: entityOf,
  cli: { positional: ["ref", "property"] },
});

export const confirmFact = defineOperation({
  name: "catalog.fact.confirm",
  summary: "Say that a field is still right, or that it is not; with a no, name who it should be or take it away.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/entities/{ref}/facts/confirm" },
  input: Target.extend({
    answer: z.enum(["yes", "no"]),
    value: z.unknown().optional().describe("With a no: what it should be; it is locked at that, which needs the right to lock"),
    clear: z.boolean().default(false).describe("With a no: take it away; an owner becomes group:default/unowned"),
    reason: Reason,
  }),
  output: z.object({
    fact: Fact,
    /** After a no that named nothing: what may be done about it. */
    next: z.array(z.object({ label: z.string(), operation: z.string(), input: z.record(z.string(), z.unknown()) })),
  }),
  resource: entityOf,
  cli: { positional: ["ref", "property", "answer"] },
});

export const proposeFact = defineOperation({
  name: "catalog.fact.propose",
  summary: "Change a field in the descriptor itself: as a commit where the catalogue can write, else as a patch to apply by hand.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/entities/{ref}/facts/propose" },
  input: Target.extend({
    value: Value,
    reason: Reason,
    branch: z.string().max(200).optional().describe("Commit to this branch instead of the one that is read"),
  }),
  output: z.object({
    file: z.string(),
    patch: z.string().describe("A unified diff"),
    commit: z.object({ repository: z.string(), branch: z.string(), hash: z.string() }).optional(),
    note: z.string(),
  }),
  resource: entityOf,
  cli: { positional: ["ref", "property", "value"] },
});

const Precedence = z.object({
  kind: z.string(),
  property: z.string(),
  order: z.array(z.string()),
  actor: z.string(),
  at: z.iso.datetime(),
});

export const listPrecedence = defineOperation({
  name: "catalog.precedence.list",
  summary: "List whom to believe about which field of which kind, where it is not the usual order.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/precedence" },
  input: PageInput,
  output: pageOf(Precedence),
  cli: { columns: ["kind", "property", "order", "actor", "at"] },
});

export const setPrecedence = defineOperation({
  name: "catalog.precedence.set",
  summary: "Declare whom to believe about a field of a kind, best first; an empty list brings back the usual order.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/precedence" },
  input: z.object({
    kind: z.string().trim().toLowerCase().min(1).max(63).default("*").describe("A kind, or * for every kind"),
    property: Property.describe("The field; it is for all below it too, e.g. spec or metadata.annotations"),
    order: z
      .array(z.string().trim().toLowerCase().min(1).max(200))
      .max(50)
      .describe("Names or ids of sources, kinds of connectors, or definition, person, connector, standby"),
  }),
  output: z.object({ changed: z.number().int().describe("Entities that are different now") }),
  cli: { positional: ["property"] },
});

const SourceTrust = z.object({
  source: z.string().describe("Id of a source, or person for what people set and confirm"),
  name: z.string(),
  halfLifeDays: z.number(),
  confidence: z.number(),
  /** `saying`: a fact ages from when it was first said so; `reading`: from when its source was last read. */
  agesFrom: z.enum(["saying", "reading"]),
  usual: z.boolean().describe("True where nothing else was declared"),
});

export const TrustRules = z.object({
  sources: z.array(SourceTrust),
  thresholds: z.record(z.string(), z.number()),
  questionsPerWeek: z.number().int(),
  daysBetween: z.number().int(),
});

export const getTrustRules = defineOperation({
  name: "catalog.trust.get",
  summary: "Show how far each source is trusted, below which trust a field is asked about, and how often people are asked.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/trust" },
  input: z.object({}),
  output: TrustRules,
  cli: { rows: "sources", columns: ["source", "name", "halfLifeDays", "confidence", "agesFrom", "usual"] },
});

export const setTrustRules = defineOperation({
  name: "catalog.trust.set",
  summary: "Change how far a source is trusted, a threshold, or how often people are asked.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "PATCH", path: "/api/v1/trust" },
  input: z.object({
    source: z.string().max(100).optional().describe("Id of a source, or person"),
    halfLifeDays: z.coerce.number().positive().max(36_500).optional(),
    confidence: z.coerce.number().min(0).max(1).optional(),
    agesFrom: z.enum(["saying", "reading"]).optional(),
    property: Property.optional(),
    threshold: z.coerce.number().min(0).max(1).optional().describe("0: never asked about"),
    questionsPerWeek: z.coerce.number().int().min(0).max(1_000).optional().describe("For one person, at most"),
    daysBetween: z.coerce.number().int().min(1).max(3_650).optional().describe("Between two questions about the same fact, at least"),
  }),
  output: TrustRules,
});

export const Question = z.object({
  id: z.string(),
  ref: z.string(),
  title: z.string().optional(),
  property: z.string(),
  value: z.unknown().optional(),
  /** When it was asked. */
  trust: Trust,
  askedAt: z.iso.datetime(),
  person: z.string(),
});
export type Question = z.infer<typeof Question>;

export const listQuestions = defineOperation({
  name: "catalog.question.list",
  summary: "List the facts that went stale and that you are asked about; catalog.fact.confirm answers.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/questions" },
  input: PageInput,
  output: pageOf(Question),
  cli: { columns: ["ref", "property", "value", "trust", "askedAt"] },
});

export const askQuestions = defineOperation({
  name: "catalog.question.ask",
  summary: "Look for stale facts now and ask their owners, within the limits; it happens by itself every hour.",
  scope: "catalog:admin",
  risk: "low",
  http: { method: "POST", path: "/api/v1/questions" },
  input: z.object({}),
  output: z.object({
    asked: z.number().int(),
    stale: z.number().int(),
    unasked: z.number().int().describe("Stale facts that nobody can be asked about now"),
  }),
});

const FactEvent = z.object({ ref: z.string(), property: z.string(), actor: z.string() });

export const factSet = defineEvent({
  name: "catalog.fact.set",
  summary: "A person set, unlocked or cleared a field of an entity.",
  payload: FactEvent,
});
export const factLocked = defineEvent({
  name: "catalog.fact.locked",
  summary: "A person locked a field of an entity.",
  payload: FactEvent,
});
export const factConfirmed = defineEvent({
  name: "catalog.fact.confirmed",
  summary: "A person said whether a field of an entity is still right.",
  payload: FactEvent.extend({ correct: z.boolean() }),
});
export const questionAsked = defineEvent({
  name: "catalog.question.asked",
  summary: "A person was asked whether a stale fact is still right.",
  payload: z.object({ id: z.string(), ref: z.string(), property: z.string(), person: z.string() }),
});

/** What the platform can do here. */
export const operations = [
  listFacts,
  setFact,
  lockFact,
  unlockFact,
  clearFact,
  confirmFact,
  proposeFact,
  listPrecedence,
  setPrecedence,
  getTrustRules,
  setTrustRules,
  listQuestions,
  askQuestions,
] as const;
