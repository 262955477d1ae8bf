import { UnavailableError } from "@roadbed/core";

import { record, textOf } from "../lib/git-host.ts";

const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/** Asks a GraphQL endpoint for its types. */
export const INTROSPECTION = `query Introspection { __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types { kind name description
    fields(includeDeprecated: true) { name description isDeprecated args { name defaultValue type { ${TYPE} } } type { ${TYPE} } }
    inputFields { name defaultValue type { ${TYPE} } }
    interfaces { name } possibleTypes { name } enumValues(includeDeprecated: true) { name isDeprecated } } } }`;

const BUILT_IN = new Set(["String", "Int", "Float", "Boolean", "ID"]);

/** The schema as text (SDL). Throws `UnavailableError` for an answer that is none, e.g. because introspection is turned off. */
export function printIntrospection(body: unknown): string {
  const schema = record(record(record(body)["data"])["__schema"]);
  const types = listOf(schema["types"]).filter(({ name }) => typeof name === "string" && !name.startsWith("__") && !BUILT_IN.has(name));
  if (types.length === 0) {
    const said = textOf(listOf(record(body)["errors"])[0]?.["message"]);
    throw new UnavailableError(`The endpoint answers no schema${said === undefined ? "." : `: ${said}`}`, {
      mend: "Turn introspection on for it, or give the address of its SDL among the documents.",
    });
  }
  const roots = (["query", "mutation", "subscription"] as const).flatMap((root) => {
    const name = textOf(record(schema[`${root}Type`])["name"]);
    return name === undefined ? [] : [`  ${root}: ${name}`];
  });
  return `${[`schema {\n${roots.join("\n")}\n}`, ...types.map(printType).sort()].join("\n\n")}\n`;
}

type Item = Readonly<Record<string, unknown>>;

function listOf(value: unknown): Item[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function printType(type: Item): string {
  const name = String(type["name"]);
  const words = textOf(type["description"]);
  const head = words === undefined ? "" : `${JSON.stringify(words)}\n`;
  const names = (key: string): string[] => listOf(type[key]).map((one) => String(one["name"]));
  switch (type["kind"]) {
    case "SCALAR":
      return `${head}scalar ${name}`;
    case "UNION":
      return `${head}union ${name} = ${names("possibleTypes").join(" | ")}`;
    case "ENUM":
      return `${head}enum ${name} {\n${listOf(type["enumValues"])
        .map((one) => `  ${String(one["name"])}${deprecatedOf(one)}`)
        .join("\n")}\n}`;
    case "INPUT_OBJECT":
      return `${head}input ${name} {\n${listOf(type["inputFields"])
        .map((one) => `  ${printValue(one)}`)
        .join("\n")}\n}`;
    default: {
      const interfaces = names("interfaces");
      const word = type["kind"] === "INTERFACE" ? "interface" : "type";
      const does = interfaces.length === 0 ? "" : ` implements ${interfaces.join(" & ")}`;
      return `${head}${word} ${name}${does} {\n${listOf(type["fields"])
        .map((one) => `  ${printField(one)}`)
        .join("\n")}\n}`;
    }
  }
}

function printField(field: Item): string {
  const args = listOf(field["args"]).map(printValue);
  return `${String(field["name"])}${args.length === 0 ? "" : `(${args.join(", ")})`}: ${printRef(field["type"])}${deprecatedOf(field)}`;
}

function printValue(value: Item): string {
  const usual = textOf(value["defaultValue"]);
  return `${String(value["name"])}: ${printRef(value["type"])}${usual === undefined ? "" : ` = ${usual}`}`;
}

function printRef(value: unknown): string {
  const { kind, name, ofType } = record(value);
  if (kind === "NON_NULL") return `${printRef(ofType)}!`;
  if (kind === "LIST") return `[${printRef(ofType)}]`;
  return String(name);
}

function deprecatedOf(one: Item): string {
  return one["isDeprecated"] === true ? " @deprecated" : "";
}
