import { KindDocument, type KindRelation } from "@roadbed/contracts/catalog/kinds";
import { examine } from "@roadbed/core";

import { defineProperty, defineRule, type Definer, type Definition } from "../derived/define.ts";
import { parseWay } from "../derived/path.ts";
import type { Fault } from "../entity/fault.ts";
import { KINDS, type Field, type KindRule } from "../entity/kinds.ts";
import { isApiVersion } from "../entity/patterns.ts";
import { RELATION_TYPES } from "../entity/relations.ts";
import { isRecord } from "../entity/validate-spec.ts";
import type { SchemaChecker } from "./check-schema.ts";

/** A kind that somebody defined, or what somebody added to a built-in one, ready to be used. */
export interface OwnKind {
  /** As entities write it. */
  readonly name: string;
  readonly isExtension: boolean;
  readonly document: KindDocument;
  readonly rule: KindRule;
  readonly definitions: readonly Definition[];
  /** Names of relations that it brings, each with its inverse. */
  readonly pairs: readonly (readonly [type: string, inverse: string])[];
  /** What does not fit any more since it was stored; those parts are left out. */
  readonly problems: readonly Fault[];
}

export interface CompileTools extends Omit<Definer, "isRelation"> {
  readonly schemas: SchemaChecker;
  /** The name on the other side of a relation that others define already. */
  inverseOf(type: string): string | undefined;
  /** What is stored is used as far as it can be. */
  readonly lenient?: boolean;
}

export const KIND_API_VERSION = "roadbed.dev/v1";
const MAX_CHARACTERS = 256_000;

/** Everything that can be said of a kind's document without looking at the kinds it is to live with. */
export function compileKind(document: unknown, tools: CompileTools): { readonly kind?: OwnKind; readonly faults: readonly Fault[] } {
  if (JSON.stringify(document).length > MAX_CHARACTERS) {
    return { faults: [{ path: [], reason: `has more than ${MAX_CHARACTERS} characters`, mend: "Make it smaller." }] };
  }
  const { value: given, faults: misfits } = examine(KindDocument, document);
  if (misfits !== undefined) {
    return {
      faults: misfits.map(({ path, reason, mend }) => ({
        path: path.map(String),
        reason,
        mend: mend ?? "See the guide: define your own kinds.",
      })),
    };
  }
  const builtIn = Object.keys(KINDS).find((known) => known.toLowerCase() === given.metadata.name.toLowerCase());
  const name = builtIn ?? given.metadata.name;
  if (name === "Kind")
    return { faults: [{ path: ["metadata", "name"], reason: "Kind itself cannot be changed", mend: "Choose another name." }] };
  const faults: Fault[] = [];
  const pairs = collectPairs(given, tools, faults);
  const isRelation = (type: string): boolean =>
    RELATION_TYPES.includes(type as never) || tools.inverseOf(type) !== undefined || pairs.some((pair) => pair.includes(type));
  const definer: Definer = { checkExpression: tools.checkExpression, isRelation };
  const check = checkSchema(given, name, builtIn, tools, faults);
  checkFields(given, builtIn, faults);
  checkColumns(given, isRelation, faults);
  const definitions = collectDefinitions(given, name, definer, faults);
  if (faults.length > 0 && tools.lenient !== true) return { faults };
  const rule: KindRule = {
    apiVersions: builtIn === undefined ? (given.spec.apiVersions ?? [KIND_API_VERSION]) : KINDS[builtIn]!.apiVersions,
    spec: { ...(builtIn === undefined ? {} : KINDS[builtIn]!.spec), ...relationFields(given.spec.relations ?? {}) },
    // Nothing that must be there: then there need be no spec.
    specOptional: builtIn === undefined && !hasRequired(given),
    ...(check === undefined ? {} : { check }),
  };
  return { faults, kind: { name, isExtension: builtIn !== undefined, document: given, rule, definitions, pairs, problems: faults } };
}

function hasRequired({ spec }: KindDocument): boolean {
  const required = spec.schema?.["required"];
  return (Array.isArray(required) && required.length > 0) || Object.values(spec.relations ?? {}).some((relation) => relation.required);
}

/** The relations that its fields and rules name, with their inverses; built-in ones are left out. */
function collectPairs(given: KindDocument, tools: CompileTools, faults: Fault[]): [string, string][] {
  const pairs: [string, string][] = [];
  const named = [
    ...Object.entries(given.spec.relations ?? {}).map(([field, one]) => ({ path: ["spec", "relations", field], ...one })),
    ...Object.entries(given.spec.rules ?? {}).map(([rule, one]) => ({ path: ["spec", "rules", rule], ...one })),
  ];
  for (const { path, type, inverse } of named) {
    const code = RELATION_TYPES.indexOf(type as never);
    const known =
      code >= 0
        ? RELATION_TYPES[code ^ 1]!
        : (tools.inverseOf(type) ?? pairs.find((pair) => pair.includes(type))?.find((one) => one !== type));
    if (known !== undefined) {
      if (inverse !== undefined && inverse !== known) {
        faults.push({
          path: [...path, "inverse"],
          reason: `the inverse of ${type} is ${known}, not ${inverse}`,
          mend: `Write ${known}, leave it out, or use another type.`,
        });
      } else if (code < 0) pairs.push([type, known]);
      continue;
    }
    if (inverse === undefined) {
      faults.push({
        path: [...path, "inverse"],
        reason: `is missing: ${type} is a new relation`,
        mend: "Say what it is called from the other end, e.g. hosts.",
      });
    } else if (inverse.toLowerCase() === type.toLowerCase()) {
      faults.push({
        path: [...path, "inverse"],
        reason: "must be another word than the type",
        mend: "Say what it is called from the other end.",
      });
    } else if (RELATION_TYPES.includes(inverse as never) || tools.inverseOf(inverse) !== undefined) {
      const other = tools.inverseOf(inverse) ?? RELATION_TYPES[RELATION_TYPES.indexOf(inverse as never) ^ 1]!;
      faults.push({
        path: [...path, "inverse"],
        reason: `${inverse} is the inverse of ${other} already`,
        mend: `Use the type ${other}, or another word.`,
      });
    } else pairs.push([type, inverse]);
  }
  return pairs;
}

const EXTENSION_KEYWORDS = new Set(["$schema", "type", "title", "description", "properties", "$defs"]);

function checkSchema(
  given: KindDocument,
  name: string,
  builtIn: string | undefined,
  tools: CompileTools,
  faults: Fault[],
): KindRule["check"] {
  const { schema } = given.spec;
  if (!schema) return undefined;
  if (builtIn !== undefined) {
    for (const key of Object.keys(schema)) {
      if (EXTENSION_KEYWORDS.has(key)) continue;
      const reason = `${builtIn} is built in: only optional fields can be added`;
      faults.push({ path: ["spec", "schema", key], reason, mend: "Use properties alone; ask for more with a policy." });
    }
  }
  const { faults: wrong, check } = tools.schemas.compile(schema, name);
  faults.push(...wrong);
  const relations = Object.keys(given.spec.relations ?? {});
  if (!check || relations.length === 0) return check;
  // The fields of relations are checked as such: a closed schema need not name them.
  return (spec) => check(Object.fromEntries(Object.entries(spec).filter(([key]) => !relations.includes(key))));
}

function checkFields(given: KindDocument, builtIn: string | undefined, faults: Fault[]): void {
  const properties = isRecord(given.spec.schema?.["properties"]) ? Object.keys(given.spec.schema["properties"]) : [];
  const required = Array.isArray(given.spec.schema?.["required"]) ? (given.spec.schema["required"] as unknown[]) : [];
  for (const [field, relation] of Object.entries(given.spec.relations ?? {})) {
    const path = ["spec", "relations", field];
    if (properties.includes(field)) faults.push({ path, reason: "is a property of the schema too", mend: "Keep one of them." });
    if (required.includes(field)) faults.push({ path, reason: "is required by the schema", mend: "Write required: true in the relation." });
    if (builtIn !== undefined && relation.required) {
      faults.push({
        path: [...path, "required"],
        reason: `${builtIn} is built in: only optional fields can be added`,
        mend: "Leave it out.",
      });
    }
  }
  if (builtIn === undefined) {
    for (const [at, version] of (given.spec.apiVersions ?? []).entries()) {
      if (!isApiVersion(version))
        faults.push({
          path: ["spec", "apiVersions", at],
          reason: `"${version}" is not an API version`,
          mend: "Write e.g. example.com/v1.",
        });
    }
    return;
  }
  if (given.spec.apiVersions)
    faults.push({ path: ["spec", "apiVersions"], reason: `${builtIn} is built in and has its own`, mend: "Leave it out." });
  for (const field of [...properties, ...Object.keys(given.spec.relations ?? {})]) {
    if (!Object.hasOwn(KINDS[builtIn]!.spec, field)) continue;
    const path = ["spec", properties.includes(field) ? "schema" : "relations", field];
    faults.push({ path, reason: `${field} is a field of ${builtIn} already`, mend: "Choose another name." });
  }
}

function checkColumns(given: KindDocument, isRelation: (type: string) => boolean, faults: Fault[]): void {
  for (const [at, column] of (given.spec.columns ?? []).entries()) {
    const [, type] = /^relations\.(.+)$/.exec(column) ?? [];
    const way = type === undefined ? parseWay(column, () => false) : undefined;
    const wrong = type === undefined ? way && "wrong" in way : !isRelation(type);
    if (!wrong) continue;
    const mend = "Use metadata., spec. or derived. and a field, or relations. and a relation.";
    faults.push({ path: ["spec", "columns", at], reason: `"${column}" is not a column`, mend });
  }
}

function collectDefinitions(given: KindDocument, name: string, definer: Definer, faults: Fault[]): Definition[] {
  const definitions: Definition[] = [];
  const names = new Set<string>();
  for (const [property, one] of Object.entries(given.spec.derived ?? {})) {
    if (names.has(property.toLowerCase())) {
      faults.push({ path: ["spec", "derived", property], reason: "is there twice, but for capitals", mend: "Choose another name." });
    }
    names.add(property.toLowerCase());
    const defined = defineProperty(name, property, one, definer);
    if (Array.isArray(defined)) definitions.push(...defined);
    else faults.push(defined as Fault);
  }
  for (const [rule, one] of Object.entries(given.spec.rules ?? {})) {
    const defined = defineRule(name, rule, one, definer);
    if ("sort" in defined) definitions.push(defined);
    else faults.push(defined);
  }
  return definitions;
}

function relationFields(relations: Readonly<Record<string, KindRelation>>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(relations).map(([field, { type, target, many, required }]): [string, Field] => {
      const targets = target?.map((kind) => kind.toLowerCase());
      const defaultKind = targets?.length === 1 ? targets[0] : undefined;
      const relation = { type, ...(defaultKind === undefined ? {} : { defaultKind }), ...(targets === undefined ? {} : { targets }) };
      return [field, { type: many ? "refs" : "ref", relation, ...(required ? { required } : {}) }];
    }),
  );
}
