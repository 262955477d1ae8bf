import type { ApiDocument, ApiField, ApiGroup, ApiOperation } from "@roadbed/contracts/api-document/open-api";
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";

/** Throws the library's error, with its line, when the text is no schema. */
export function parseGraphQl(text: string): GraphQLSchema {
  return buildSchema(text, { assumeValidSDL: false });
}

/** Queries, mutations and subscriptions as operations; what they take as body, what they give as answer. */
export function readGraphQl(text: string): ApiDocument {
  const schema = parseGraphQl(text);
  const roots = [
    ["QUERY", "Queries", schema.getQueryType()],
    ["MUTATION", "Mutations", schema.getMutationType()],
    ["SUBSCRIPTION", "Subscriptions", schema.getSubscriptionType()],
  ] as const;
  const groups = roots.flatMap(([method, name, type]): ApiGroup[] =>
    type ? [{ name, description: undefined, operations: Object.values(type.getFields()).map((field) => toOperation(method, field)) }] : [],
  );
  return { title: "GraphQL schema", version: "", groups };
}

function toOperation(method: string, field: GraphQLField<unknown, unknown>): ApiOperation {
  return {
    method,
    path: field.name,
    id: field.name,
    name: undefined,
    scope: undefined,
    risk: undefined,
    summary: field.description?.split("\n", 1)[0] ?? "",
    description: [field.description, deprecation(field.deprecationReason)].filter(Boolean).join("\n\n") || undefined,
    deprecated: field.deprecationReason != null,
    parameters: field.args.map(inputField),
    body: [],
    responses: [{ status: "200", description: String(field.type), fields: outputFields(getNamedType(field.type), 0) }],
  };
}

const DEEP = 3;

function inputField(input: GraphQLArgument | GraphQLInputField): ApiField {
  const required = "args" in input ? false : isArgument(input) ? isRequiredArgument(input) : isRequiredInputField(input);
  return fieldOf(input.name, String(input.type), required, input.description, inputFields(getNamedType(input.type), 0));
}

function isArgument(input: GraphQLArgument | GraphQLInputField): input is GraphQLArgument {
  return !("parentType" in input && isInputObjectType((input as { parentType?: unknown }).parentType));
}

function inputFields(type: GraphQLNamedType, depth: number): readonly ApiField[] {
  if (isEnumType(type)) return enumFields(type.getValues());
  if (depth >= DEEP || !isInputObjectType(type)) return [];
  return Object.values(type.getFields()).map((field) =>
    fieldOf(
      field.name,
      String(field.type),
      isRequiredInputField(field),
      field.description,
      inputFields(getNamedType(field.type), depth + 1),
    ),
  );
}

function outputFields(type: GraphQLNamedType, depth: number): readonly ApiField[] {
  if (isEnumType(type)) return enumFields(type.getValues());
  if (depth >= DEEP || !isObjectType(type)) return [];
  return Object.values(type.getFields()).map((field) =>
    fieldOf(
      field.name,
      String(field.type),
      String(field.type).endsWith("!"),
      field.description,
      outputFields(getNamedType(field.type), depth + 1),
    ),
  );
}

function enumFields(values: readonly { readonly name: string; readonly description?: string | null | undefined }[]): readonly ApiField[] {
  return values.map(({ name, description }) => fieldOf(name, "value", false, description, []));
}

function fieldOf(
  name: string,
  type: string,
  required: boolean,
  description: string | null | undefined,
  fields: readonly ApiField[],
): ApiField {
  return {
    name,
    where: "field",
    type,
    required,
    description: description ?? undefined,
    fallback: undefined,
    bounds: undefined,
    example: undefined,
    fields,
  };
}

function deprecation(reason: string | null | undefined): string | undefined {
  return reason == null ? undefined : `Deprecated: ${reason}`;
}
