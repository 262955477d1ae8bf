import type { Fault } from "./fault.ts";

/** What a field of `spec` must be. */
export type FieldType =
  | "text"
  /** Text, or a placeholder that was left as it is because it points outside the source. */
  | "text-or-placeholder"
  | "texts"
  | "ref"
  /** A reference that has to name its kind. */
  | "full-ref"
  | "refs"
  | "full-refs"
  | "profile"
  | "presence"
  | "objects"
  | "steps"
  | "parameters"
  | "remotes"
  | "object";

export interface Field {
  readonly type: FieldType;
  readonly required?: boolean;
  /** May be an empty list: asked for so that nobody forgets it. */
  readonly relation?: Relation;
}

/** The relation that a field of references stands for, as seen from the entity that holds the field. */
export interface Relation {
  readonly type: string;
  /** Kind of a reference that names none; absent where it must. */
  readonly defaultKind?: string;
  /** The kinds (lower case) it may lead to; absent: any. */
  readonly targets?: readonly string[];
}

export interface KindRule {
  readonly apiVersions: readonly string[];
  readonly spec: Readonly<Record<string, Field>>;
  /** True where the envelope is enough and `spec` may be left out. */
  readonly specOptional?: boolean;
  /** What there is to say of `spec` beyond the fields. */
  readonly check?: (spec: Readonly<Record<string, unknown>>) => readonly Fault[];
}

const BACKSTAGE = ["backstage.io/v1alpha1", "backstage.io/v1beta1"];

const text: Field = { type: "text" };
const requiredText: Field = { type: "text", required: true };
const texts: Field = { type: "texts" };
const ref = (type: string, defaultKind: string): Field => ({ type: "ref", relation: { type, defaultKind } });
const refs = (type: string, defaultKind: string): Field => ({ type: "refs", relation: { type, defaultKind } });
const owner = ref("ownedBy", "group");
const requiredOwner: Field = { ...owner, required: true };
const system = ref("partOf", "system");
const dependsOn: Field = { type: "full-refs", relation: { type: "dependsOn" } };
const dependencyOf: Field = { type: "full-refs", relation: { type: "dependencyOf" } };

/** The kinds that are built in, with the fields of `spec` that have rules. Other fields are kept as they come. */
export const KINDS: Readonly<Record<string, KindRule>> = {
  Component: {
    apiVersions: BACKSTAGE,
    spec: {
      type: requiredText,
      lifecycle: requiredText,
      owner: requiredOwner,
      system,
      subcomponentOf: ref("partOf", "component"),
      providesApis: refs("providesApi", "api"),
      consumesApis: refs("consumesApi", "api"),
      dependsOn,
      dependencyOf,
    },
  },
  API: {
    apiVersions: BACKSTAGE,
    spec: {
      type: requiredText,
      lifecycle: requiredText,
      owner: requiredOwner,
      system,
      definition: { type: "text-or-placeholder", required: true },
    },
  },
  Resource: { apiVersions: BACKSTAGE, spec: { type: requiredText, owner: requiredOwner, system, dependsOn, dependencyOf } },
  System: { apiVersions: BACKSTAGE, spec: { owner: requiredOwner, domain: ref("partOf", "domain"), type: text } },
  Domain: { apiVersions: BACKSTAGE, spec: { owner: requiredOwner, subdomainOf: ref("partOf", "domain"), type: text } },
  Group: {
    apiVersions: BACKSTAGE,
    spec: {
      type: requiredText,
      children: { ...refs("parentOf", "group"), required: true },
      profile: { type: "profile" },
      parent: ref("childOf", "group"),
      members: refs("hasMember", "user"),
    },
  },
  User: { apiVersions: BACKSTAGE, spec: { memberOf: { ...refs("memberOf", "group"), required: true }, profile: { type: "profile" } } },
  Location: {
    apiVersions: BACKSTAGE,
    spec: { type: text, target: text, targets: texts, presence: { type: "presence" } },
  },
  Template: {
    apiVersions: ["scaffolder.backstage.io/v1beta3"],
    spec: {
      type: requiredText,
      steps: { type: "steps", required: true },
      owner,
      lifecycle: text,
      parameters: { type: "parameters" },
      presentation: { type: "object" },
      output: { type: "object" },
      secrets: { type: "object" },
      formDecorators: { type: "objects" },
      EXPERIMENTAL_recovery: { type: "object" },
    },
  },
  // A Template that promises more; what these promises must be is checked by whoever follows it.
  GoldenPath: {
    apiVersions: ["roadbed.dev/v1"],
    spec: {
      type: requiredText,
      steps: { type: "steps", required: true },
      owner,
      system,
      lifecycle: text,
      parameters: { type: "parameters" },
      output: { type: "object" },
      version: text,
      operation: text,
      appliesTo: { type: "object" },
      promises: { type: "object" },
      deprecation: { type: "object" },
      lifetime: { type: "object" },
      changelog: { type: "objects" },
      approvals: { type: "objects" },
    },
  },
  // What is in its spec is checked as a whole: kinds/compile-kind.ts.
  Kind: { apiVersions: ["roadbed.dev/v1"], spec: {}, specOptional: true },
  AiResource: {
    apiVersions: BACKSTAGE,
    spec: {
      type: requiredText,
      lifecycle: requiredText,
      owner: requiredOwner,
      system,
      dependsOn,
      disciplines: texts,
      categories: texts,
      agents: texts,
      allowedTools: texts,
      version: text,
      category: text,
      rationale: text,
      skills: texts,
      plugins: texts,
    },
  },
};

/** Fields of `spec` that its type asks for in addition, or instead. */
export function fieldsOf(kind: string, type: unknown, rule: KindRule | undefined = KINDS[kind]): Readonly<Record<string, Field>> {
  const spec = rule?.spec ?? {};
  if (kind === "API" && type === "mcp-server") {
    return { ...spec, definition: { type: "text-or-placeholder" }, remotes: { type: "remotes", required: true } };
  }
  if (kind !== "AiResource") return spec;
  const extra = AI_RESOURCE_EXTRAS[String(type)] ?? [];
  return extra.length === 0 ? spec : { ...spec, ...Object.fromEntries(extra.map((name) => [name, { ...spec[name]!, required: true }])) };
}

const AI_RESOURCE_EXTRAS: Readonly<Record<string, readonly string[]>> = {
  rule: ["category", "rationale"],
  plugin: ["skills"],
  marketplace: ["plugins"],
};

/** Kinds whose `type` is one of a closed list. */
export const CLOSED_TYPES: Readonly<Record<string, readonly string[]>> = { AiResource: ["skill", "rule", "plugin", "marketplace"] };
