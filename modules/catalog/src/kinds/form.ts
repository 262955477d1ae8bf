import type { Field, KindRule } from "../entity/kinds.ts";
import { isRecord } from "../entity/validate-spec.ts";
import type { OwnKind } from "./compile-kind.ts";

type Schema = Record<string, unknown>;

/** The JSON Schema of a kind's `spec` with its relations as fields that pick entities: what a form is drawn from. */
export function formOf(rule: KindRule, own: OwnKind | undefined): Schema {
  const schema = own?.document.spec.schema ?? {};
  const relations = own?.document.spec.relations ?? {};
  const properties: Schema = {};
  const required = new Set<string>(Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []);
  for (const [name, field] of Object.entries(rule.spec)) {
    const { title, description } = relations[name] ?? {};
    const words = { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
    properties[name] = { ...schemaOf(field), ...words };
    if (field.required === true) required.add(name);
  }
  const own_ = isRecord(schema["properties"]) ? schema["properties"] : {};
  return { ...schema, type: "object", properties: { ...own_, ...properties }, ...(required.size === 0 ? {} : { required: [...required] }) };
}

function schemaOf({ type, relation }: Field): Schema {
  if (relation !== undefined) {
    const kinds = relation.targets ?? (relation.defaultKind === undefined ? undefined : [relation.defaultKind]);
    const pick: Schema = {
      type: "string",
      "ui:field": "EntityPicker",
      "ui:options": {
        ...(kinds === undefined ? {} : { catalogFilter: { kind: kinds } }),
        ...(relation.defaultKind === undefined ? {} : { defaultKind: relation.defaultKind }),
      },
    };
    return type === "refs" || type === "full-refs" ? { type: "array", items: pick } : pick;
  }
  if (type === "texts") return { type: "array", items: { type: "string" } };
  if (type === "text" || type === "text-or-placeholder") return { type: "string" };
  if (type === "objects" || type === "steps" || type === "remotes") return { type: "array", items: { type: "object" } };
  return type === "presence" ? { type: "string", enum: ["required", "optional"] } : { type: "object" };
}
