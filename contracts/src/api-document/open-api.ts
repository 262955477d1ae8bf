import { asList, asObject, asText, contentOf, deref, fieldsOf, toField, type Json } from "./schema.ts";

/** What people look for in a definition: of OpenAPI, and in the same shape of AsyncAPI, GraphQL and gRPC. */
export interface ApiDocument {
  readonly title: string;
  readonly version: string;
  readonly groups: readonly ApiGroup[];
}

export interface ApiGroup {
  readonly name: string;
  readonly description: string | undefined;
  readonly operations: readonly ApiOperation[];
}

export interface ApiOperation {
  readonly method: string;
  readonly path: string;
  readonly id: string | undefined;
  /** `catalog.entity.get`, where the document is one of Roadbed's own; what links lead to. */
  readonly name: string | undefined;
  readonly scope: string | undefined;
  readonly risk: string | undefined;
  readonly summary: string;
  readonly description: string | undefined;
  readonly deprecated: boolean;
  readonly parameters: readonly ApiField[];
  readonly body: readonly ApiField[];
  readonly responses: readonly ApiResponse[];
}

export interface ApiResponse {
  readonly status: string;
  readonly description: string;
  readonly fields: readonly ApiField[];
}

export interface ApiField {
  readonly name: string;
  readonly where: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string | undefined;
  readonly fallback: string | undefined;
  /** Bounds and forms in words: `1 to 500`, `at most 200 characters`. */
  readonly bounds: string | undefined;
  /** A value that shows its form. */
  readonly example: unknown;
  /** The fields inside, when it is an object or a list of objects. */
  readonly fields: readonly ApiField[];
}

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;

/** Reads the parts that people look for. Undefined when it is no OpenAPI document; parts that do not fit are left out. */
export function readOpenApi(document: unknown): ApiDocument | undefined {
  const root = asObject(document);
  if (typeof root["openapi"] !== "string" && typeof root["swagger"] !== "string") return undefined;
  const operations = Object.entries(asObject(root["paths"])).flatMap(([path, item]) => {
    const shared = asList(asObject(item)["parameters"]);
    return METHODS.flatMap((method) => {
      const operation = asObject(item)[method];
      return operation === undefined
        ? []
        : [{ tag: tagOf(asObject(operation), path), operation: readOperation(root, method, path, asObject(operation), shared) }];
    });
  });
  const info = asObject(root["info"]);
  const tags = new Map(asList(root["tags"]).map((tag) => [asText(asObject(tag)["name"]), asText(asObject(tag)["description"])]));
  return {
    title: asText(info["title"]) ?? "API",
    version: asText(info["version"]) ?? "",
    groups: [...Map.groupBy(operations, ({ tag }) => tag)].map(([name, list]) => ({
      name,
      description: tags.get(name),
      operations: list.map(({ operation }) => operation),
    })),
  };
}

/** What stands after `#` in a link to an operation. */
export function anchorOf({ name, id, method, path }: ApiOperation): string {
  return name ?? id ?? `${method.toLowerCase()}${path.replaceAll(/[^\w]+/g, "-")}`;
}

function readOperation(root: Json, method: string, path: string, operation: Json, shared: readonly unknown[]): ApiOperation {
  const parameters = [...shared, ...asList(operation["parameters"])].map((raw) => {
    const parameter = deref(root, raw);
    const schema = { ...deref(root, parameter["schema"]), ...(parameter["example"] !== undefined && { example: parameter["example"] }) };
    return toField(
      root,
      asText(parameter["name"]) ?? "",
      asText(parameter["in"]) ?? "",
      schema,
      parameter["required"] === true,
      asText(parameter["description"]),
    );
  });
  return {
    method: method.toUpperCase(),
    path,
    id: asText(operation["operationId"]),
    name: asText(operation["x-roadbed-operation"]),
    scope: asText(operation["x-roadbed-scope"]),
    risk: asText(operation["x-roadbed-risk"]),
    summary: asText(operation["summary"]) ?? asText(operation["operationId"]) ?? "",
    description: asText(operation["description"]),
    deprecated: operation["deprecated"] === true,
    parameters,
    body: readBody(root, deref(root, operation["requestBody"])),
    responses: Object.entries(asObject(operation["responses"])).map(([status, raw]) => {
      const response = deref(root, raw);
      return { status, description: asText(response["description"]) ?? "", fields: fieldsOf(root, contentOf(root, response), "answer") };
    }),
  };
}

/** The body's fields; an example of the whole body is spread over them. */
function readBody(root: Json, body: Json): readonly ApiField[] {
  const examples = asObject(asObject(asObject(body["content"])["application/json"])["example"]);
  return fieldsOf(root, contentOf(root, body), "body").map((field) =>
    examples[field.name] === undefined ? field : { ...field, example: examples[field.name] },
  );
}

function tagOf(operation: Json, path: string): string {
  return (
    asText(asList(operation["tags"])[0]) ??
    path.split("/").find((part) => part !== "" && part !== "api" && !/^v\d+$/.test(part) && !part.startsWith("{")) ??
    "other"
  );
}
