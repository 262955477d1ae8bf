import { fieldsOf, inputJsonSchema, outputJsonSchema, type JsonSchema, type Operation } from "@roadbed/core";

import { errorResponses, PROBLEM_SCHEMA } from "./errors.ts";
import { exampleOf } from "./example.ts";
import { namedSchemas } from "./named-schemas.ts";

export interface OpenApiOptions {
  readonly version?: string;
}

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the operations: one path item each, schemas by reference where the contract names them. */
export function openapi(operations: readonly Operation[], { version = "0.1.0" }: OpenApiOptions = {}): Json {
  const components: Record<string, JsonSchema> = { Problem: PROBLEM_SCHEMA };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const { method, path } = operation.http;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation, components) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Roadbed",
      version,
      description: "Every operation of the platform. The command line, the MCP tools and the typed client are made from the same list.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    tags: tagsOf(operations),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A personal, service or agent token." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "roadbed_session",
          description: "The browser's session. Writes also need the header x-roadbed-csrf: 1 and an Origin of this server.",
        },
      },
    },
  };
}

function describe(operation: Operation, components: Record<string, JsonSchema>): Json {
  const input = hoist(inputJsonSchema(operation.input, { named: namedSchemas() }), components, "Input");
  const byQuery = operation.http.method === "GET" || operation.http.method === "DELETE";
  const inPath = pathFields(operation);
  const rest = Object.keys(fieldsOf(operation.input) ?? {}).filter((name) => !inPath.includes(name));
  const parameters = [
    ...inPath.map((name) => parameter("path", name, input)),
    ...(byQuery ? rest : []).map((name) => parameter("query", name, input)),
    ...(operation.risk === "read" ? [] : WRITE_HEADERS),
  ];
  return {
    operationId: operationIdOf(operation.name),
    summary: operation.summary.replace(/\.$/, ""),
    description: `${operation.summary} Needs the scope \`${operation.scope}\`. Risk: ${operation.risk}.`,
    tags: [moduleOf(operation.name)],
    "x-roadbed-operation": operation.name,
    "x-roadbed-scope": operation.scope,
    "x-roadbed-risk": operation.risk,
    ...(operation.public === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(byQuery ? {} : { requestBody: requestBody(input, rest) }),
    responses: {
      "200": {
        description: "Done.",
        content: { "application/json": { schema: hoist(outputJsonSchema(operation.output, { named: namedSchemas() }), components, "") } },
      },
      ...errorResponses(operation),
    },
  };
}

const WRITE_HEADERS: readonly Json[] = [
  {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    schema: { type: "string", maxLength: 200 },
    description: "The same key never does the same write twice; the first answer is given again.",
  },
  {
    name: "x-roadbed-reason",
    in: "header",
    required: false,
    schema: { type: "string" },
    description: "Why, for the audit log; percent-encoded.",
  },
];

function parameter(where: "path" | "query", name: string, input: JsonSchema): Json {
  const { description, ...schema } = propertiesOf(input)[name] ?? {};
  const example = exampleOf(name, schema);
  return {
    name,
    in: where,
    required: where === "path" || (requiredOf(input).includes(name) && !("default" in schema)),
    ...(description === undefined ? {} : { description }),
    schema,
    ...(schema["type"] === "array" ? { style: "form", explode: true } : {}),
    ...(example === undefined ? {} : { example }),
  };
}

function requestBody(input: JsonSchema, rest: readonly string[]): Json {
  const properties = Object.fromEntries(rest.map((name) => [name, propertiesOf(input)[name] ?? {}]));
  const required = requiredOf(input).filter((name) => rest.includes(name));
  const schema = { type: "object", properties, ...(required.length === 0 ? {} : { required }), additionalProperties: false };
  const example = Object.fromEntries(
    required.map((name) => [name, exampleOf(name, properties[name] ?? {})] as const).filter(([, value]) => value !== undefined),
  );
  const complete = required.length > 0 && Object.keys(example).length === required.length;
  return { required: required.length > 0, content: { "application/json": { schema, ...(complete ? { example } : {}) } } };
}

/** `catalog.entity.get` reads `catalogEntityGet`: a name that generated clients can use as it is. */
function operationIdOf(name: string): string {
  return name.replaceAll(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

function moduleOf(name: string): string {
  return name.split(".", 1)[0] ?? name;
}

function tagsOf(operations: readonly Operation[]): Json[] {
  return [...new Set(operations.map(({ name }) => moduleOf(name)))].map((name) => ({
    name,
    description: TAGS[name] ?? `Operations of ${name}.`,
  }));
}

const TAGS: Readonly<Record<string, string>> = {
  identity: "People, access tokens and the audit log.",
  catalog: "Entities, their relations, documentation, search, and the sources they come from.",
  standards: "Policies and the decisions made by them.",
  paths: "Golden paths, previews and runs.",
  delivery: "Environments, workloads, deployments and repositories.",
  telemetry: "Requests, errors, latencies, traces, logs, metrics and incidents.",
};

function pathFields({ http }: Operation): string[] {
  return [...http.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema["properties"] ?? {}) as Record<string, JsonSchema>;
}

function requiredOf(schema: JsonSchema): readonly string[] {
  return (schema["required"] ?? []) as readonly string[];
}

/** Moves `$defs` among the document's components and turns the references to them; inputs get names of their own. */
function hoist(schema: JsonSchema, components: Record<string, JsonSchema>, suffix: string): JsonSchema {
  const { $defs, ...rest } = schema as { $defs?: Record<string, JsonSchema> } & JsonSchema;
  for (const [name, definition] of Object.entries($defs ?? {})) {
    const { id: _, ...body } = definition;
    components[name + suffix] ??= turnReferences(body, suffix) as JsonSchema;
  }
  return turnReferences(rest, suffix) as JsonSchema;
}

function turnReferences(value: unknown, suffix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => turnReferences(item, suffix));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === "$ref" && typeof item === "string"
        ? [key, item.replace("#/$defs/", "#/components/schemas/") + suffix]
        : [key, turnReferences(item, suffix)],
    ),
  );
}
